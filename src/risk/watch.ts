/** Anomalies over the store: what was seen is written down as signals, which every decision reads; risk only adds. */
import type { RiskLevel } from '#contract/decision.ts'
import { newId } from '#lib/ids.ts'
import { anomalies, type Anomaly, type AnomalyRules } from './anomalies.ts'
import { learn, noHabits, recovered, type Habits, type Use } from './habits.ts'

/** Something noticed or reported, as it stands in the store. Times are milliseconds since 1970. */
export interface StoredSignal {
  /** the same occasion reported twice is one signal */
  readonly id: string
  readonly account: string
  readonly kind: string
  readonly level: RiskLevel
  readonly source: string
  /** null where it is of the account, not of one session or device */
  readonly session: string | null
  readonly device: string | null
  readonly evidence: Readonly<Record<string, unknown>>
  readonly at: number
  /** it stands until then; `Number.MAX_SAFE_INTEGER` for until it is taken back */
  readonly endsAt: number
}

export interface SignalStore {
  /** keeps the first of one id; false for a repeat */
  readonly put: (signal: StoredSignal) => Promise<boolean>
  readonly standing: (account: string, now: number) => Promise<readonly StoredSignal[]>
  /** ends those of a kind and source, e.g. when a level is lowered by whoever raised it; how many ended */
  readonly end: (
    account: string,
    of: { readonly kind: string; readonly source: string },
    now: number,
  ) => Promise<number>
}

export interface HabitStore {
  readonly find: (account: string) => Promise<{ readonly habits: Habits; readonly revision: number } | null>
  /** false where it was changed meanwhile */
  readonly save: (habits: Habits, revision: number | null) => Promise<boolean>
  readonly noteFailure: (id: string, account: string, network: string, now: number) => Promise<void>
  readonly failures: (account: string, since: number) => Promise<number>
  readonly accountsTried: (network: string, since: number) => Promise<number>
}

export interface WatchParts {
  readonly habits: HabitStore
  readonly signals: SignalStore
  readonly rules: AnomalyRules
}

/** Milliseconds for which an anomaly asks for more: as long as a session of code strength lasts at most. */
const STANDS_MS = 86_400_000
/** Times a change of habits is tried against others. */
const TRIES = 10

/** Notes a failure. It teaches nothing; it only counts. */
export async function sawFailure({ habits }: WatchParts, use: Pick<Use, 'account' | 'network' | 'at'>): Promise<void> {
  await habits.noteFailure(newId('f'), use.account, use.network ?? 'unknown', use.at)
}

/** Weighs a use that succeeded, writes down what is unusual, then learns from it. Returns what was unusual. */
export async function sawUse(parts: WatchParts, use: Use, session: string | null): Promise<readonly Anomaly[]> {
  const { habits, signals, rules } = parts
  const network = use.network ?? 'unknown'
  const around = {
    failures: await habits.failures(use.account, use.at - rules.burstWithin),
    accountsTried: await habits.accountsTried(network, use.at - rules.fanOutWithin),
  }
  const known = (await habits.find(use.account))?.habits ?? noHabits(use.account, use.at)
  const found = anomalies(known, use, around, rules)
  for (const { kind, level, evidence, text } of found) {
    await signals.put({
      id: newId('sig'),
      account: use.account,
      kind,
      level,
      source: 'anomaly',
      session,
      device: use.device,
      evidence: { ...evidence, text },
      at: use.at,
      endsAt: use.at + STANDS_MS,
    })
  }
  await changeHabits(parts, use.account, use.at, (before) => learn(before, use))
  return found
}

/** Begins the habits anew after a recovery. */
export const sawRecovery = (parts: WatchParts, account: string, at: number): Promise<void> =>
  changeHabits(parts, account, at, (before) => recovered(before, at))

async function changeHabits(
  { habits }: WatchParts,
  account: string,
  now: number,
  change: (before: Habits) => Habits,
): Promise<void> {
  for (let tried = 0; tried < TRIES; tried++) {
    const found = await habits.find(account)
    if (await habits.save(change(found?.habits ?? noHabits(account, now)), found?.revision ?? null)) return
  }
}
