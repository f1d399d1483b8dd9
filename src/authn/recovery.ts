/**
 * Recovery as what it is: a sign-in. It needs proofs that do not come the same way, waits longer the more there is to lose,
 * tells everyone who may know, can be stopped by any of them, and gives access back before authority. Pure: a case and an event in, a
 * case and what is to be done out.
 */
import type { Impact } from '#contract/vocabulary.ts'

/** Where a case stands. The last four are ends; only people get a frozen one on. */
export const RECOVERY_STATES = ['requested', 'held', 'ready', 'completed', 'vetoed', 'expired', 'frozen'] as const
export type RecoveryState = (typeof RECOVERY_STATES)[number]
const OPEN: readonly RecoveryState[] = ['requested', 'held', 'ready']
export const isOpen = ({ state }: Pick<RecoveryCase, 'state'>): boolean => OPEN.includes(state)

/**
 * How a proof comes, all of which is offered. Two of one method are one: codes by mail and by SMS are both issued and sent (SP 800-63B-4
 * §4.2.2 counts methods, not addresses). Of what §4.2.1 names there are no recovery contacts, each of whom would be a way in to be weighed
 * like any other, and no repeated proofing; whoever checks an identity anew vouches as the help desk.
 */
export const RECOVERY_METHODS = ['saved_code', 'issued_code', 'help_desk'] as const
export type RecoveryMethod = (typeof RECOVERY_METHODS)[number]

export interface RecoveryProof {
  readonly method: RecoveryMethod
  /** address, device or person it came through */
  readonly channel: string
  /** milliseconds since 1970 */
  readonly at: number
}

export interface RecoveryCase {
  readonly id: string
  readonly account: string
  readonly state: RecoveryState
  /** hash of the browser that asked: it alone goes on with it */
  readonly browser: string
  readonly impact: Impact
  readonly proofs: readonly RecoveryProof[]
  readonly openedAt: number
  /** set once the proofs are complete; moves earlier only by a device that was trusted before */
  readonly heldUntil: number | null
  readonly expiresAt: number
  /** who decided about a frozen case, and how */
  readonly decisions: readonly { readonly by: string; readonly allow: boolean; readonly at: number }[]
}

export interface RecoveryRules {
  readonly byImpact: Readonly<Record<Impact, RecoveryRule>>
  /** milliseconds for which a channel must have been known before it may stop or shorten anything, or is told */
  readonly knownFor: number
  /** milliseconds in which the proofs must be gathered, and in which a case that is ready must be used */
  readonly window: number
  /** times one channel may stop recoveries within {@link RecoveryRules.vetoWithin}; then people decide */
  readonly vetoes: number
  readonly vetoWithin: number
}

export interface RecoveryRule {
  /** different methods that are needed */
  readonly methods: number
  /** one of them must be a person */
  readonly person: boolean
  /** milliseconds to wait once the proofs are complete */
  readonly hold: number
  /** milliseconds for which authority is withheld after access is back */
  readonly authority: number
  /** milliseconds to which an old trusted device may shorten the hold; null for never */
  readonly shortened: number | null
  /** people who must agree before a frozen case goes on */
  readonly deciders: number
}

/** Beyond every clock; unlike Infinity it survives JSON. */
const NEVER = Number.MAX_SAFE_INTEGER
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** No standard gives the waits; these are judgement, after what banks and mail providers do: a day, three days, a week. */
export const DEFAULT_RECOVERY: RecoveryRules = {
  byImpact: {
    none: { methods: 1, person: false, hold: DAY, authority: 0, shortened: HOUR, deciders: 1 },
    low: { methods: 1, person: false, hold: DAY, authority: DAY, shortened: HOUR, deciders: 1 },
    moderate: { methods: 2, person: false, hold: 3 * DAY, authority: 3 * DAY, shortened: 12 * HOUR, deciders: 1 },
    high: { methods: 2, person: true, hold: 7 * DAY, authority: 3 * DAY, shortened: null, deciders: 2 },
  },
  knownFor: 7 * DAY,
  window: 3 * DAY,
  vetoes: 2,
  vetoWithin: 30 * DAY,
}

