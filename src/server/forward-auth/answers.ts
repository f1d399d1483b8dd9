/** What each proxy is answered, so that it does with the answer what is meant. */
import type { Proxy } from './original.ts'

/** Headers of an allowed request that tell the application behind who asks; each is always sent, empty where not known. */
export const IDENTITY_HEADERS = [
  'remote-user',
  'remote-name',
  'remote-email',
  'remote-groups',
  'x-ambit-assertion',
  'x-ambit-decision',
] as const
export type Identity = Readonly<Record<(typeof IDENTITY_HEADERS)[number], string>>

export type Verdict =
  | { readonly kind: 'permit'; readonly identity: Identity }
  | {
      readonly kind: 'prove'
      /** a code for programs, such as `below_required` or `no_session` */
      readonly reason: string
      readonly text: string
      /** `WWW-Authenticate` */
      readonly challenge: string
      /** where a browser proves more; null where it cannot */
      readonly location: string | null
      /** nonce for the next DPoP proof; null where none is asked for */
      readonly nonce: string | null
    }
  | { readonly kind: 'deny'; readonly reason: string; readonly text: string }

/** Who is answered, as far as the request shows it. */
export interface Client {
  /** a person looks at the answer */
  readonly browser: boolean
  /** the request changes nothing, so that it may simply be made again */
  readonly safe: boolean
}

export interface HttpAnswer {
  readonly status: 200 | 302 | 401 | 403
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The answer. Only 200, 302, 401 and 403 are ever given, and nginx gets no 302, which it would turn into a 500: it takes the
 * `Location` of a 401. Nothing is a 5xx, which Envoy may be configured to let through. Identity goes with 200 alone:
 * Caddy and Traefik hand every header of a refusal to the client.
 */
export function answerOf(proxy: Proxy, verdict: Verdict, client: Client): HttpAnswer {
  if (verdict.kind === 'permit') return { status: 200, headers: verdict.identity, body: '' }
  const { reason, text } = verdict
  const told = { 'x-ambit-reason': reason }
  const page = (link: string | null) =>
    client.browser ? pageOf(link === null ? text : `${text} ${LOST}`, link) : json(reason, text, link)
  const type = { 'content-type': client.browser ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8' }
  if (verdict.kind === 'deny') return { status: 403, headers: { ...told, ...type }, body: page(null) }
  const { challenge, location, nonce } = verdict
  // RFC 9449 §8: an answer with a nonce must not be kept by caches
  const next = nonce === null ? {} : { 'dpop-nonce': nonce, 'cache-control': 'no-store' }
  const headers = { ...told, ...type, ...next, 'www-authenticate': challenge }
  if (location === null) return { status: 401, headers, body: page(null) }
  // nginx shows neither this body nor that of a redirect; the page behind the link says what was lost
  if (proxy === 'nginx')
    return { status: 401, headers: client.browser ? { ...headers, location } : headers, body: page(location) }
  if (client.browser && client.safe) return { status: 302, headers: { ...headers, location }, body: '' }
  // what was sent is lost on the way through a sign-in, and must be sent again by whoever sent it
  return { status: 401, headers, body: page(location) }
}

export const LOST = 'What you sent was not delivered. Confirm that it is you, then go back and send it again.'

/** A page of one sentence, and a link to go on where there is one. */
export function pageOf(text: string, link: string | null): string {
  const on = link === null ? '' : `<p><a href="${escaped(link)}">Confirm</a></p>`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Access</title><p>${escaped(text)}</p>${on}</html>\n`
}

const json = (error: string, message: string, link: string | null): string =>
  JSON.stringify({ error, message, ...(link === null ? {} : { confirm: link }) })

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char]!)

/** A value that stands in a header as it is; empty for any that would have to be altered, which the assertion still holds. */
export const asHeader = (value: unknown): string =>
  typeof value === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?$/.test(value) ? value : ''

/** Groups with commas between them; one that holds a comma could be read as two and is left out. */
export const asList = (values: unknown): string =>
  Array.isArray(values)
    ? asHeader(values.filter((each) => asHeader(each) !== '' && !String(each).includes(',')).join(','))
    : ''
