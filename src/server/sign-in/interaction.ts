/** One interaction of the provider: what it asks, who is there, and how it ends. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  isEnough,
  LONGEST_SESSION,
  needOf,
  offersFor,
  sessionLimits,
  type Floor,
  type Need,
  type SignIn,
} from '#authn/sign-in.ts'
import { askedOf } from '#authn/asked-of.ts'
import { asJudged } from '#authn/enrolled-proof.ts'
import { keyFactsOf } from '#authn/key-material.ts'
import { shown, type Proof, type Session } from '#authn/session.ts'
import type { Offer } from '#authn/ways.ts'
import { newId, newSecret } from '#lib/ids.ts'
import { sawFailure, sawUse } from '#risk/watch.ts'
import { networkPrefix } from '#server/config/networks.ts'
import { AmbitError } from '#lib/errors.ts'
import type { WantedAccess } from '#decision/sign-in-demand.ts'
import { asked, assuranceParameters, stricter, type AskedAssurance } from '#server/provider/assurance.ts'
import { hashOf, sessionCookie } from '#server/provider/cookies.ts'
import { sessionIn, signOutOf } from '#server/provider/held-session.ts'
import { offerBinding } from './bind-session.ts'
import { endedMeanwhile, noteRestsOn } from './rests-on.ts'
import type { PeopleParts } from './parts.ts'
import { OWN_CLIENT } from './step-up.ts'
import { offeredUpstreams } from './upstream.ts'

/** Ten minutes, as long as the provider keeps an interaction. */
const TTL_MS = 600_000

export interface Interaction {
  readonly uid: string
  readonly prompt: 'login' | 'consent'
  readonly reasons: readonly string[]
  readonly client: string
  /** asked for by our own pages */
  readonly isOwn: boolean
  readonly redirectOrigin: string | null
  readonly scopes: readonly string[]
  readonly asked: AskedAssurance
  /** what it is for, as far as the configuration says */
  readonly access: WantedAccess | null
  readonly grantId: string | undefined
  readonly accountId: string | undefined
  readonly params: Readonly<Record<string, unknown>>
}

