/**
 * Recovery over the store. Each change is made to the revision that was read, or not at all. Whatever ends with it ends in the same step,
 * which also keeps what is to be recorded and told of it, so that no crash leaves one without the other.
 */
import type { Impact } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import type { Tools } from './ceremony.ts'
import type { UsedLink } from './not-me.ts'
import type { Ending, Lock } from './stores.ts'
import { tell, toNotify, toRecord, type Telling } from './tellings.ts'
import {
  isOpen,
  openCase,
  step,
  type RecoveryCase,
  type RecoveryEvent,
  type RecoveryRules,
  type Stepped,
} from './recovery.ts'

export interface HeldCase {
  readonly case: RecoveryCase
  readonly revision: number
}

/** What is done in the step that changes a case, or not at all. */
export interface Alongside {
  readonly tellings: readonly Telling[]
  readonly ending?: Ending
  /** channel in whose name it was stopped */
  readonly vetoedBy?: string
  /** a link that is used up by this */
  readonly link?: UsedLink
}

/** `stale` where others changed it meanwhile, `used` where the link was used before: then nothing is done. */
export type Changed = 'changed' | 'stale' | 'used'

export interface RecoveryStore {
  /** false where the account has an open case already */
  readonly open: (it: RecoveryCase, tellings: readonly Telling[]) => Promise<boolean>
  readonly find: (id: string) => Promise<HeldCase | null>
  readonly openOf: (account: string) => Promise<HeldCase | null>
  readonly frozenOf: (account: string) => Promise<HeldCase | null>
  readonly change: (it: RecoveryCase, revision: number, alongside: Alongside, now: number) => Promise<Changed>
  /** ends everything of an account in which no recovery is open, as whoever used the link wants it; `stale` where one is */
  readonly endWithout: (
    account: string,
    alongside: Alongside & { readonly ending: Ending; readonly link: UsedLink },
    now: number,
  ) => Promise<Changed>
  /** open cases whose wait or window is over */
  readonly due: (now: number) => Promise<readonly HeldCase[]>
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
  const tellings = tellingsOf(opened, tools.clock())
  if (await store.open(opened.case, tellings)) {
    await tell(tools, tellings)
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
  const after = await happenWith(parts, id, event)
  return after === 'used' ? null : after
}

/** {@link happen}, with what else is done in the same step; `used` where its link was used before. */
export async function happenWith(
  parts: RecoveryParts,
  id: string,
  event: RecoveryEvent,
  { locks = [], ...also }: Pick<Alongside, 'vetoedBy' | 'link'> & { readonly locks?: readonly Lock[] } = {},
): Promise<RecoveryCase | 'used' | null> {
  const { store, tools, rules } = parts
  for (let tried = 0; tried < TRIES; tried++) {
    const held = await store.find(id)
    if (held === null) return null
    const stepped = step(held.case, event, rules)
    if (stepped === null) return null
    const now = tools.clock()
    const tellings = tellingsOf(stepped, now)
    const alongside = { ...also, ...endingOf(held.case, stepped, locks), tellings }
    const changed = await store.change(stepped.case, held.revision, alongside, now)
    if (changed === 'stale') continue
    if (changed === 'used') return 'used'
    await tell(tools, tellings)
    return stepped.case
  }
  throw new AmbitError('conflict', 'this recovery is being changed by others; try again')
}

/** What ends in the step that changes the case; a case that was decided shuts its account no longer. */
function endingOf(
  before: RecoveryCase,
  { case: after, effects }: Stepped,
  locks: readonly Lock[],
): Pick<Alongside, 'ending'> {
  for (const effect of effects) {
    if (effect.do === 'freeze')
      return { ending: { locks: ['contested_recovery', ...locks], reason: 'recovery_frozen' } }
    if (effect.do === 'end_everything') return { ending: { withheldUntil: effect.withheldUntil, reason: 'recovered' } }
  }
  if (before.state !== 'frozen' || after.state === 'frozen') return {}
  return { ending: { unlocks: 'contested_recovery', reason: 'recovery_decided' } }
}

function tellingsOf({ case: it, effects }: Stepped, now: number): Telling[] {
  const record = toRecord({
    kind: 'recovery',
    account: it.account,
    event: `recovery_${it.state}`,
    factor: null,
    purpose: 'recover',
    outcome: it.state === 'completed' ? 'accepted' : isOpen(it) ? 'begun' : 'refused',
    reason: it.id,
    session: null,
    at: now,
  })
  const notices = effects.flatMap((effect) =>
    effect.do === 'notify' ? [toNotify(it.account, { template: effect.template, values: {} })] : [],
  )
  return [record, ...notices]
}

/**
 * Stops a recovery in the name of a channel; `known` is when the account came to have it (milliseconds since 1970). `used` where it was to
 * use up a link that was used before.
 */
export async function vetoRecovery(
  parts: RecoveryParts,
  id: string,
  channel: string,
  known: number,
  link?: UsedLink,
): Promise<RecoveryCase | 'used' | null> {
  const held = await parts.store.find(id)
  if (held === null) return null
  const now = parts.tools.clock()
  const earlierVetoes = await parts.store.vetoesOf(held.case.account, channel, now - parts.rules.vetoWithin)
  const event = { is: 'veto', channel, known, earlierVetoes, at: now } as const
  return await happenWith(parts, id, event, { vetoedBy: channel, ...(link && { link }) })
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
