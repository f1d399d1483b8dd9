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

/** A `Set-Cookie` that lasts as long as the browser; the session's own end is kept by the server (63B-4 §5.1.1). */
export function sessionCookie(name: string, value: string, { secure, domain }: CookiePlace): string {
  const where = domain === null ? '' : `; Domain=${domain}`
  return `${name}=${value}; Path=/${where}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}

export const attemptCookie = (name: string, value: string, secure: boolean): string =>
  `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600${secure ? '; Secure' : ''}`
