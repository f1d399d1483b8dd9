/**
 * What follows from the button "it was not me". The link is used up by the very step that stops or locks: whatever fails before that leaves
 * the link as good as it was, and whoever uses it twice has done one thing.
 */
import { AmbitError } from '#lib/errors.ts'
import { notMeOf, type NotMe, type UsedLink } from './not-me.ts'
import { happenWith, vetoRecovery, type HeldCase, type RecoveryParts } from './recover.ts'
import { tellsOfOpen } from './recovery.ts'
import type { IdentifierStore } from './stores.ts'
import { tell, toNotify, toRecord } from './tellings.ts'

export interface NotMeParts {
  readonly recovery: RecoveryParts
  readonly identifiers: Pick<IdentifierStore, 'listOf'>
}

/** `over` where the link is none of ours, too old, or was used: then nothing was done. */
export type NotMeDone = 'over' | 'stopped' | 'locked'

/** Times it is tried on what others changed meanwhile. */
const TRIES = 20

/**
 * Of a recovery that goes on, the owner of the address stops it, if the address is old enough to be believed; otherwise people decide about
 * it. Whatever else it was not the owner who did it, be it an earlier recovery: the account is locked until somebody who outranks it has
 * spoken with its owner, and a recovery that is under way waits for people, who decide about it before anybody opens the account again.
 *
 * @throws {AmbitError} `conflict` where others keep changing the recovery
 */
export async function sayNotMe(parts: NotMeParts, token: unknown): Promise<NotMeDone> {
  const { recovery } = parts
  const said = notMeOf(recovery.tools.keyring, token, recovery.tools.clock())
  if (said === null) return 'over'
  for (let tried = 0; tried < TRIES; tried++) {
    const open = await recovery.store.openOf(said.account)
    const done = open === null ? await locked(recovery, said) : await stopped(parts, said, open)
    if (done !== 'stale') return done
  }
  throw new AmbitError('conflict', 'a recovery of this account is being changed by others; try again')
}

const linkOf = ({ id, expiresAt }: NotMe): UsedLink => ({ id, expiresAt })

async function stopped(
  { recovery, identifiers }: NotMeParts,
  said: NotMe,
  { case: it }: HeldCase,
): Promise<NotMeDone | 'stale'> {
  const link = linkOf(said)
  const isOfThis = tellsOfOpen(said.notice) && said.at >= it.openedAt
  const own = await identifiers.listOf(said.account)
  const known = own.find(
    ({ kind, canonical: name }) => said.told === `${kind === 'phone' ? 'sms' : kind} ${name}`,
  )?.verifiedAt
  if (isOfThis && known != null) {
    const after = await vetoRecovery(recovery, it.id, said.told, known, link)
    if (after === 'used') return 'over'
    if (after !== null) return after.state === 'vetoed' ? 'stopped' : 'locked'
  }
  // of this recovery, people decide, and there is nothing else to be looked at
  const locks = isOfThis ? [] : (['not_me'] as const)
  const after = await happenWith(recovery, it.id, { is: 'compete', at: recovery.tools.clock() }, { locks, link })
  if (after === 'used') return 'over'
  return after === null ? 'stale' : 'locked'
}

async function locked({ tools, store }: RecoveryParts, said: NotMe): Promise<NotMeDone | 'stale'> {
  const { account } = said
  const now = tools.clock()
  const tellings = [
    toRecord({
      kind: 'lock',
      account,
      event: 'account_locked',
      factor: null,
      purpose: null,
      outcome: 'accepted',
      reason: 'not_me',
      session: null,
      at: now,
    }),
    toNotify(account, { template: 'account_frozen', values: {} }),
  ]
  const ending = { locks: ['not_me'], reason: 'not_me' } as const
  const done = await store.endWithout(account, { ending, tellings, link: linkOf(said) }, now)
  if (done !== 'changed') return done === 'used' ? 'over' : 'stale'
  await tell(tools, tellings)
  return 'locked'
}