/** What happens to a case. `at` is milliseconds since 1970; `known` when the channel or device became known. */
export type RecoveryEvent =
  | { readonly is: 'prove'; readonly browser: string; readonly proof: RecoveryProof }
  | {
      readonly is: 'shorten'
      readonly channel: string
      readonly known: number
      readonly browser: string
      readonly at: number
    }
  | {
      readonly is: 'veto'
      readonly channel: string
      readonly known: number
      readonly earlierVetoes: number
      readonly at: number
    }
  | { readonly is: 'compete'; readonly at: number }
  | {
      readonly is: 'decide'
      readonly by: string
      readonly allow: boolean
      readonly outranks: boolean
      readonly at: number
    }
  | { readonly is: 'tick'; readonly at: number }
  | { readonly is: 'complete'; readonly browser: string; readonly at: number }

/** What the event must be followed by, in this order; all of it before anybody is told that it worked. */
export type RecoveryEffect =
  | { readonly do: 'notify'; readonly template: RecoveryNotice }
  /** every session, token and code ends; authority is withheld until then */
  | { readonly do: 'end_everything'; readonly withheldUntil: number }
  | { readonly do: 'freeze' }
  /** the browser that asked may enrol one authenticator, and nothing else */
  | { readonly do: 'let_enrol' }
export type RecoveryNotice =
  | 'recovery_requested'
  | 'recovery_proved'
  | 'recovery_held'
  | 'recovery_shortened'
  | 'recovery_ready'
  | 'recovery_completed'
  | 'recovery_vetoed'
  | 'recovery_expired'
  | 'recovery_frozen'
  | 'recovery_decided'

/** What is told of a case that goes on: not that it is over, nor that a saved code was used, or made. */
const TOLD_WHILE_OPEN: readonly RecoveryNotice[] = [
  'recovery_requested',
  'recovery_proved',
  'recovery_held',
  'recovery_shortened',
  'recovery_ready',
  'recovery_decided',
]

/** Whether a notice tells of a recovery that could still be stopped when it was sent. */
export const tellsOfOpen = (notice: string): boolean => (TOLD_WHILE_OPEN as readonly string[]).includes(notice)

export interface Stepped {
  readonly case: RecoveryCase
  readonly effects: readonly RecoveryEffect[]
}

/** A new case, and the first notice. */
export function openCase(
  it: Pick<RecoveryCase, 'id' | 'account' | 'browser' | 'impact'>,
  now: number,
  rules: RecoveryRules,
): Stepped {
  return {
    case: {
      ...it,
      state: 'requested',
      proofs: [],
      openedAt: now,
      heldUntil: null,
      expiresAt: now + rules.window,
      decisions: [],
    },
    effects: [{ do: 'notify', template: 'recovery_requested' }],
  }
}

/** Returns the case after the event, or null where the event may not happen to it. A refusal changes nothing. */
export function step(it: RecoveryCase, event: RecoveryEvent, rules: RecoveryRules): Stepped | null {
  const rule = rules.byImpact[it.impact]
  switch (event.is) {
    case 'prove':
      return proved(it, event, rule)
    case 'shorten':
      return shortened(it, event, rule, rules)
    case 'veto':
      return vetoed(it, event, rules)
    case 'compete':
      return isOpen(it) ? frozen(it) : null
    case 'decide':
      return decided(it, event, rule, rules)
    case 'tick':
      return ticked(it, event.at, rules)
    case 'complete':
      return completed(it, event, rule)
  }
}

const told = (it: RecoveryCase, template: RecoveryNotice, ...effects: readonly RecoveryEffect[]): Stepped => ({
  case: it,
  effects: [...effects, { do: 'notify', template }],
})

function proved(
  it: RecoveryCase,
  { browser, proof }: Extract<RecoveryEvent, { is: 'prove' }>,
  rule: RecoveryRule,
): Stepped | null {
  if (it.state !== 'requested' || browser !== it.browser || proof.at >= it.expiresAt || proof.at < it.openedAt)
    return null
  if (it.proofs.some(({ method, channel }) => method === proof.method && channel === proof.channel)) return null
  const proofs = [...it.proofs, proof]
  if (!isComplete(proofs, rule)) return told({ ...it, proofs }, 'recovery_proved')
  const heldUntil = proof.at + rule.hold
  // what was gathered is not lost while it waits; the window for using it begins when the wait is over
  return told({ ...it, proofs, state: 'held', heldUntil, expiresAt: NEVER }, 'recovery_held')
}

