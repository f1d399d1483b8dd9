/** Cookies of the gate (RFC 6265bis §4.1.3: prefixes that browsers hold to). */

export interface CookieNames {
  /** leads to the session; shared by the hosts behind the proxies */
  readonly session: string
  /** ties a browser to the sign-in that it was sent to */
  readonly attempt: string
}

export interface CookiePlace {
  /** whether this server is reached by https, as it always is but on the machine itself */
  readonly secure: boolean
  readonly domain: string | null
}

export const cookieNames = ({ secure, domain }: CookiePlace): CookieNames => ({
  session: !secure ? 'ambit_gate' : domain === null ? '__Host-ambit_gate' : '__Secure-ambit_gate',
  attempt: secure ? '__Host-ambit_attempt' : 'ambit_attempt',
})

/** The value of a cookie; null where there is none, or several, of which anyone could be somebody else's. */
export function cookieOf(header: string | undefined, name: string): string | null {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  const [value, second] = values
  return value !== undefined && second === undefined && /^[A-Za-z0-9_-]{1,200}$/.test(value) ? value : null
}

/** A `Set-Cookie` that lasts as long as the browser; the session's own end is kept by the server (63B-4 §5.1.1). */
export function sessionCookie(name: string, value: string, { secure, domain }: CookiePlace): string {
  const where = domain === null ? '' : `; Domain=${domain}`
  return `${name}=${value}; Path=/${where}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}

export const attemptCookie = (name: string, value: string, secure: boolean): string =>
  `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600${secure ? '; Secure' : ''}`