/** Reads the interaction that the browser's own cookie names; whoever only knows its path has none. */
export async function interactionOf(
  { provider, accessOf }: PeopleParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Interaction> {
  const details = await provider.interactionDetails(request.raw, reply.raw).catch(() => {
    throw new AmbitError(
      'not_found',
      'this sign-in is over or belongs to another browser; go back to the application and begin again',
    )
  })
  const { uid, prompt, params, session, grantId } = details
  const clientId = String(params['client_id'])
  const client = await provider.Client.find(clientId)
  const redirect =
    typeof params['redirect_uri'] === 'string' && URL.canParse(params['redirect_uri'])
      ? new URL(params['redirect_uri'])
      : null
  return {
    uid,
    prompt: prompt.name === 'consent' ? 'consent' : 'login',
    reasons: prompt.reasons,
    client: client?.clientName ?? clientId,
    isOwn: clientId === OWN_CLIENT,
    redirectOrigin: redirect === null ? null : redirect.origin === 'null' ? redirect.protocol : redirect.origin,
    scopes: typeof params['scope'] === 'string' ? params['scope'].split(' ').filter(Boolean) : [],
    asked: stricter(asked(assuranceParameters(params)), approvalOf(prompt.details)),
    access: accessOf(clientId, typeof params['resource'] === 'string' ? params['resource'] : null),
    grantId,
    accountId: session?.accountId,
    params,
  }
}

/** What the decision point asks before a device is let in, if that is what this is about. */
function approvalOf(details: unknown): AskedAssurance | null {
  const found: unknown = typeof details === 'object' && details !== null ? Reflect.get(details, 'approval') : null
  return typeof found === 'object' && found !== null ? (found as AskedAssurance) : null // written by our own check
}

/** The sign-in that belongs to the interaction in this browser, begun where there is none. */
export async function signInOf(
  { signIns, tools }: PeopleParts,
  uid: string,
  browser: string,
  ttl = TTL_MS,
): Promise<SignIn> {
  const id = hashOf(uid)
  const now = tools.clock()
  const found = await signIns.find(id, browser, now)
  if (found !== null) return found
  const empty = { account: null, typed: null, proofs: [], epoch: 0, pending: null, revision: 0 }
  await signIns.begin({ id, browser, ...empty, expiresAt: now + ttl }, now)
  const begun = await signIns.find(id, browser, now)
  if (begun === null)
    throw new AmbitError(
      'forbidden',
      'this sign-in belongs to another browser; go back to the application and begin again',
    )
  return begun
}

/** Our session that the browser holds, alive; null for none. */
export async function heldSession(
  { tools }: PeopleParts,
  request: FastifyRequest,
): Promise<{ session: Session; token: string } | null> {
  return sessionIn(tools, request.headers.cookie)
}

export interface Standing {
  readonly account: string
  readonly floor: Floor
  readonly need: Need
  /** what this sign-in has shown so far, as it is judged now */
  readonly fresh: readonly Proof[]
  readonly enough: boolean
  readonly offers: readonly Offer[]
  readonly forbidden: boolean
}

/** Where a recognised person stands; null where nothing is known of the account, so that it cannot be signed in to. */
export async function standingOf(
  parts: PeopleParts,
  interaction: Interaction,
  account: string,
  {
    isStepUp,
    ...given
  }: {
    /** all that count */
    readonly proofs: readonly Proof[]
    /** those of this sign-in */
    readonly fresh: readonly Proof[]
    readonly isStepUp: boolean
  },
): Promise<Standing | null> {
  const floor = await parts.demandOf(account, interaction.access)
  if (floor === null) return null
  const { tools } = parts
  const [enrolled, identifiers] = await Promise.all([
    tools.authenticators.listOf(account),
    parts.identifiers.listOf(account),
  ])
  const [worths, channels] = [parts.worths(), parts.channelsOf(account)]
  const mine = askedOf({ enrolled, identifiers }, { factors: parts.factors, codes: floor.codes, channels })
  const need = needOf(floor, interaction.asked, mine, worths, tools.clock())
  const keys = await keyFactsOf(tools, parts.passkeys.models, enrolled)
  const [proofs, fresh] = [asJudged(given.proofs, keys), asJudged(given.fresh, keys)]
  const enough = isEnough(proofs, need, worths, channels)
  const { access } = interaction
  const upstreams = offeredUpstreams(parts, identifiers, fresh)
  const ports = {
    worths,
    channels,
    ask: tools.ask,
    access,
    holding: { enrolled, identifiers, keys, upstreams },
    factors: parts.factors,
  }
  const found = enough
    ? { offers: [], forbidden: false }
    : await offersFor(account, proofs, need, isStepUp ? 'step_up' : 'sign_in', ports)
  return { account, floor, need, fresh, enough, ...found }
}

/**
 * Opens the session, or raises the one that is there, under a new token either way, and hands the provider its result. Only the one
 * request that ends the sign-in gets here; two at once open one session. It is of the epoch in which the proofs were given, so that
 * whatever ends the account's sessions ends a sign-in that was under way, too.
 */
export async function complete(
  parts: PeopleParts,
  request: FastifyRequest,
  reply: FastifyReply,
  it: SignIn,
  standing: Standing,
  held: { session: Session; token: string } | null,
): Promise<string> {
  const { tools, provider } = parts
  if (!standing.enough || !(await parts.signIns.end(it.id))) {
    throw new AmbitError('conflict', 'this sign-in was finished in another tab; go back to the application')
  }
  const { exception } = standing.floor
  if (exception !== null && !(await parts.useException(exception))) {
    throw new AmbitError('conflict', 'what was allowed for a time is over; go back to the application and begin again')
  }
  const { fresh: proofs } = standing
  const now = tools.clock()
  const token = newSecret()
  const { epoch } = await tools.accounts.stateOf(standing.account)
  const isSame = held !== null && held.session.account === standing.account && held.session.epoch === epoch
  // whoever shows nothing new rests on the session alone, which is of before
  if (proofs.length > 0 ? it.epoch !== epoch : !isSame) {
    const why = 'the account was changed while you signed in; go back to the application and begin again'
    throw new AmbitError('conflict', why)
  }
  const isGoodAsItIs = isSame && proofs.length === 0
  if (isSame) await noteRestsOn(parts, held.session.id, proofs)
  let opened = held?.session.id ?? ''
  if (isSame && !isGoodAsItIs && !(await raise(parts, held, proofs, hashOf(token)))) {
    // what was enough was so with what the session had shown, and that is over: another would rest on the rest alone
    throw new AmbitError(
      'conflict',
      'your session ended while you confirmed; go back to the application and begin again',
    )
  }
  if (!isSame) {
    await signOutOf(tools, request.headers.cookie, 'signed_in_anew')
    const said = shown(proofs, parts.worths(), { channels: parts.channelsOf(standing.account) })
    const { overall, idle } = sessionLimits(standing.floor, said, LONGEST_SESSION[said.strength])
    const times = { startedAt: now, usedAt: now, endsAt: now + overall, idleMs: idle }
    const session = {
      id: newId('se'),
      account: standing.account,
      epoch,
      browser: it.browser,
      proofs,
      ...times,
    }
    opened = session.id
    await noteRestsOn(parts, opened, proofs)
    await tools.sessions.begin(session, hashOf(token))
    await tools.budgets.remember(it.browser, standing.account, now)
  }
  if (await endedMeanwhile(parts, opened, proofs)) {
    throw new AmbitError(
      'conflict',
      'you were signed out elsewhere meanwhile; go back to the application and begin again',
    )
  }
  await noteUse(parts, request, it, standing.account)
  if (!isGoodAsItIs) {
    reply.header('set-cookie', sessionCookie(token))
    if (!isSame || held.session.binding === undefined) offerBinding(parts, reply, opened, hashOf(token))
  }
  await letGo(parts, request, reply, standing.account)
  const login = { accountId: standing.account, remember: false }
  return provider.interactionResult(request.raw, reply.raw, { login }, { mergeWithLastSubmission: false })
}

/** Where somebody else was signed in at the provider, that session ends, and what was granted in it: the library would ask for a sign-out. */
async function letGo(
  { provider, tools }: PeopleParts,
  request: FastifyRequest,
  reply: FastifyReply,
  account: string,
): Promise<void> {
  const details = await provider.interactionDetails(request.raw, reply.raw)
  const { session } = details
  if (session?.accountId === undefined || session.accountId === account) return
  await (await provider.Session.findByUid(session.uid))?.destroy()
  delete details.session
  await details.save(details.exp - Math.floor(tools.clock() / 1000))
}

/** Adds the proofs one by one, each under the token that the one before left; false where the session ended meanwhile. */
async function raise(
  { tools }: PeopleParts,
  { session, token }: { session: Session; token: string },
  proofs: readonly Proof[],
  last: string,
): Promise<boolean> {
  let from = token
  for (const [i, proof] of proofs.entries()) {
    const to = i === proofs.length - 1 ? last : hashOf(newSecret())
    if ((await tools.sessions.elevate(session.id, { from, to }, proof, tools.clock())) === null) return false
    from = to
  }
  return true
}

/** A success is weighed and learned. What is unusual stands as a signal before the application hears of the sign-in. */
async function noteUse(
  { watch, tools }: PeopleParts,
  request: FastifyRequest,
  it: SignIn,
  account: string,
): Promise<void> {
  const use = {
    account,
    at: tools.clock(),
    device: it.browser,
    network: networkPrefix(request.ip),
    place: null,
    capabilities: [],
  }
  await sawUse(watch, use, null)
}

/** A failure is counted, and teaches nothing. */
export const noteFailure = ({ watch, tools }: PeopleParts, request: FastifyRequest, account: string): Promise<void> =>
  sawFailure(watch, { account, network: networkPrefix(request.ip), at: tools.clock() })
