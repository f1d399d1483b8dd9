/**
 * For which interface a token is. A token for one must not open another (RFC 9068 §4, RFC 8707 §1): whoever runs the first gets
 * tokens of many people, and could use each of them at the second.
 */

/** What a door says of the tokens that it takes. */
export interface Door {
  /** the address that was called; null where nobody says it */
  readonly url: string | null
  /** audiences that the door takes, as it is configured or as the caller says; null where it leaves that to the address */
  readonly audiences: readonly string[] | null
}

/** Whether an audience says of which host it is: the address of an interface (RFC 8707 §2). */
export const namesHost = (audience: string): boolean => addressOf(audience) !== null

/**
 * Returns those of the known audiences whose tokens a door takes: those that it names; else those that are the address that was
 * called, or the nearest above it; else the only one there is, unless it names another host.
 */
export function audiencesAt(known: readonly string[], { url, audiences }: Door): readonly string[] {
  if (audiences !== null) return audiences
  const distinct = [...new Set(known)]
  const only = distinct.length === 1 ? distinct : []
  if (url === null) return only
  const covering = distinct.filter((audience) => covers(audience, url))
  const nearest = Math.max(...covering.map((audience) => segmentsOf(audience).length))
  if (covering.length > 0) return covering.filter((audience) => segmentsOf(audience).length === nearest)
  return only.filter((audience) => !namesHost(audience))
}

function addressOf(text: string): URL | null {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null
  return url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '' ? null : url
}

/** As applications read them: `%40` is `@`, and leads nowhere else. What cannot be decoded stays as it is. */
const segmentsOf = (address: string): string[] =>
  new URL(address).pathname
    .split('/')
    .filter((segment) => segment !== '')
    .map(decoded)

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function covers(audience: string, url: string): boolean {
  const named = addressOf(audience)
  if (named === null || !URL.canParse(url) || named.origin !== new URL(url).origin) return false
  const called = segmentsOf(url)
  return segmentsOf(audience).every((segment, i) => segment === called[i])
}
