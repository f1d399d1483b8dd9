/**
 * Sends a browser to an issuer and takes it back: Ambit as a relying party (OpenID Connect Core §3.1, with PAR, PKCE and a state
 * that is good once, for the browser that was sent). What was asked for is only asked; what comes back is judged by the caller.
 */
import { createHash } from 'node:crypto'
import type { VerifiedToken } from '#authn/token.ts'
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

export interface CodeFlowParts {
  readonly gate: Pick<Gate, 'providers' | 'fetch' | 'tokens'>
  readonly database: Database
  readonly clock: Clock
}

/** Seconds in which a sign-in has to be done; ours. */
const FLOW_SECONDS = 600

/** Why a flow did not come to its end. */
export type FlowProblem = 'not_this_browser' | 'refused' | 'unmet' | 'unavailable'

export type FlowOutcome =
  | { readonly ok: true; readonly kept: GateReturn; readonly token: VerifiedToken }
  | { readonly ok: false; readonly why: FlowProblem; readonly kept: GateReturn | null }

/** Where the browser goes; null where the issuer cannot be asked now. */
export async function beginFlow(
  parts: CodeFlowParts,
  wanted: {
    readonly issuer: SessionIssuer
    readonly redirectUri: string
    /** what is asked for beside signing in */
    readonly parameters: Readonly<Record<string, string>>
    /** hash of what the browser holds, and shows again when it is back */
    readonly browser: string
    readonly evaluation: string
    readonly returnTo: string
  },
): Promise<string | null> {
  const { issuer, redirectUri, parameters, browser, evaluation, returnTo } = wanted
  const metadata = await parts.gate.providers.metadata(issuer.trusted.issuer)
  if (metadata?.authorization == null || issuer.client === null) return null
  const [state, nonce, verifier] = [newSecret(), newSecret(), newSecret()]
  const now = parts.clock()
  const form = new URLSearchParams({
    response_type: 'code',
    client_id: issuer.client.id,
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  })
  const location = await authorizationAddress(parts, issuer, metadata, form)
  if (location === null) return null
  const { issuer: name } = issuer.trusted
  const expiresAt = now + FLOW_SECONDS * 1000
  const kept = { state: hashOf(state), browser, evaluation, returnTo, issuer: name, nonce, verifier, expiresAt }
  await addGateReturn(parts.database, kept, now)
  return location
}

/** Pushed where the issuer takes that (RFC 9126), so that nobody can edit the request on its way through the browser. */
async function authorizationAddress(
  { gate, clock }: CodeFlowParts,
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

/** Takes a browser back, once. The ID token is of the issuer that was asked, for us, and for this very flow. */
export async function finishFlow(
  parts: CodeFlowParts,
  {
    issuers,
    redirectUri,
    query,
    browser,
  }: {
    /** those that this address is the redirect URI of */
    readonly issuers: readonly SessionIssuer[]
    readonly redirectUri: string
    readonly query: Readonly<Record<string, unknown>>
    readonly browser: string | null
  },
): Promise<FlowOutcome> {
  const { gate, database, clock } = parts
  const { state, code, iss, error } = query
  if (typeof state !== 'string' || browser === null) return { ok: false, why: 'not_this_browser', kept: null }
  const kept = await takeGateReturn(database, hashOf(state), browser, clock())
  if (kept === null) return { ok: false, why: 'not_this_browser', kept: null }
  const failed = (why: FlowProblem): FlowOutcome => ({ ok: false, why, kept })
  const issuer = issuers.find(({ trusted }) => trusted.issuer === kept.issuer)
  if (issuer?.client == null) return failed('refused')
  const metadata = await gate.providers.metadata(kept.issuer)
  if (metadata === null) return failed('unavailable')
  // RFC 9207 §2.4: an answer of another issuer must not be taken to this one, nor one without a name from an issuer that says its own
  if (iss === undefined ? metadata.saysIssuer : iss !== kept.issuer) return failed('refused')
  if (error === 'unmet_authentication_requirements') return failed('unmet')
  if (typeof code !== 'string') return failed('refused')
  const idToken = await redeem(parts, issuer, metadata, { code, redirectUri, verifier: kept.verifier })
  if (idToken === null) return failed('unavailable')
  const verified = await gate.tokens.verify(idToken)
  if (!verified.ok || verified.value.use !== 'id') return failed('refused')
  const { claims, issuer: signedBy } = verified.value
  if (claims['nonce'] !== kept.nonce || signedBy.issuer !== kept.issuer) return failed('refused')
  return { ok: true, kept, token: verified.value }
}

async function redeem(
  { gate, clock }: CodeFlowParts,
  { client, trusted }: SessionIssuer,
  { token: endpoint }: ProviderMetadata,
  { code, redirectUri, verifier }: { readonly code: string; readonly redirectUri: string; readonly verifier: string },
): Promise<string | null> {
  try {
    if (endpoint === null) return null
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
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
