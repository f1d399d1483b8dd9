/** `WWW-Authenticate` challenges, written so that nothing in a value can end it, and read back. */

export type TokenScheme = 'Bearer' | 'DPoP'

/** A value that can stand in a quoted string and in a list separated by spaces (RFC 6750 §3: no quote, no backslash). */
export const isChallengeWord = (value: string): boolean => /^[\x21\x23-\x5B\x5D-\x7E]{1,500}$/.test(value)

/** Every parameter once, every value quoted; a realm where there is no other, since a scheme never stands alone (RFC 6750 §3). */
export function challenge(scheme: TokenScheme, parameters: Readonly<Record<string, string>>): string {
  const said = Object.entries(parameters).map(([name, value]) => {
    if (!/^[\x20\x21\x23-\x5B\x5D-\x7E]*$/.test(value)) throw new RangeError(`\`${name}\` cannot stand in a challenge`)
    return `${name}="${value}"`
  })
  return `${scheme} ${said.length === 0 ? 'realm="ambit"' : said.join(', ')}`
}

/** `max_age` is a whole number of seconds, not negative (OpenID Connect Core §3.1.2.1). */
export const maxAgeOf = (seconds: number): number => (seconds > 0 ? Math.min(Math.floor(seconds), 2 ** 31 - 1) : 0)
