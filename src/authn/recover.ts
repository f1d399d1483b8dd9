/**
 * Recovery over the store. Each change is made to the revision that was read, or not at all, and whatever ends with it ends in
 * the same step, so that no crash leaves one without the other.
 */
import type { Impact } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import type { Tools } from './ceremony.ts'
import type { Ending } from './stores.ts'
import {
  isOpen,
  openCase,
  step,
  type RecoveryCase,
  type RecoveryEffect,
  type RecoveryEvent,
  type RecoveryRules,
  type Stepped,
} from './recovery.ts'

export interface HeldCase {
  readonly case: RecoveryCase
  readonly revision: number
}

export interface RecoveryStore {
  /** false where the account has an open case already */
  readonly open: (it: RecoveryCase) => Promise<boolean>
  readonly find: (id: string) => Promise<HeldCase | null>
  readonly openOf: (account: string) => Promise<HeldCase | null>
  readonly frozenOf: (account: string) => Promise<HeldCase | null>
  /** false where it was changed meanwhile; what ends with it ends in the same step */
  readonly change: (it: RecoveryCase, revision: number, ending: Ending | null, now: number) => Promise<boolean>
  /** open cases whose wait or window is over */
  readonly due: (now: number) => Promise<readonly HeldCase[]>
  readonly noteVeto: (account: string, channel: string, recovery: string, now: number) => Promise<void>
  readonly vetoesOf: (account: string, channel: string, since: number) => Promise<number>
}

export interface RecoveryParts {
  readonly tools: Tools
  readonly store: RecoveryStore
  readonly rules: RecoveryRules
  /** what the account reaches; `high` where nobody knows */
  readonly impactOf: (account: string) => Impact
}

export type Opened = 'opened' | 'continued' | 'frozen' | 'refused'

/**
 * Begins a recovery, or goes on with the one that this browser began. A claim from another browser while one is open freezes
 * both: which of the two is the owner, a person has to find out.
 */
export async function openRecovery(
  parts: RecoveryParts,
  account: string,
  browser: string,
): Promise<{ readonly outcome: Opened; readonly id: string | null }> {
  const { tools, store, rules } = parts
  const { status } = await tools.accounts.stateOf(account)
  if (status === 'disabled') return { outcome: 'refused', id: null }
  if (status === 'frozen') return { outcome: 'frozen', id: (await store.frozenOf(account))?.case.id ?? null }
  const opened = openCase({ id: newId('rc'), account, browser, impact: parts.impactOf(account) }, tools.clock(), rules)
  if (await store.open(opened.case)) {
    await perform(parts, opened)
    return { outcome: 'opened', id: opened.case.id }
  }
  const there = await store.openOf(account)
  if (there === null) return { outcome: 'refused', id: null } // it ended at this very moment; whoever asks asks again
  if (there.case.browser === browser) return { outcome: 'continued', id: there.case.id }
  await happen(parts, there.case.id, { is: 'compete', at: tools.clock() })
  return { outcome: 'frozen', id: there.case.id }
}

/** Times a change is tried on what others changed meanwhile. */
const TRIES = 20

/**
 * Lets an event happen to a case. Returns the case afterwards, or null where the event may not happen to it now.
 *
 * @throws {AmbitError} `conflict` where others keep changing it
 */
export async function happen(parts: RecoveryParts, id: string, event: RecoveryEvent): Promise<RecoveryCase | null> {
  for (let tried = 0; tried < TRIES; tried++) {
    const held = await parts.store.find(id)
    if (held === null) return null
    const stepped = step(held.case, event, parts.rules)
    if (stepped === null) return null
    if (!(await parts.store.change(stepped.case, held.revision, endingOf(held.case, stepped), parts.tools.clock())))
      continue
    await perform(parts, stepped)
    return stepped.case
  }
  throw new AmbitError('conflict', 'this recovery is being changed by others; try again')
}

/** What ends in the step that changes the case; a case that was decided shuts its account no longer. */
function endingOf(before: RecoveryCase, { case: after, effects }: Stepped): Ending | null {
  for (const effect of effects) {
    if (effect.do === 'freeze') return { locks: ['contested_recovery'], reason: 'recovery_frozen' }
    if (effect.do === 'end_everything') return { withheldUntil: effect.withheldUntil, reason: 'recovered' }
  }
  if (before.state !== 'frozen' || after.state === 'frozen') return null
  return { unlocks: 'contested_recovery', reason: 'recovery_decided' }
}

async function perform({ tools }: RecoveryParts, { case: it, effects }: Stepped): Promise<void> {
  await tools.record({
    kind: 'recovery',
    account: it.account,
    event: `recovery_${it.state}`,
    factor: null,
    purpose: 'recover',
    outcome: it.state === 'completed' ? 'accepted' : isOpen(it) ? 'begun' : 'refused',
    reason: it.id,
    session: null,
    at: tools.clock(),
  })
  for (const effect of effects) await told(tools, it.account, effect)
}

async function told(tools: Tools, account: string, effect: RecoveryEffect): Promise<void> {
  if (effect.do === 'notify') await tools.notify(account, { template: effect.template, values: {} })
}

/** Stops a recovery in the name of a channel; `known` is when the account came to have it (milliseconds since 1970). */
export async function vetoRecovery(
  parts: RecoveryParts,
  id: string,
  channel: string,
  known: number,
): Promise<RecoveryCase | null> {
  const held = await parts.store.find(id)
  if (held === null) return null
  const now = parts.tools.clock()
  const { account } = held.case
  const earlierVetoes = await parts.store.vetoesOf(account, channel, now - parts.rules.vetoWithin)
  const after = await happen(parts, id, { is: 'veto', channel, known, earlierVetoes, at: now })
  if (after !== null) await parts.store.noteVeto(account, channel, id, now)
  return after
}

/** A person lets a frozen case go on, or refuses it; it takes as many as the reach asks for. */
export const decideRecovery = (
  parts: RecoveryParts,
  id: string,
  by: string,
  allow: boolean,
  outranks: boolean,
): Promise<RecoveryCase | null> => happen(parts, id, { is: 'decide', by, allow, outranks, at: parts.tools.clock() })

/** Moves on every case whose time has come; to be called every minute by any node. */
export async function sweepRecoveries(parts: RecoveryParts): Promise<number> {
  let moved = 0
  for (const { case: it } of await parts.store.due(parts.tools.clock())) {
    if ((await happen(parts, it.id, { is: 'tick', at: parts.tools.clock() })) !== null) moved++
  }
  return moved
}
