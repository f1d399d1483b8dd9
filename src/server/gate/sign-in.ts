/** Sends a browser that comes through the proxies to its issuer, and takes it back with a session (see code-flow.ts). */
import { stepUpParameters } from '#decision/step-up-answer.ts'
import type { StepUp } from '#contract/decision.ts'
import type { Clock } from '#lib/clock.ts'
import { newSecret } from '#lib/ids.ts'
import type { Database } from '#storage/database.ts'
import { hashOf } from './browser-sessions.ts'
import { beginFlow, finishFlow, type FlowProblem } from './code-flow.ts'
import type { Gate } from './gate.ts'
import type { SessionIssuer } from './session-tokens.ts'

export interface SignInParts {
  readonly gate: Gate
  readonly database: Database
  readonly clock: Clock
  readonly publicUrl: string
}

const TICKET = 'ambit-sign-in+jwt'
/** Seconds for which a link to sign in may be followed; ours. */
const TICKET_SECONDS = 600

export const START_PATH = '/gate/start'
export const CALLBACK_PATH = '/gate/callback'

/** Why a sign-in did not come about, in words for the person. */
export type SignInProblem = FlowProblem | 'link_over'
export const SIGN_IN_PROBLEMS: Readonly<Record<SignInProblem, string>> = {
  link_over: 'This link is no longer good. Go back to the page you came from and try again.',
  not_this_browser:
    'This sign-in was begun in another browser or is over. Go back to the page you came from and try again.',
  unmet:
    'Your sign-in service could not confirm you as strongly as this needs. Set up a security key or passkey there first.',
  refused: 'Your sign-in service did not sign you in. Go back to the page you came from and try again.',
  unavailable: 'Your sign-in service cannot be reached at the moment. Try again in a little while.',
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: SignInProblem }
const failed = (why: SignInProblem): { readonly ok: false; readonly why: SignInProblem } => ({ ok: false, why })

/** An address at this server that sends a browser to prove more; null where its issuer can give nothing of what is needed. */
export async function signInLink(
  { gate, clock, publicUrl }: SignInParts,
  wanted: {
    readonly issuer: SessionIssuer
    /** null for signing in at all */
    readonly stepUp: StepUp | null
    readonly returnTo: string
    readonly evaluation: string
    /** whether something was sent that will be lost on the way, which the person has to be told */
    readonly lost: boolean
  },
): Promise<string | null> {
  const { issuer, stepUp, returnTo, evaluation, lost } = wanted
  const metadata = await gate.providers.metadata(issuer.trusted.issuer)
  const provider = {
    supported: metadata?.acrValues ?? null,
    takesClaims: metadata?.takesClaims ?? false,
    contexts: issuer.trusted.contexts,
  }
  const parameters = stepUp === null ? {} : stepUpParameters(stepUp, provider)
  if (parameters === null) return null
  const iat = Math.floor(clock() / 1000)
  const claims = {
    issuer: issuer.trusted.issuer,
    parameters,
    returnTo,
    evaluation,
    lost,
    iat,
    exp: iat + TICKET_SECONDS,
  }
  return `${publicUrl}${START_PATH}?ticket=${await gate.signer.sign(TICKET, claims)}`
}

/** Whether a person who follows such an address has to be told first that something was lost. */
export async function hasLost({ gate }: SignInParts, ticket: string): Promise<boolean> {
  return (await gate.signer.open(TICKET, ticket))?.['lost'] === true
}

/** Follows such an address: where the browser goes, and what its cookie has to hold until it is back. */
export async function startSignIn(
  parts: SignInParts,
  ticket: string,
): Promise<Outcome<{ readonly location: string; readonly attempt: string }>> {
  const { gate, publicUrl } = parts
  const claims = await gate.signer.open(TICKET, ticket)
  const issuer = gate.issuers.find(({ trusted }) => trusted.issuer === claims?.['issuer'])
  if (claims === null || issuer?.client == null) return failed('link_over')
  const attempt = newSecret()
  const location = await beginFlow(parts, {
    issuer,
    redirectUri: `${publicUrl}${CALLBACK_PATH}`,
    parameters: claims['parameters'] as Record<string, string>,
    browser: hashOf(attempt),
    evaluation: String(claims['evaluation']),
    returnTo: String(claims['returnTo']),
  })
  return location === null ? failed('unavailable') : { ok: true, value: { location, attempt } }
}

/** Takes a browser back: where it goes on, and the cookie of its new session. */
export async function finishSignIn(
  parts: SignInParts,
  query: Readonly<Record<string, unknown>>,
  cookies: { readonly attempt: string | null; readonly session: string | null },
): Promise<Outcome<{ readonly location: string; readonly session: string; readonly evaluation: string }>> {
  const { gate, publicUrl } = parts
  const finished = await finishFlow(parts, {
    issuers: gate.issuers,
    redirectUri: `${publicUrl}${CALLBACK_PATH}`,
    query,
    browser: cookies.attempt === null ? null : hashOf(cookies.attempt),
  })
  if (!finished.ok) return failed(finished.why)
  const { kept, token } = finished
  // a new session for every sign-in, so that one that was known before is worth nothing (ASVS 5.0 §7.2.4)
  if (cookies.session !== null) await gate.browsers.end(cookies.session)
  const session = await gate.browsers.begin(token)
  return { ok: true, value: { location: kept.returnTo, session, evaluation: kept.evaluation } }
}
