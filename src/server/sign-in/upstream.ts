/** Signing in at another provider, and linking somebody there to an account here. */
import { rankOf } from '#assurance/strength.ts'
import { attempt, type Attempt, type Outcome } from '#authn/ceremony.ts'
import { nobodys } from '#authn/identifiers.ts'
import type { Proof } from '#authn/session.ts'
import type { Identifier } from '#authn/stores.ts'
import type { VerifiedToken } from '#authn/token.ts'
import { mostOfUpstream, upstreamName, upstreamProof } from '#authn/upstream.ts'
import type { Upstream } from '#authn/ways.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import { namesOf } from '#decision/decide.ts'
import type { DecisionSettings } from '#decision/settings.ts'
import { stepUpParameters } from '#decision/step-up-answer.ts'
import { beginFlow, type CodeFlowParts } from '#server/gate/code-flow.ts'
import type { SessionIssuer } from '#server/gate/session-tokens.ts'
import type { UpstreamSessionStore } from '#storage/upstream-sessions.ts'
import type { PeopleParts } from './parts.ts'

export interface UpstreamProvider {
  /** stands in its redirect URI, which is its own: an answer of one is never taken at that of another */
  readonly id: string
  /** what people are told it is called */
  readonly name: string
  readonly issuer: SessionIssuer
}

export interface Upstreams {
  readonly list: readonly UpstreamProvider[]
  /** how what each proves is read */
  readonly issuers: DecisionSettings['issuers']
  readonly flow: CodeFlowParts
  readonly sessions: UpstreamSessionStore
}

/** Why somebody was sent there; kept here, under the state. */
export type Errand =
  | {
      readonly to: 'sign_in'
      readonly uid: string
      /** what the application is for */
      readonly access: Attempt['access']
      readonly maxAge: number
      readonly since: number | null
    }
  | { readonly to: 'link'; readonly session: string; readonly maxAge: number; readonly since: number }
  /** linked by a pass, under the leave that it gave */
  | { readonly to: 'enrol'; readonly leave: string; readonly maxAge: number; readonly since: number }

/** Seconds that a sign-in there may be old where nobody asks for less: as long as a session of hardware (SP 800-63B-4 §2.3.3). */
const LONGEST_AGE = 43_200
/** Sign-ins there within one sign-in here: one that says who it is, and one that asks for what was missing. */
const TRIES = 2

export const upstreamPath = (id: string): string => `/upstream/${id}`

/** Origins that forms which lead there end at: browsers hold redirects after a form to them. */
export async function upstreamOrigins({ upstreams }: Pick<PeopleParts, 'upstreams'>): Promise<string[]> {
  const found = await Promise.all(
    upstreams.list.map(({ issuer }) => upstreams.flow.gate.providers.metadata(issuer.trusted.issuer)),
  )
  return found.flatMap((each) => (each?.authorization == null ? [] : [new URL(each.authorization).origin]))
}

/** Where the browser goes; null where the provider cannot be asked, or can give nothing of what is needed. */
export async function sendUpstream(
  { upstreams, origin }: Pick<PeopleParts, 'upstreams' | 'origin'>,
  { issuer, id }: UpstreamProvider,
  {
    browser,
    errand,
    strength,
    anew,
  }: {
    readonly browser: string
    readonly errand: Errand
    /** what it has to prove; `none` asks who it is */
    readonly strength: Strength
    /** whether it must ask its person again */
    readonly anew: boolean
  },
): Promise<string | null> {
  const table = upstreams.issuers[issuer.trusted.issuer]
  const asks = table !== undefined && 'acr' in table && rankOf(strength) > rankOf('single_factor')
  const metadata = await upstreams.flow.gate.providers.metadata(issuer.trusted.issuer)
  // `max_age` has it say when its person was there (OpenID Connect Core §2, auth_time)
  const stepUp = { acrValues: asks ? namesOf(strength, table) : [], amrValues: [], maxAge: errand.maxAge }
  const parameters = stepUpParameters(stepUp, {
    supported: metadata?.acrValues ?? null,
    takesClaims: metadata?.takesClaims ?? false,
    contexts: issuer.trusted.contexts,
  })
  if (parameters === null) return null
  return beginFlow(upstreams.flow, {
    issuer,
    redirectUri: `${origin}${upstreamPath(id)}`,
    parameters: { ...parameters, ...(anew ? { prompt: 'login' } : {}) },
    browser,
    evaluation: '',
    returnTo: JSON.stringify(errand),
  })
}

