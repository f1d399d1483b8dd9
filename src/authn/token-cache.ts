/** Remembers tokens that were verified, so that each is verified once and not at every request. */
import { hashOfToken, type VerifiedToken } from './token.ts'

/** Seconds after which a remembered token is verified anew, so that a key that was withdrawn stops counting. Ours. */
export const MAX_REMEMBERED = 300

export interface TokenCache {
  readonly get: (text: string, now: number) => VerifiedToken | null
  /** remembers it until it ends, but no longer than `seconds` */
  readonly put: (text: string, token: VerifiedToken, now: number, seconds?: number) => void
  /** forgets all that the test holds for */
  readonly forget: (revoked: (token: VerifiedToken) => boolean) => void
}

/** Keeps at most `limit` tokens by the hash of the whole token; the one unused longest goes first. Times are seconds. */
export function createTokenCache(limit: number): TokenCache {
  const kept = new Map<string, { readonly token: VerifiedToken; readonly until: number }>()
  return {
    get(text, now) {
      const hash = hashOfToken(text)
      const found = kept.get(hash)
      if (found === undefined) return null
      kept.delete(hash)
      if (now >= found.until) return null
      kept.set(hash, found)
      return found.token
    },
    put(text, token, now, seconds = MAX_REMEMBERED) {
      const until = Math.min(token.expiresAt, now + Math.min(seconds, MAX_REMEMBERED))
      if (until <= now) return
      kept.set(hashOfToken(text), { token, until })
      if (kept.size > limit) kept.delete(kept.keys().next().value!)
    },
    forget(revoked) {
      for (const [hash, { token }] of kept) if (revoked(token)) kept.delete(hash)
    },
  }
}
