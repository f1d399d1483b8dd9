/**
 * Push with number transfer. The page shows a number, and the person types it into the app, whose backend hands it back: a secret goes
 * from the first channel to the second (SP 800-63B-4 §3.1.3.1). A mere yes, or a choice among numbers, is no answer (§3.1.3, note). It
 * can be relayed by a false page, so it counts as a code everywhere, and never as phishing-resistant.
 */
import { newId } from '#lib/ids.ts'
import { FACTORS } from './factors.ts'
import { attempt, canonicalCode, type Attempt, type Outcome, type Tools } from './ceremony.ts'
import type { Push, PushStore, StoredPush } from './push-port.ts'
import { randomCode } from './sent-code.ts'
import { limitsFor } from './send-limits.ts'
import type { EnrolledAuthenticator } from './stores.ts'

/** What a phone app may call a device. */
const DEVICE = /^[A-Za-z0-9._~:-]{8,128}$/

export const isDevice = (value: unknown): value is string => typeof value === 'string' && DEVICE.test(value)

/** Tools of a push. */
export type PushTools = Tools & { readonly pushes: PushStore }

export interface PushRequest extends Attempt {
  /** what the app calls its device */
  readonly device: string
  /** null while the device is being enrolled */
  readonly authenticator: string | null
  readonly language: string
  /** application that asks, as the app shows it; null where the app itself is to be added */
  readonly client: string | null
  /** where the browser is: a network, never a whole address; null where that is not known */
  readonly network: string | null
  /** what the browser calls itself */
  readonly agent: string
}

export type PushRefusal = 'not_allowed' | 'account_closed' | 'paused' | 'limited' | 'unavailable'

export type PushBegun =
  | { readonly outcome: 'queued'; readonly id: string; readonly number: string }
  | { readonly outcome: PushRefusal }

/**
 * Asks the device, in place of whatever the account was asked before. For people who have shown something already: a stranger must not
 * be able to make a telephone ring.
 */
export async function beginPush(tools: PushTools, request: PushRequest): Promise<PushBegun> {
  const begun = await sendPush(tools, request).catch((error: unknown): PushBegun => {
    tools.onTrouble('an app could not be asked', error)
    return { outcome: 'unavailable' }
  })
  const { account, purpose, session } = request
  await tools.record({
    kind: 'authentication',
    account,
    event: 'code_requested',
    factor: 'push',
    purpose,
    outcome: begun.outcome === 'queued' ? 'begun' : 'refused',
    reason: begun.outcome === 'queued' ? null : begun.outcome,
    session,
    at: tools.clock(),
  })
  return begun
}

async function sendPush(tools: PushTools, request: PushRequest): Promise<PushBegun> {
  const { account, device, authenticator, purpose, browser, binding, session, access } = request
  const { digits, ttl, checks } = tools.rules.pushes
  const now = tools.clock()
  const { status, epoch } = await tools.accounts.stateOf(account)
  if (status !== 'active') return { outcome: 'account_closed' }
  const leave = await tools.ask({ account, factor: 'push', purpose, code: FACTORS.push.code, access })
  if (!leave.granted) return { outcome: 'not_allowed' }
  // one that is paused uses up nothing
  if (await tools.pushes.isPaused(account, device, now)) return { outcome: 'paused' }
  // of the device, too: whoever names somebody else's at an enrolment does not make it ring all night
  if (!(await tools.sendLimits.take(limitsFor(tools.rules.sends, account, device, false), now)))
    return { outcome: 'limited' }
  const id = newId('pu')
  const number = randomCode(digits)
  const times = { checksLeft: checks, createdAt: now, expiresAt: now + ttl }
  const of = { id, account, device, authenticator, purpose, browser, binding, session, access, epoch, ...times }
  const mac = tools.keyring.mac('code', ...partsOf(of, number))
  if (!(await tools.pushes.begin({ ...of, mac }, now))) return { outcome: 'paused' }
  await tools.send({
    id,
    channel: 'push',
    to: device,
    template: 'push',
    // the number is not among them: who can only read the app's messages cannot answer
    values: { client: request.client ?? '', network: request.network ?? '', agent: request.agent, purpose },
    language: request.language,
    expiresAt: times.expiresAt,
  })
  return { outcome: 'queued', id, number }
}

const partsOf = (
  { id, account, device, purpose }: Pick<Push, 'id' | 'account' | 'device' | 'purpose'>,
  number: string,
) => ['push', purpose, account, device, id, number]

export interface PushAnswer {
  readonly id: string
  /** the device on which it was answered */
  readonly device: string
  readonly answer: 'approved' | 'denied'
  /** what was typed */
  readonly number?: string | undefined
}

