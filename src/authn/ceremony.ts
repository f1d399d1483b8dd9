/**
 * The one door to every comparison of something that can be guessed. Nothing is compared before the decision point gave leave
 * and the budget was charged; nothing is said to be accepted before the audit has it. Whatever fails, refuses.
 */
import type { Clock } from '#lib/clock.ts'
import type { ChallengeStore } from './challenge.ts'
import { FACTORS, type CeremonyPurpose, type FactorName } from './factors.ts'
import type { Keyring } from './keyring.ts'
import type { AskDecisionPoint, CheckSimChange, Notify, Send, WriteRecord } from './ports.ts'
import type { AuthnRules } from './rules.ts'
import type { SendLimitStore } from './send-limits.ts'
import type { Proof } from './session.ts'
import type { TellingStore } from './tellings.ts'
import type { AccountStateStore, AuthenticatorStore, BudgetStore, SessionStore } from './stores.ts'

/** Everything that ceremonies work with. */
export interface Tools {
  readonly clock: Clock
  readonly keyring: Keyring
  readonly rules: AuthnRules
  readonly accounts: AccountStateStore
  readonly authenticators: AuthenticatorStore
  readonly budgets: BudgetStore
  readonly challenges: ChallengeStore
  readonly sessions: SessionStore
  readonly sendLimits: SendLimitStore
  readonly tellings: TellingStore
  readonly ask: AskDecisionPoint
  readonly checkSimChange: CheckSimChange
  readonly send: Send
  readonly notify: Notify
  readonly record: WriteRecord
  /** hears why something could not be checked; whoever asked is told that it is unavailable and no more */
  readonly onTrouble: (what: string, error: unknown) => void
}

/** Who tries to prove what, where and for what. */
export interface Attempt {
  readonly account: string
  readonly purpose: CeremonyPurpose
  /** hash of the handle in the browser */
  readonly browser: string
  /** hash of the action that it is for; `''` for none */
  readonly binding: string
  readonly access: Parameters<AskDecisionPoint>[0]['access']
  /** the session that is to be raised; null at a sign-in */
  readonly session: string | null
  /** whether what is shown rests on a code, where the factor alone does not say */
  readonly code?: boolean
  /** work that takes as long as comparing, for a refusal that comes before it and must not be told apart by its time */
  readonly instead?: () => Promise<void>
}

export type Outcome =
  /** `epoch`: that of the account before anything was compared; a proof of an older epoch than the present opens nothing */
  | { readonly accepted: true; readonly proof: Proof; readonly epoch: number }
  /** `reason` is for the audit; a stranger is told one and the same sentence for all of them */
  | { readonly accepted: false; readonly reason: RefusalReason }

export type RefusalReason =
  | 'wrong'
  | 'not_allowed'
  | 'budget_spent'
  | 'account_closed'
  | 'unavailable'
  | 'session_ended'

/** Compares; resolves to the proof if right, null if not; `at` only where it was proved earlier, elsewhere. Runs once for each charge of the budget. */
export type Compare = () => Promise<
  (Omit<Proof, 'factor' | 'purpose' | 'binding' | 'at'> & { readonly at?: number }) | null
>

export async function attempt(tools: Tools, factor: FactorName, it: Attempt, compare: Compare): Promise<Outcome> {
  const unavailable = (error: unknown): Outcome => {
    tools.onTrouble('a factor could not be checked', error)
    return { accepted: false, reason: 'unavailable' }
  }
  const charged: Charge[] = []
  const outcome = await decided(tools, factor, it, compare, charged).catch(unavailable)
  const recorded = tools.record({
    kind: 'authentication',
    account: it.account,
    event: 'factor_checked',
    factor,
    purpose: it.purpose,
    outcome: outcome.accepted ? 'accepted' : 'refused',
    reason: outcome.accepted ? null : outcome.reason,
    session: it.session,
    at: tools.clock(),
  })
  const givenBack = outcome.accepted ? charged.map((charge) => tools.budgets.succeeded(...charge)) : []
  return Promise.all([recorded, ...givenBack]).then(() => outcome, unavailable)
}

/** What a success gives back. */
type Charge = Parameters<BudgetStore['succeeded']>

async function decided(
  tools: Tools,
  factor: FactorName,
  it: Attempt,
  compare: Compare,
  charged: Charge[],
): Promise<Outcome> {
  const refused = (reason: RefusalReason): Outcome => ({ accepted: false, reason })
  const { account, purpose, browser, binding, access, session } = it
  const [state, pool] = await Promise.all([
    tools.accounts.stateOf(account),
    FACTORS[factor].guessable
      ? tools.budgets.reserve(account, factor, browser, tools.rules.budget, tools.clock())
      : undefined,
  ])
  if (pool === null) return refused('budget_spent')
  if (pool !== undefined) charged.push([account, factor, pool])
  // a frozen account may still prove things towards its recovery; a disabled one may not prove anything. Either is refused below,
  // after the same work as any other, so that its time does not tell that it is there
  const closed = state.status === 'disabled' || (state.status === 'frozen' && purpose !== 'recover')
  const leave = await tools.ask({ account, factor, purpose, access, code: it.code ?? FACTORS[factor].code })
  if (closed || !leave.granted) {
    await it.instead?.()
    return refused(closed ? 'account_closed' : 'not_allowed')
  }
  const found = await compare()
  if (found === null) return (await sessionSurvives(tools, it)) ? refused('wrong') : refused('session_ended')
  if (session !== null) charged.push([sessionKey(session), 'session', 'strange'])
  return { accepted: true, proof: { at: tools.clock(), ...found, factor, purpose, binding }, epoch: state.epoch }
}

const sessionKey = (session: string): string => `session ${session}`

/** A session in which too many answers were wrong is not its owner's: it ends, and the owner is told. */
async function sessionSurvives(tools: Tools, { session, account, purpose }: Attempt): Promise<boolean> {
  if (session === null || purpose !== 'step_up') return true
  const most = tools.rules.stepUpFailures
  const budget = { perHour: most - 1, perDay: most - 1, inARow: most - 1 }
  if ((await tools.budgets.reserve(sessionKey(session), 'session', '', budget, tools.clock())) !== null) return true
  await tools.sessions.end(session, 'too_many_failures', tools.clock())
  await tools.notify(account, { template: 'step_up_guessed', values: {} })
  return false
}

/** One canonical form of a typed code before anything counts or compares it; null for what is no code. */
export function canonicalCode(typed: unknown, digits: number): string | null {
  if (typeof typed !== 'string' || typed.length > 4 * digits) return null
  const code = typed.replaceAll(/[ -]/g, '')
  return code.length === digits && /^[0-9]+$/.test(code) ? code : null
}
