/** From a token in a request to the evidence of a session: verified, remembered, bound to its sender, not revoked. */
import { audiencesAt, type Door } from '#authn/audience.ts'
import { checkBinding, type Presentation } from '#authn/binding.ts'
import { evidenceOf } from '#authn/evidence.ts'
import { readIntrospection } from '#authn/introspection.ts'
import type { TrustedIssuer } from '#authn/issuer.ts'
import type { Replays } from '#authn/proof.ts'
import { refused, taken, type Checked } from '#authn/refusal.ts'
import { createTokenCache } from '#authn/token-cache.ts'
import { audiencesOf, isTokenText, looksLikeJwt, verifyToken, type VerifiedToken } from '#authn/token.ts'
import type { SessionEvidence } from '#contract/decision.ts'
import type { Clock } from '#lib/clock.ts'
import { jsonOf, type GuardedFetch } from '../guarded-fetch.ts'
import { authenticateClient, type OwnClient } from './client-authentication.ts'
import type { Providers } from './providers.ts'

/** An issuer, and how it is asked about tokens. */
export interface SessionIssuer {
  readonly trusted: TrustedIssuer
  /** `opaque`: tokens that are no JWT are asked about; `all`: JWTs too, so that revocations are seen */
  readonly introspection: 'never' | 'opaque' | 'all'
  readonly client: OwnClient | null
}

/** Seconds for which an answer to an introspection is taken; a revocation is seen no later. Ours. */
const INTROSPECTION_SECONDS = 30

/** A session that a request showed. */
export interface ShownSession {
  readonly evidence: SessionEvidence
  readonly token: VerifiedToken
  /** whether the client said that it can handle claims challenges (Microsoft Entra: `xms_cc` holds `cp1`) */
  readonly takesClaimsChallenges: boolean
}

/** The request that a token came with. */
export interface ShownAt extends Door {
  readonly method: string
  /** nonces of which a DPoP proof must hold one; null where none is asked for (RFC 9449 §9) */
  readonly nonces: readonly string[] | null
}

export interface SessionTokens {
  /** the session of a token that came with a request, at a door that takes tokens for it */
  readonly show: (text: string, how: Presentation, at: ShownAt) => Promise<Checked<ShownSession>>
  /** the token itself, whoever sends it: for ID tokens that we fetched ourselves */
  readonly verify: (text: string) => Promise<Checked<VerifiedToken>>
  readonly forget: (revoked: (token: VerifiedToken) => boolean) => void
}

export interface SessionTokenParts {
  readonly issuers: readonly SessionIssuer[]
  readonly providers: Providers
  readonly fetch: GuardedFetch
  readonly replays: Replays
  readonly clock: Clock
  /** tokens remembered */
  readonly remembered: number
  /** whether the session or subject of a token was cut off; asked at every use */
  readonly isRevoked: (token: VerifiedToken) => boolean | Promise<boolean>
}

export function sessionTokens(parts: SessionTokenParts): SessionTokens {
  const { issuers, providers, clock, replays, isRevoked } = parts
  const cache = createTokenCache(parts.remembered)
  const verifier = { issuers: issuers.map(({ trusted }) => trusted), keys: providers }
  const audiences = issuers.flatMap(({ trusted }) => trusted.audiences)
  // an opaque token does not say whose it is; it is shown to one issuer only, for any other could use it
  const opaque = issuers.find(({ introspection }) => introspection !== 'never') ?? null

  async function verify(text: string): Promise<Checked<VerifiedToken>> {
    const verified = await known(text)
    return verified.ok && (await isRevoked(verified.value)) ? refused('revoked') : verified
  }

  async function known(text: string): Promise<Checked<VerifiedToken>> {
    if (!isTokenText(text)) return refused('malformed')
    const now = clock()
    const kept = cache.get(text, now / 1000)
    if (kept !== null) return taken(kept)
    if (!looksLikeJwt(text))
      return opaque === null ? refused('malformed') : remember(text, await ask(text, opaque, parts))
    const signed = await verifyToken(text, verifier, now)
    if (!signed.ok) return signed
    const issuer = issuers.find(({ trusted }) => trusted === signed.value.issuer)
    if (issuer?.introspection !== 'all' || signed.value.use === 'id') return remember(text, signed)
    const active = await ask(text, issuer, parts)
    // the token's own claims count; its issuer only says whether it still stands
    return active.ok ? remember(text, signed, INTROSPECTION_SECONDS) : active
  }

  function remember(text: string, checked: Checked<VerifiedToken>, seconds?: number): Checked<VerifiedToken> {
    const wait = seconds ?? (looksLikeJwt(text) ? undefined : INTROSPECTION_SECONDS)
    if (checked.ok) cache.put(text, checked.value, clock() / 1000, wait)
    return checked
  }

  return {
    verify,
    forget: cache.forget,
    async show(text, how, at) {
      const verified = await verify(text)
      if (!verified.ok) return verified
      const token = verified.value
      // an ID token tells a client who signed in; it is no key to anything (RFC 8725 §2.8)
      if (token.use === 'id') return refused('type_refused')
      // an issuer is trusted for its own audiences only, whatever else it names
      const takes = audiencesAt(audiences, at).filter((each) => token.issuer.audiences.includes(each))
      if (!audiencesOf(token.claims).some((each) => takes.includes(each))) return refused('audience_refused')
      const now = Math.floor(clock() / 1000)
      const { nonces } = at
      const nonce = nonces === null ? null : (held: string) => nonces.includes(held)
      const bound = await checkBinding(
        token.binding,
        how,
        { method: at.method, url: at.url ?? '', token: text, nonce, now },
        replays,
      )
      if (!bound.ok) return bound
      const evidence = evidenceOf(token, bound.value, now)
      if (evidence === null) return refused('claim_missing')
      return taken({ evidence, token, takesClaimsChallenges: saysCapable(token) })
    },
  }
}

function saysCapable({ claims }: VerifiedToken): boolean {
  const { xms_cc: capabilities } = claims
  return Array.isArray(capabilities) && capabilities.some((each) => each === 'cp1')
}

/** Asks the issuer about a token (RFC 7662 §2.1). */
async function ask(text: string, issuer: SessionIssuer, parts: SessionTokenParts): Promise<Checked<VerifiedToken>> {
  const { providers, fetch, clock } = parts
  try {
    const endpoint = (await providers.metadata(issuer.trusted.issuer))?.introspection
    if (endpoint == null || issuer.client === null) return refused('introspection_unavailable')
    const form = new URLSearchParams({ token: text, token_type_hint: 'access_token' })
    const now = Math.floor(clock() / 1000)
    const headers = await authenticateClient(issuer.client, form, issuer.trusted.issuer, now)
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await fetch(endpoint, { method: 'POST', headers: { ...headers, ...type }, body: form.toString() })
    return readIntrospection(jsonOf(answer), issuer.trusted, now)
  } catch {
    return refused('introspection_unavailable')
  }
}
