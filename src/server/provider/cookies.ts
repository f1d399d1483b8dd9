/** The cookies of our own sessions and browsers. */
import { createHash } from 'node:crypto'
import { cookieOf } from '#server/cookies.ts'

/** `__Host-`: sent over TLS only, to this host only, for every path (RFC 6265bis §4.1.3.2). Browsers hold loopback to be secure. */
const SESSION_COOKIE = '__Host-ambit-session'
const BROWSER_COOKIE = '__Host-ambit-browser'

/** Seconds for which a browser keeps its handle; it opens nothing, it only tells the owner's browser from a stranger's. */
const BROWSER_SECONDS = 34_560_000 // 400 days, the most that browsers keep

const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax'

/** What the store knows a session or browser by: whoever reads the store cannot be either. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** The hash of the session token in a `Cookie` header; null where there is none, or more than one. */
export const sessionTokenOf = (header: string | undefined): string | null => hashedCookie(header, SESSION_COOKIE)

/** The hash of the browser's handle; null where there is none, or more than one. */
export const browserOf = (header: string | undefined): string | null => hashedCookie(header, BROWSER_COOKIE)

function hashedCookie(header: string | undefined, name: string): string | null {
  const value = cookieOf(header, name, /^[A-Za-z0-9_-]{43}$/)
  return value === null ? null : hashOf(value)
}

/** Gone with the browser's session; how long it is worth anything is the store's to say. */
export const sessionCookie = (token: string): string => `${SESSION_COOKIE}=${token}; ${attributes}`
export const endSessionCookie = (): string => `${SESSION_COOKIE}=; ${attributes}; Max-Age=0`
export const browserCookie = (handle: string): string =>
  `${BROWSER_COOKIE}=${handle}; ${attributes}; Max-Age=${BROWSER_SECONDS}`
