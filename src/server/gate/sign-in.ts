/**
 * Sends a browser to its issuer to sign in or to prove more, and takes it back: Ambit as a relying party (OpenID Connect Core
 * §3.1, with PAR, PKCE and a state that is good once, for the browser that was sent). What was asked for is only asked;
 * whatever comes back is judged anew by what it proves.
 */
import { createHash } from 'node:crypto'
import { stepUpParameters } from '#decision/step-up-answer.ts'
import type { StepUp } from '#contract/decision.ts'
import type { Clock } from '#lib/clock.ts'
import { newSecret } from '#lib/ids.ts'
import type { Database } from '#storage/database.ts'
import { addGateReturn, takeGateReturn, type GateReturn } from '#storage/gate.ts'
import { jsonOf } from '../guarded-fetch.ts'
import { hashOf } from './browser-sessions.ts'
import { authenticateClient } from './client-authentication.ts'
import type { Gate } from './gate.ts'
import type { ProviderMetadata } from './providers.ts'
import type { SessionIssuer } from './session-tokens.ts'

export interface SignInParts {
  readonly gate: Gate
  readonly database: Database
  readonly clock: Clock
  readonly publicUrl: string
}

const TICKET = 'ambit-sign-in+jwt'
/** Seconds for which a link to sign in may be followed, and in which a sign-in has to be done; ours. */
const TICKET_SECONDS = 600
const SIGN_IN_SECONDS = 600

export const START_PATH = '/gate/start'
export const CALLBACK_PATH = '/gate/callback'

/** Why a sign-in did not come about, in words for the person. */
export type SignInProblem = keyof typeof SIGN_IN_PROBLEMS
export const SIGN_IN_PROBLEMS = {
  link_over: 'This link is no longer good. Go back to the page you came from and try again.',
  not_this_browser:
    'This sign-in was begun in another browser or is over. Go back to the page you came from and try again.',
  unmet:
    'Your sign-in service could not confirm you as strongly as this needs. Set up a security key or passkey there first.',
  refused: 'Your sign-in service did not sign you in. Go back to the page you came from and try again.',
  unavailable: 'Your sign-in service cannot be reached at the moment. Try again in a little while.',
} as const

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
  const { gate, database, clock, publicUrl } = parts
  const claims = await gate.signer.open(TICKET, ticket)
  const issuer = gate.issuers.find(({ trusted }) => trusted.issuer === claims?.['issuer'])
  if (claims === null || issuer?.client == null) return failed('link_over')
  const metadata = await gate.providers.metadata(issuer.trusted.issuer)
  if (metadata?.authorization == null) return failed('unavailable')
  const [state, attempt, nonce, verifier] = [newSecret(), newSecret(), newSecret(), newSecret()]
  const now = clock()
  const kept: GateReturn = {
    state: hashOf(state),
    browser: hashOf(attempt),
    evaluation: String(claims['evaluation']),
    returnTo: String(claims['returnTo']),
    issuer: issuer.trusted.issuer,
    nonce,
    verifier,
    expiresAt: now + SIGN_IN_SECONDS * 1000,
  }
  const form = new URLSearchParams({
    response_type: 'code',
    client_id: issuer.client.id,
    redirect_uri: `${publicUrl}${CALLBACK_PATH}`,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(claims['parameters'] as Record<string, string>),
  })
  const location = await authorizationAddress(parts, issuer, metadata, form)
  if (location === null) return failed('unavailable')
  await addGateReturn(database, kept, now)
  return { ok: true, value: { location, attempt } }
}

/** Pushed where the issuer takes that (RFC 9126), so that nobody can edit the request on its way through the browser. */
async function authorizationAddress(
  { gate, clock }: SignInParts,
  { client, trusted }: SessionIssuer,
  { authorization, pushed }: ProviderMetadata,
  form: URLSearchParams,
): Promise<string | null> {
  const address = new URL(authorization!)
  if (pushed === null) {
    for (const [name, value] of form) address.searchParams.set(name, value)
    return address.href
  }
  try {
    const headers = await authenticateClient(client!, form, trusted.issuer, Math.floor(clock() / 1000))
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await gate.fetch(pushed, { method: 'POST', headers: { ...headers, ...type }, body: form.toString() })
    const found = jsonOf({ ...answer, status: answer.status === 201 ? 200 : answer.status })
    const uri: unknown = typeof found === 'object' && found !== null ? Reflect.get(found, 'request_uri') : null
    if (typeof uri !== 'string') return null
    address.searchParams.set('client_id', client!.id)
    address.searchParams.set('request_uri', uri)
    return address.href
  } catch {
    return null
  }
}

/** Takes a browser back: where it goes on, and the cookie of its new session. */
export async function finishSignIn(
  parts: SignInParts,
  query: Readonly<Record<string, unknown>>,
  cookies: { readonly attempt: string | null; readonly session: string | null },
): Promise<Outcome<{ readonly location: string; readonly session: string; readonly evaluation: string }>> {
  const { gate, database, clock } = parts
  const { state, code, iss, error } = query
  if (typeof state !== 'string' || cookies.attempt === null) return failed('not_this_browser')
  const kept = await takeGateReturn(database, hashOf(state), hashOf(cookies.attempt), clock())
  if (kept === null) return failed('not_this_browser')
  // RFC 9207 §2.4: an answer of another issuer must not be taken to this one
  if (iss !== undefined && iss !== kept.issuer) return failed('refused')
  if (error === 'unmet_authentication_requirements') return failed('unmet')
  if (typeof code !== 'string') return failed('refused')
  const issuer = gate.issuers.find(({ trusted }) => trusted.issuer === kept.issuer)
  if (issuer?.client == null) return failed('refused')
  const idToken = await redeem(parts, issuer, kept, code)
  if (idToken === null) return failed('unavailable')
  const verified = await gate.tokens.verify(idToken)
  if (!verified.ok || verified.value.use !== 'id') return failed('refused')
  const { claims, issuer: signedBy } = verified.value
  if (claims['nonce'] !== kept.nonce || signedBy.issuer !== kept.issuer) return failed('refused')
  // a new session for every sign-in, so that one that was known before is worth nothing (ASVS 5.0 §7.2.4)
  if (cookies.session !== null) await gate.browsers.end(cookies.session)
  const session = await gate.browsers.begin(verified.value)
  return { ok: true, value: { location: kept.returnTo, session, evaluation: kept.evaluation } }
}

async function redeem(
  { gate, clock, publicUrl }: SignInParts,
  { client, trusted }: SessionIssuer,
  { verifier }: GateReturn,
  code: string,
): Promise<string | null> {
  try {
    const endpoint = (await gate.providers.metadata(trusted.issuer))?.token
    if (endpoint == null) return null
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${publicUrl}${CALLBACK_PATH}`,
      code_verifier: verifier,
    })
    const headers = await authenticateClient(client!, form, trusted.issuer, Math.floor(clock() / 1000))
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = jsonOf(
      await gate.fetch(endpoint, { method: 'POST', headers: { ...headers, ...type }, body: form.toString() }),
    )
    const token: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'id_token') : null
    return typeof token === 'string' ? token : null
  } catch {
    return null
  }
}
