/** Exceptions on this node: asked for, approved, watched, and counted. All nodes on one store see the same within a second. */
import { hash } from 'node:crypto'
import { canonical } from '#audit/canonical.ts'
import type { AuditRecord, RecordOf } from '#audit/records.ts'
import type { LiveAnalysis } from '#analysis/live.ts'
import type { StandingException } from '#contract/decision.ts'
import type { ExceptionDraft, RuntimeException, SafeguardState } from '#contract/exception.ts'
import { exceptionWorld, type Safeguards } from '#decision/exception-world.ts'
import {
  approvalRefusals,
  approvedException,
  observedException,
  requestedException,
  requestRefusals,
  revokedException,
  standingException,
  type ExceptionLimits,
  type ExceptionWorld,
  type Refusal,
} from '#decision/exceptions.ts'
import { seenOfAccounts, seenOfSession, type SessionAtHand } from '#decision/own-safeguards.ts'
import type { Clock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import type { Policy } from '#policy/policy.ts'
import type { Database } from '#storage/database.ts'
import { addException, replaceException, storedException, storedExceptions, useException } from '#storage/exceptions.ts'
import type { AuditSink, Log } from './context.ts'
import type { OwnDoor } from './own-safeguards.ts'

/** Who acts: the account, the token by which it speaks, and the request, for the audit log. */
export interface ExceptionActor {
  readonly account: string
  readonly token: string
  readonly requestId: string
}

/** What is asked on: the session, and the device it is on. */
export type Hand = Pick<SessionAtHand, 'session' | 'device'>

export interface AccountSafeguard extends SafeguardState {
  readonly account: string
}

export interface Exceptions {
  /** @throws {AmbitError} `input_invalid` with all that is wrong in `detail.refusals` */
  readonly request: (draft: ExceptionDraft, by: ExceptionActor) => Promise<RuntimeException>
  /** @throws {AmbitError} `forbidden` with all that is against it; `conflict` where it changed meanwhile; `not_found` */
  readonly approve: (id: string, by: ExceptionActor) => Promise<RuntimeException>
  /** @throws {AmbitError} `conflict` where it has ended already; `not_found` */
  readonly revoke: (id: string, by: ExceptionActor) => Promise<RuntimeException>
  /** those that stand for an account now, for a decision on this session; null for a sign-in here that is about to end */
  readonly standing: (account: string, hand: Hand | null) => Promise<readonly StandingException[]>
  /** the safeguards of its subjects as they are now, before a session of theirs is at hand */
  readonly safeguards: (of: RuntimeException) => Promise<readonly AccountSafeguard[]>
  /** counts a use; false where the store no longer gives leave */
  readonly use: (id: string) => Promise<boolean>
  /** suspends and ends what has to be, and resolves when that is kept and recorded */
  readonly observe: () => Promise<void>
  /** reads them again from the store */
  readonly reload: () => Promise<void>
  readonly stop: () => void
}

export interface ExceptionParts {
  readonly database: Database
  readonly live: () => LiveAnalysis | null
  readonly policy: () => Policy
  readonly audit: Pick<AuditSink, 'append'>
  readonly clock: Clock
  readonly log: Log
  /** name of this node, for what it does by itself */
  readonly node: string
  /** the sign-ins of this server; null where nobody signs in here */
  readonly own: OwnDoor | null
}

/** Milliseconds between two looks at what holds. Decisions do not wait for them: they look themselves. */
const OBSERVE_EVERY = 5000

export async function openExceptions(parts: ExceptionParts): Promise<Exceptions> {
  const { database, live, policy, audit, clock, log, own } = parts
  const limits = (): ExceptionLimits => policy().exceptions
  const world = (seen: Safeguards = {}) => exceptionWorld(live(), seen)
  /** With what is seen here of those who sign in here. */
  async function worldOf(accounts: readonly string[]): Promise<ExceptionWorld> {
    if (own === null) return world()
    const here = await Promise.all(accounts.map(own.signsInHere))
    const those = new Set(accounts.filter((_, i) => here[i]))
    return world(seenOfAccounts(own.seen(), (account) => those.has(account)))
  }
  const byNode = { type: 'node', id: parts.node } as const
  let open: readonly RuntimeException[] = []
  let byAccount: ReadonlyMap<string, readonly RuntimeException[]> = new Map()

  let reading: Promise<void> = Promise.resolve()
  // one after the other, so that what was read first never replaces what was read last
  const reload = () => (reading = reading.catch(() => {}).then(read))
  async function read(): Promise<void> {
    open = await storedExceptions(database, ['requested', 'approved', 'suspended'])
    const map = new Map<string, RuntimeException[]>()
    for (const each of open) {
      if (each.state !== 'approved') continue
      for (const account of each.subjects) map.set(account, [...(map.get(account) ?? []), each])
    }
    byAccount = map
  }

  // what was done and is not on record yet; what takes leave away does not wait for its record
  const unrecorded: AuditRecord[] = []
  async function recordAll(...records: readonly AuditRecord[]): Promise<void> {
    unrecorded.push(...records)
    for (let next = unrecorded.shift(); next !== undefined; next = unrecorded.shift()) {
      try {
        await audit.append(next)
      } catch (error) {
        unrecorded.unshift(next)
        throw error
      }
    }
  }

  async function observe(): Promise<void> {
    const now = clock()
    const changed: AuditRecord[] = []
    // only what is known to be gone suspends: as long as all of ours holds, nobody has to be asked after
    const isGone = own !== null && Object.values(own.seen().words).some(({ holds }) => holds === false)
    for (const exception of open) {
      const around = isGone && exception.state === 'approved' ? await worldOf(exception.subjects) : world()
      const next = observedException(exception, around, limits(), now)
      if (next === exception) continue
      // another node may have been faster
      if (!(await replaceException(database, next, now))) continue
      const did = next.state === 'ended' ? 'ended' : 'suspended'
      changed.push(recordOf(next, did, byNode, now))
      log.warn({ exception: next.id, why: next.why }, `an exception was ${did}`)
    }
    if (changed.length > 0) await reload()
    await recordAll(...changed)
  }

  const found = async (id: string): Promise<RuntimeException> => {
    const exception = await storedException(database, id)
    if (exception === null)
      throw new AmbitError('not_found', 'no exception has this id; `GET /v1/exceptions` lists them')
    return exception
  }

  await reload()
  let running: Promise<void> = Promise.resolve()
  const observeInTurn = () => (running = running.catch(() => {}).then(observe))
  const timer = setInterval(() => {
    observeInTurn().catch((error: unknown) => log.error({ err: error }, 'exceptions could not be watched'))
  }, OBSERVE_EVERY)
  timer.unref()

  return {
    async request(draft, by) {
      const now = clock()
      const refusals = requestRefusals(draft, world(), limits(), now)
      if (world().account(by.account) === null) {
        refuse('input_invalid', [
          { code: 'requester_unknown', text: `\`${by.account}\` is no account of the snapshot` },
        ])
      }
      if (refusals.length > 0) refuse('input_invalid', refusals)
      const exception = requestedException(draft, {
        id: newId('exc'),
        requester: by.account,
        requestedBy: by.token,
        requestedAt: now,
      })
      await audit.append(recordOf(exception, 'requested', actorOf(by), now, by.requestId))
      await addException(database, exception, now)
      return exception
    },

    async approve(id, by) {
      const now = clock()
      const exception = await found(id)
      const around = await worldOf(exception.subjects)
      const refusals = approvalRefusals(exception, by, around, limits(), now)
      const why = [...new Set(refusals.map(({ code }) => code))]
      if (refusals.length > 0) {
        await audit.append({ ...recordOf(exception, 'refused', actorOf(by), now, by.requestId), why })
        refuse('forbidden', refusals)
      }
      const next = approvedException(exception, by, around, now)
      // what gives is recorded first: nothing stands that nobody knows of
      await audit.append(recordOf(next, 'approved', actorOf(by), now, by.requestId))
      if (!(await replaceException(database, next, now))) {
        await audit.append({ ...recordOf(next, 'refused', actorOf(by), now, by.requestId), why: ['overtaken'] })
        throw new AmbitError('conflict', 'the exception was changed meanwhile; look at it again')
      }
      await reload()
      return next
    },

    async revoke(id, by) {
      const now = clock()
      // tried again where it changes meanwhile: whoever takes leave away must not lose a race
      for (;;) {
        const next = revokedException(await found(id))
        if (next === null) throw new AmbitError('conflict', 'the exception has ended already')
        if (!(await replaceException(database, next, now))) continue
        await reload()
        await recordAll(recordOf(next, 'revoked', actorOf(by), now, by.requestId))
        return next
      }
    },

    async standing(account, hand) {
      const known = byAccount.get(account)
      if (known === undefined) return []
      const around = world(own === null ? {} : await seenNow(own, hand))
      const now = clock()
      return known
        .map((exception) => standingException(exception, account, around, limits(), now))
        .filter((standing) => standing !== null)
    },
    async safeguards({ subjects, waysIn }) {
      const around = await worldOf(subjects)
      return subjects.flatMap((account) =>
        limits().safeguards.map((each) => ({ account, ...around.safeguard(each, account, waysIn) })),
      )
    },
    use: async (id) => await useException(database, id, clock()),
    observe: observeInTurn,
    reload,
    stop: () => clearInterval(timer),
  }
}

/** What is seen here where it is decided: of the session, or of a sign-in whose session has still to be bound. */
async function seenNow(own: OwnDoor, hand: Hand | null): Promise<Safeguards> {
  const seen = own.seen()
  if (hand === null) return seenOfAccounts(seen, () => true)
  const { issuer, sessionId, subject } = hand.session
  const isBound = issuer !== seen.issuer || sessionId === null ? null : await own.isBound(sessionId, subject)
  return seenOfSession(seen, { ...hand, isBound })
}

const actorOf = ({ account }: ExceptionActor) => ({ type: 'account', id: account }) as const

/** The record of a change; of what people wrote, the hash. */
function recordOf(
  exception: RuntimeException,
  did: RecordOf<'exception'>['did'],
  by: AuditRecord['by'],
  at: number,
  request?: string,
): RecordOf<'exception'> {
  const { id, subjects, uses, end, why, state: _state, version: _version, lastUsedAt: _at, ...content } = exception
  return {
    kind: 'exception',
    at,
    by,
    ...(request === undefined ? {} : { request }),
    did,
    exception: id,
    subjects,
    content: `sha256:${hash('sha256', canonical({ ...content, subjects, end }), 'hex')}`,
    uses,
    until: end,
    why,
  }
}

function refuse(code: 'input_invalid' | 'forbidden', refusals: readonly Refusal[]): never {
  throw new AmbitError(code, refusals.map(({ text }) => text).join('; '), { refusals })
}
