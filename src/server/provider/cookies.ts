/** The cookies of our own sessions and browsers. */
import { createHash } from 'node:crypto'
import { cookieOf } from '#server/cookies.ts'

/** `__Host-`: sent over TLS only, to this host only, for every path (RFC 6265bis §4.1.3.2). Browsers hold loopback to be secure. */
const SESSION_COOKIE = '__Host-ambit-session'
const BROWSER_COOKIE = '__Host-ambit-browser'
/** Beside the session's, where that is bound to a key of the browser. */
export const BOUND_COOKIE = '__Host-ambit-bound'

/** Seconds for which a browser keeps its handle; it opens nothing, it only tells the owner's browser from a stranger's. */
const BROWSER_SECONDS = 34_560_000 // 400 days, the most that browsers keep

export const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax'

/** What the store knows a session or browser by: whoever reads the store cannot be either. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** The hash of the session token in a `Cookie` header; null where there is none, or more than one. */
export const sessionTokenOf = (header: string | undefined): string | null => hashedCookie(header, SESSION_COOKIE)

/** The hash of the browser's handle; null where there is none, or more than one. */
export const browserOf = (header: string | undefined): string | null => hashedCookie(header, BROWSER_COOKIE)

/** What the short cookie of a bound session holds; null where there is none, or more than one. */
export const boundOf = (header: string | undefined): string | null =>
  cookieOf(header, BOUND_COOKIE, /^[A-Za-z0-9._-]{1,200}$/)

function hashedCookie(header: string | undefined, name: string): string | null {
  const value = cookieOf(header, name, /^[A-Za-z0-9_-]{43}$/)
  return value === null ? null : hashOf(value)
}

/** Gone with the browser's session; how long it is worth anything is the store's to say. */
export const sessionCookie = (token: string): string => `${SESSION_COOKIE}=${token}; ${attributes}`
export const endSessionCookie = (): string => `${SESSION_COOKIE}=; ${attributes}; Max-Age=0`
export const boundCookie = (value: string, seconds: number): string =>
  `${BOUND_COOKIE}=${value}; ${attributes}; Max-Age=${seconds}`
export const browserCookie = (handle: string): string =>
  `${BROWSER_COOKIE}=${handle}; ${attributes}; Max-Age=${BROWSER_SECONDS}`
