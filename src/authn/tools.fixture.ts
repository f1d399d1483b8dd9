/** Tools over a real store, with a clock that the test turns, an outbox that it reads, and a decision point that it sets. */
import { randomBytes } from 'node:crypto'
import { accountStateStore } from '#storage/account-states.ts'
import { authenticatorStore } from '#storage/authenticators.ts'
import { budgetStore } from '#storage/budgets.ts'
import { challengeStore } from '#storage/challenges.ts'
import type { Database } from '#storage/database.ts'
import { pushStore } from '#storage/pushes.ts'
import { sendLimitStore } from '#storage/send-limits.ts'
import { sessionStore } from '#storage/sessions.ts'
import { tellingStore } from '#storage/tellings.ts'
import type { Attempt } from './ceremony.ts'
import { keyringOf } from './keyring.ts'
import type { PushTools } from './push.ts'
import type { CeremonyRecord, Leave, Message } from './ports.ts'
import { DEFAULT_RULES } from './rules.ts'

export interface TestTools extends PushTools {
  /** milliseconds; add to it to let time go by */
  now: number
  readonly sent: Message[]
  readonly notices: { account: string; template: string }[]
  readonly records: CeremonyRecord[]
  readonly troubles: unknown[]
  leave: Leave
  simChange: 'unchanged' | 'changed' | 'unknown'
  /** set to break something on purpose */
  broken: { ask?: boolean; record?: boolean; send?: boolean }
}

const KEY = { id: 'k1', secret: randomBytes(32) }

export function toolsOver(database: Database): TestTools {
  const fail = (what: string) => Promise.reject(new Error(`${what} is down`))
  const tools: TestTools = {
    now: 1_800_000_000_000,
    sent: [],
    notices: [],
    records: [],
    troubles: [],
    leave: { granted: true },
    simChange: 'unchanged',
    broken: {},
    clock: () => tools.now,
    keyring: keyringOf([KEY]),
    rules: { ...DEFAULT_RULES, sends: { ...DEFAULT_RULES.sends, countries: { DE: 75, US: 10 } } },
    accounts: accountStateStore(database),
    authenticators: authenticatorStore(database, () => tools.now),
    budgets: budgetStore(database),
    challenges: challengeStore(database),
    sessions: sessionStore(database),
    sendLimits: sendLimitStore(database),
    tellings: tellingStore(database),
    pushes: pushStore(database),
    ask: () => (tools.broken.ask ? fail('the decision point') : Promise.resolve(tools.leave)),
    checkSimChange: () => Promise.resolve(tools.simChange),
    send: async (message) => (tools.broken.send ? fail('the outbox') : void tools.sent.push(message)),
    notify: async (account, { template }) => void tools.notices.push({ account, template }),
    onTrouble: (_what, error) => void tools.troubles.push(error),
    record: async (record) => (tools.broken.record ? fail('the audit') : void tools.records.push(record)),
  }
  return tools
}

/** An attempt of Ada's in her own browser, with what the test changes. */
export const attemptOf = (changed: Partial<Attempt> = {}): Attempt => ({
  account: 'idp:ada',
  purpose: 'sign_in',
  browser: 'browser-a',
  binding: '',
  access: null,
  session: null,
  ...changed,
})
