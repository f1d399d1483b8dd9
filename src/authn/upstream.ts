/**
 * A sign-in at another provider as a proof here. Whose it is says an explicit link of issuer and subject, and nothing else: a mail address in
 * a token is whatever its holder wrote there. What it proves says the table of that issuer; whatever the table does not know is nothing.
 */
import { createHash } from 'node:crypto'
import { presentedBy } from '#decision/evidence.ts'
import type { DecisionSettings } from '#decision/settings.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import type { Compare } from './ceremony.ts'
import { evidenceOf } from './evidence.ts'
import type { Identifier } from './stores.ts'
import type { VerifiedToken } from './token.ts'

/** What another provider said of a sign-in, and what that is worth here. Times are seconds since 1970. */
export interface UpstreamProof {
  readonly issuer: string
  /** canonical name of the link, see {@link upstreamName} */
  readonly link: string
  readonly acr: string | null
  readonly amr: readonly string[]
  readonly authTime: number
  /** `sid` there; null where it says none */
  readonly session: string | null
  /** `iat` of the ID token: what was ended there later ended this too */
  readonly issuedAt: number
  /** by the table of the issuer, and no more than the link is worth */
  readonly strength: Strength
  /** whether it rests on what can be relayed */
  readonly code: boolean
}

/** One name for a subject of an issuer, compared as it is: the same subject of another issuer is somebody else. */
export const upstreamName = (issuer: string, subject: string): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url')

/** One name for a session there. */
export const upstreamSession = (issuer: string, session: string): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, 'sid', session]))
    .digest('base64url')

/** What an ID token proves of the account that it is linked to; null where that is nothing, or it does not say when its person was there. */
export function upstreamProof(
  token: VerifiedToken,
  { account, canonical, boundAtAal }: Pick<Identifier, 'account' | 'canonical' | 'boundAtAal'>,
  issuers: DecisionSettings['issuers'],
  now: number,
): Awaited<ReturnType<Compare>> {
  const seconds = Math.floor(now / 1000)
  const issuer = { ...token.issuer, subject: { claim: 'sub', prefix: '' } }
  const said = evidenceOf({ ...token, issuer }, null, seconds)
  if (said === null || said.authTime === null) return null
  const aal = ([0, 1, 2, 3] as const)[Math.min(3, Math.max(0, boundAtAal))]!
  const enrolled = said.boundAtAal === null || said.boundAtAal > aal ? aal : said.boundAtAal
  const evidence = { ...said, subject: account, boundAtAal: enrolled }
  const { strength, code } = presentedBy(evidence, account, { issuers }, seconds, issuer.skew)
  if (strength === 'none') return null
  // its clock may be ahead; nobody signed in later than now
  const authTime = Math.min(said.authTime, seconds)
  return {
    authenticator: null,
    channel: null,
    userVerified: false,
    keyClass: strength === 'hardware' ? 'hardware' : null,
    fips140Level: null,
    boundAtAal: enrolled,
    at: authTime * 1000,
    upstream: {
      issuer: issuer.issuer,
      link: canonical,
      acr: said.acr,
      amr: said.amr,
      authTime,
      session: said.sessionId,
      issuedAt: token.claims.iat ?? seconds,
      strength,
      code,
    },
  }
}

/** The most that an issuer can prove of a link: what its table has, as far as the link is worth that. */
export function mostOfUpstream(
  issuer: string,
  { boundAtAal }: Pick<Identifier, 'boundAtAal'>,
  issuers: DecisionSettings['issuers'],
): { readonly strength: Strength; readonly code: boolean } {
  const table = Object.hasOwn(issuers, issuer) ? issuers[issuer]! : { acr: {} }
  const words =
    'acr' in table
      ? Object.keys(table.acr).map((acr) => ({ acr, amr: [] as string[] }))
      : table.amr.map(({ all }) => ({ acr: null, amr: [...all] }))
  let most: { strength: Strength; code: boolean } = { strength: 'none', code: false }
  const aal = ([0, 1, 2, 3] as const)[Math.min(3, Math.max(0, boundAtAal))]!
  const session = {
    issuer,
    subject: 'it',
    client: null,
    sessionId: null,
    authTime: 0,
    startedAt: null,
    lastUsedAt: null,
    keyClass: null,
    boundAtAal: aal,
    senderConstrained: null,
  }
  for (const each of words) {
    const { strength, code } = presentedBy({ ...session, ...each }, 'it', { issuers }, 0, 0)
    const rank = STRENGTHS.indexOf(strength) - STRENGTHS.indexOf(most.strength)
    if (rank > 0 || (rank === 0 && most.code && !code)) most = { strength, code }
  }
  return most
}
