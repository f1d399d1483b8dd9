/**
 * What is known of whoever asks, beside the session: the state of the account, standing signals, the device, exceptions. Kept in memory
 * by account until the store says that it changed, so that a change counts on every node within a second.
 */
import type { AccountState, AccountStateStore } from '#authn/stores.ts'
import { KNOWN_SIGNALS, type DeviceEvidence, type RiskSignal, type SessionEvidence } from '#contract/decision.ts'
import type { DecisionSettings } from '#decision/settings.ts'
import type { Clock } from '#lib/clock.ts'
import type { SignalStore, StoredSignal } from '#risk/watch.ts'
import { ACCOUNT_CHANGED } from '#storage/account-states.ts'
import type { SessionDevice } from '#storage/devices.ts'
import { RISK_CHANGED } from '#storage/risk.ts'
import type { ChangeFeed } from './context.ts'
import { NO_CIRCUMSTANCES, type FindCircumstances } from './evaluate.ts'
import type { Exceptions } from './exceptions.ts'

export interface CircumstanceParts {
  /** how a request names accounts */
  readonly subjects: DecisionSettings['subjects']
  readonly signals: Pick<SignalStore, 'standing'>
  readonly accounts: Pick<AccountStateStore, 'stateOf'>
  readonly sessionDevices: (account: string) => Promise<readonly SessionDevice[]>
  readonly exceptions: Pick<Exceptions, 'standing'>
  readonly changes: Pick<ChangeFeed, 'on'>
  readonly clock: Clock
}

interface Known {
  readonly state: AccountState
  readonly signals: readonly StoredSignal[]
  readonly devices: readonly SessionDevice[]
}

/** Accounts kept in memory, at a kilobyte each; ours. */
const KEPT = 50_000
/** Milliseconds after which an account is read again even if nothing was heard of it; ours. Changes are told at once. */
const KEPT_MS = 5000

/** Returns the finder. What it cannot read it rejects with, which is a deny. */
export function circumstancesFrom(parts: CircumstanceParts): FindCircumstances {
  const { subjects, signals, accounts, changes, clock } = parts
  const kept = new Map<string, { readonly known: Promise<Known>; readonly until: number }>()
  const forget = ({ key }: { readonly key: string }) => void kept.delete(key)
  changes.on(RISK_CHANGED, forget)
  changes.on(ACCOUNT_CHANGED, forget)

  async function read(account: string, now: number): Promise<Known> {
    const [state, standing, devices] = await Promise.all([
      accounts.stateOf(account),
      signals.standing(account, now),
      parts.sessionDevices(account),
    ])
    return { state, signals: standing, devices }
  }

  function knownOf(account: string): Promise<Known> {
    const now = clock()
    const found = kept.get(account)
    if (found !== undefined && found.until > now && found.until <= now + KEPT_MS) return found.known
    const entry = { known: read(account, now), until: now + KEPT_MS }
    kept.delete(account)
    kept.set(account, entry)
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
    // a failure is not kept: the next question asks the store again
    entry.known.catch(() => kept.get(account) === entry && kept.delete(account))
    return entry.known
  }

  return async ({ subject: { type, id }, session }) => {
    // the decision refuses a type that it does not know
    if (!Object.hasOwn(subjects, type)) return NO_CIRCUMSTANCES
    const account = `${subjects[type]!.prefix ?? ''}${id}`
    const known = await knownOf(account)
    const now = clock()
    const device = session?.subject === account ? deviceOf(known.devices, session) : null
    const risk = [
      ...ofState(known.state, now),
      ...known.signals
        .filter(({ endsAt }) => endsAt > now)
        .filter((it) => concerns(it, session, device))
        .map(asRisk),
    ]
    const exceptions = await parts.exceptions.standing(account, session === null ? null : { session, device })
    return { device, risk, exceptions }
  }
}

/** A managed device, once whoever looks after it spoke of it; otherwise only its id, which proves nothing. */
function deviceOf(devices: readonly SessionDevice[], { sessionId }: SessionEvidence): DeviceEvidence | null {
  const found = sessionId === null ? undefined : devices.find(({ session }) => session === sessionId)
  if (found === undefined) return null
  return { id: found.device, managed: found.compliant === null ? null : true, compliant: found.compliant }
}

/** Whether a signal is of this session and device. Where a session does not say which it is, it may be the one. */
function concerns(signal: StoredSignal, session: SessionEvidence | null, device: DeviceEvidence | null): boolean {
  const sessionId = session?.sessionId ?? null
  if (signal.session !== null && sessionId !== null && signal.session !== sessionId) return false
  return signal.device === null || device === null || device.id === null || signal.device === device.id
}

function asRisk({ kind, level, at, source }: StoredSignal): RiskSignal {
  return { kind, level, at: Math.floor(at / 1000), source }
}

/** What the state of the account adds. Low: what it does, it does by its kind. */
function ofState({ status, withheldUntil }: AccountState, now: number): RiskSignal[] {
  const signal = (kind: string): RiskSignal => ({ kind, level: 'low', at: Math.floor(now / 1000), source: 'account' })
  return [
    ...(status === 'disabled' ? [signal(KNOWN_SIGNALS.disabled)] : []),
    ...(status === 'frozen' ? [signal(KNOWN_SIGNALS.frozen)] : []),
    ...(withheldUntil > now ? [signal(KNOWN_SIGNALS.recovered)] : []),
  ]
}