/** Takes an answer from the app's backend, which has shown who it is. `refused` says no more: not whether there is such a question. */
export async function answerPush(tools: PushTools, it: PushAnswer): Promise<'approved' | 'denied' | 'refused'> {
  const push = await tools.pushes.find(it.id)
  if (push === null || push.device !== it.device) {
    await noted(tools, push, 'other_device')
    return 'refused'
  }
  if (it.answer === 'denied') return (await denied(tools, push)) ? 'denied' : 'refused'
  const { id, account, purpose, browser, binding, access, session } = push
  const number = canonicalCode(it.number, tools.rules.pushes.digits)
  const outcome = await attempt(tools, 'push', { account, purpose, browser, binding, access, session }, async () => {
    const macs = number === null ? [] : tools.keyring.macs('code', ...partsOf(push, number))
    return (await tools.pushes.match(id, macs, tools.clock())) ? proofOf(push, 0) : null
  })
  // only now that the audit has it may the browser have it
  return outcome.accepted && (await tools.pushes.approve(id, tools.clock())) ? 'approved' : 'refused'
}

const noted = (tools: PushTools, push: StoredPush | null, reason: string | null) =>
  tools.record({
    kind: 'authentication',
    account: push?.account ?? '',
    event: reason === null ? 'push_denied' : 'factor_checked',
    factor: 'push',
    purpose: push?.purpose ?? null,
    outcome: 'refused',
    reason: reason ?? 'denied_by_owner',
    session: push?.session ?? null,
    at: tools.clock(),
  })

/**
 * "It was not me": whoever asked has shown something of the owner's. Nothing more is sent for a time, the sessions in the browser that
 * asked end, and the owner is told, with a way to lock the account.
 */
async function denied(tools: PushTools, push: StoredPush): Promise<boolean> {
  const now = tools.clock()
  if (!(await tools.pushes.deny(push, now + tools.rules.pushes.pause, now))) return false
  await noted(tools, push, null)
  for (const { id, browser } of await tools.sessions.listOf(push.account, now))
    if (browser === push.browser) await tools.sessions.end(id, 'push_denied', now)
  await tools.notify(push.account, { template: 'push_denied', values: {} })
  return true
}

const proofOf = ({ authenticator, device }: Push, boundAtAal: number) => ({
  authenticator,
  channel: device,
  userVerified: false,
  keyClass: null,
  fips140Level: null,
  boundAtAal,
})

export type Collected = Extract<Outcome, { accepted: true }> | { readonly accepted: false; readonly waits: boolean }

/** What the browser that asked has of the answer: the proof, once, while the device is still the account's. */
export async function collectPush(tools: PushTools, it: Attempt & { readonly id: string }): Promise<Collected> {
  const now = tools.clock()
  const push = await tools.pushes.collect(it, now)
  if (push === null) return { accepted: false, waits: await tools.pushes.waits(it.id, now) }
  const over = { accepted: false, waits: false } as const
  if (push.authenticator === null) return over
  const own = (await tools.authenticators.listOf(it.account)).find(({ id }) => id === push.authenticator)
  if (own === undefined || !(await tools.authenticators.touch(own.id, it.account, now))) return over
  const { purpose, binding, epoch } = push
  // as old as the answer, which came before it was collected
  const at = push.answeredAt ?? push.createdAt
  return { accepted: true, epoch, proof: { ...proofOf(push, own.boundAtAal), factor: 'push', purpose, binding, at } }
}

/** The device of an account that pushes go to; null for none. */
export const deviceOf = (enrolled: readonly EnrolledAuthenticator[]): { id: string; device: string } | null => {
  const own = enrolled.find(({ kind, state, channel }) => kind === 'push' && state === 'active' && channel !== null)
  return own === undefined ? null : { id: own.id, device: own.channel! }
}

/** Binds a device whose first question was answered with its number. */
export async function confirmDevice(
  tools: PushTools,
  it: Attempt & { readonly id: string; readonly name: string; readonly boundAtAal: number },
): Promise<'bound' | 'waits' | 'over'> {
  const now = tools.clock()
  const push = await tools.pushes.collect(it, now)
  if (push === null) return (await tools.pushes.waits(it.id, now)) ? 'waits' : 'over'
  if (push.authenticator !== null || deviceOf(await tools.authenticators.listOf(it.account)) !== null) return 'over'
  const id = newId('au')
  const bound = {
    id,
    account: it.account,
    kind: 'push',
    name: it.name,
    state: 'active',
    channel: push.device,
    boundAtAal: it.boundAtAal,
    // the app's key is between it and its backend; nothing of it is here
    material: await tools.keyring.seal(`authenticator ${id}`, '{}'),
    lookup: null,
    counter: 0,
    addedAt: now,
    expiresAt: null,
    usedAt: null,
  } as const
  return (await tools.authenticators.enrol(bound, it.session)) ? 'bound' : 'over'
}