/** One channel proves one thing, and one method counts once. */
export function isComplete(proofs: readonly RecoveryProof[], rule: RecoveryRule): boolean {
  const channels = new Set<string>()
  const methods = new Set<RecoveryMethod>()
  for (const { method, channel } of proofs) {
    if (methods.has(method) || channels.has(channel)) continue
    methods.add(method)
    channels.add(channel)
  }
  return methods.size >= rule.methods && (!rule.person || methods.has('help_desk'))
}

/** By a device that was trusted before the case began, in another browser, and that is not what the asker came with. */
function shortened(
  it: RecoveryCase,
  { channel, known, browser, at }: Extract<RecoveryEvent, { is: 'shorten' }>,
  rule: RecoveryRule,
  rules: RecoveryRules,
): Stepped | null {
  if (it.state !== 'held' || it.heldUntil === null || rule.shortened === null) return null
  if (browser === it.browser || it.openedAt - known < rules.knownFor) return null
  if (it.proofs.some((proof) => proof.channel === channel)) return null
  const heldUntil = at + rule.shortened
  return heldUntil < it.heldUntil ? told({ ...it, heldUntil }, 'recovery_shortened') : null
}

/** Whoever holds one old channel can stop a recovery, but not for ever: then people decide. */
function vetoed(
  it: RecoveryCase,
  { known, earlierVetoes }: Extract<RecoveryEvent, { is: 'veto' }>,
  rules: RecoveryRules,
): Stepped | null {
  if (!isOpen(it) || it.openedAt - known < rules.knownFor) return null
  return earlierVetoes >= rules.vetoes ? frozen(it) : told({ ...it, state: 'vetoed' }, 'recovery_vetoed')
}

const frozen = (it: RecoveryCase): Stepped =>
  told({ ...it, state: 'frozen', decisions: [] }, 'recovery_frozen', { do: 'freeze' })

/** Only whoever outranks the reach of the account decides, and each but once; a single no is enough. */
function decided(
  it: RecoveryCase,
  { by, allow, outranks, at }: Extract<RecoveryEvent, { is: 'decide' }>,
  rule: RecoveryRule,
  rules: RecoveryRules,
): Stepped | null {
  if (it.state !== 'frozen' || !outranks || by === it.account) return null
  if (it.decisions.some((each) => each.by === by)) return null
  const decisions = [...it.decisions, { by, allow, at }]
  if (!allow) return told({ ...it, decisions, state: 'vetoed' }, 'recovery_vetoed')
  if (decisions.length < rule.deciders) return told({ ...it, decisions }, 'recovery_decided')
  // the wait begins anew; what was proved stays proved, and if it is not enough it is gathered on
  if (!isComplete(it.proofs, rule))
    return told({ ...it, decisions, state: 'requested', expiresAt: at + rules.window }, 'recovery_decided')
  return told({ ...it, decisions, state: 'held', heldUntil: at + rule.hold, expiresAt: NEVER }, 'recovery_held')
}

function ticked(it: RecoveryCase, at: number, rules: RecoveryRules): Stepped | null {
  if (it.state === 'held' && it.heldUntil !== null && at >= it.heldUntil) {
    return told({ ...it, state: 'ready', expiresAt: it.heldUntil + rules.window }, 'recovery_ready')
  }
  if (isOpen(it) && at >= it.expiresAt) return told({ ...it, state: 'expired' }, 'recovery_expired')
  return null
}

function completed(
  it: RecoveryCase,
  { browser, at }: Extract<RecoveryEvent, { is: 'complete' }>,
  rule: RecoveryRule,
): Stepped | null {
  if (
    it.state !== 'ready' ||
    browser !== it.browser ||
    at >= it.expiresAt ||
    it.heldUntil === null ||
    at < it.heldUntil
  )
    return null
  return told(
    { ...it, state: 'completed' },
    'recovery_completed',
    { do: 'end_everything', withheldUntil: at + rule.authority },
    { do: 'let_enrol' },
  )
}