export const errandFor = (
  to:
    | { readonly to: 'sign_in'; readonly uid: string; readonly access: Attempt['access'] }
    | { readonly to: 'link'; readonly session: string }
    | { readonly to: 'enrol'; readonly leave: string },
  { maxAge, anew, now }: { readonly maxAge: number | null; readonly anew: boolean; readonly now: number },
): Errand =>
  ({
    ...to,
    maxAge: Math.min(maxAge ?? LONGEST_AGE, LONGEST_AGE),
    since: anew ? Math.floor(now / 1000) : null,
  }) as Errand

/** Whether its person was there as lately as was asked; one that does not say when was not. `now` in milliseconds. */
export function isFresh({ claims, issuer }: VerifiedToken, { maxAge, since }: Errand, now: number): boolean {
  const { auth_time: at } = claims
  if (typeof at !== 'number') return false
  const oldest = Math.max(Math.floor(now / 1000) - maxAge, since ?? 0)
  return at >= oldest - issuer.skew
}

/** Whose it is: whoever linked it, and nobody else. Addresses and names in the token are not looked at. */
export const linkOf = ({ identifiers }: Pick<PeopleParts, 'identifiers'>, token: VerifiedToken) =>
  identifiers.find('upstream', upstreamName(token.issuer.issuer, String(token.claims.sub)))

/** Proves what the token proves, through the one door: asked of the decision point, and on record. */
export async function proveUpstream(
  { tools, upstreams }: Pick<PeopleParts, 'tools' | 'upstreams'>,
  token: VerifiedToken,
  errand: Errand,
  linked: Identifier | null,
  it: Omit<Attempt, 'account' | 'code'>,
): Promise<Outcome> {
  const now = tools.clock()
  const account = linked?.account ?? nobodys(tools.keyring, String(token.claims.sub))
  const proof =
    linked === null || !isFresh(token, errand, now) ? null : upstreamProof(token, linked, upstreams.issuers, now)
  const code = proof?.upstream?.code ?? true
  return attempt(tools, 'upstream', { ...it, account, code }, async () =>
    proof?.upstream === undefined || (await upstreams.sessions.isOver(proof.upstream)) ? null : proof,
  )
}

/** Links of an account, with the provider of each that is still there. */
export function linksOf({ upstreams }: Pick<PeopleParts, 'upstreams'>, identifiers: readonly Identifier[]) {
  return identifiers
    .filter(({ kind, verifiedAt }) => kind === 'upstream' && verifiedAt !== null)
    .flatMap((link) => {
      const [issuer] = link.shown.split(' ')
      const provider = upstreams.list.find((each) => each.issuer.trusted.issuer === issuer)
      return [{ link, provider: provider ?? null }]
    })
}

/** What may be offered: every link to a provider that is there, until it was tried often enough in this sign-in. */
export function offeredUpstreams(
  parts: Pick<PeopleParts, 'upstreams'>,
  identifiers: readonly Identifier[],
  shown: readonly Proof[],
): Upstream[] {
  return linksOf(parts, identifiers).flatMap(({ link, provider }) => {
    const tried = shown.filter(({ upstream }) => upstream?.link === link.canonical).length
    if (provider === null || tried >= TRIES) return []
    const most = mostOfUpstream(provider.issuer.trusted.issuer, link, parts.upstreams.issuers)
    return [{ link: link.canonical, most }]
  })
}

/** The stronger of what the reach asks of a recognised account and what the client asks. */
export function strengthAsked(floor: Strength | null, acceptable: readonly Strength[] | null): Strength {
  const client = acceptable === null || acceptable.length === 0 ? 0 : Math.min(...acceptable.map(rankOf))
  return STRENGTHS[Math.max(client, floor === null ? 0 : rankOf(floor))]!
}
