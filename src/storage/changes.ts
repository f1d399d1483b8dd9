/**
 * How nodes on one store learn of each other's changes: whoever changes something that others keep in memory writes a
 * row in the same transaction; everyone reads the new rows several times a second.
 */
import type { Generated, Kysely } from 'kysely'
import type { Clock } from '#lib/clock.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface ChangeTables {
  /** `seq` rises, but a row may become visible after one with a higher number */
  readonly changes: {
    readonly seq: Generated<number>
    readonly topic: string
    readonly key: string
    readonly at: number
  }
}

export interface Change {
  readonly topic: string
  readonly key: string
}

/** Says that something changed; in the transaction that changes it, so that both are seen or neither. */
export async function announce(sql: Kysely<Tables>, change: Change, now: number): Promise<void> {
  await sql
    .insertInto('changes')
    .values({ ...change, at: now })
    .execute()
}

/** Milliseconds between two looks: a change is known everywhere within a second. */
const LOOK_EVERY = 200
/** A transaction that takes longer than this to commit may go unseen; the store ends queries after 15 s. */
const LATE_MS = 30_000
/** Rows before the newest one among which a late commit is looked for at the start. */
const LATE_ROWS = 1000
/** Rows older than this are deleted by whoever looks. */
const KEPT_MS = 3_600_000

export interface Follower {
  /** looks now; resolves when every change that is visible has been told */
  readonly look: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Tells of every change from now on, each once, in order of visibility. A look that fails is repeated; `onTrouble` hears of it, and
 * of the recovery (with `null`). Changes of this process are told too.
 */
export async function follow(
  database: Database,
  told: (change: Change) => void | Promise<void>,
  { clock, onTrouble = () => {} }: { clock: Clock; onTrouble?: (error: unknown) => void },
): Promise<Follower> {
  // the last rows count as told; one that is missing among them belongs to a transaction that has not committed yet
  const start = await database.sql.selectFrom('changes').select('seq').orderBy('seq', 'desc').limit(LATE_ROWS).execute()
  // seqs above the floor that were told already; the floor follows once late commits can no longer come in under it
  let floor = (start.at(-1)?.seq ?? 1) - 1
  const seen = new Map<number, number>(start.map(({ seq }) => [seq, clock()]))
  let troubled = false
  let cleanedAt = clock()

  async function lookOnce(): Promise<void> {
    const rows = await database.sql.selectFrom('changes').selectAll().where('seq', '>', floor).orderBy('seq').execute()
    const now = clock()
    for (const { seq, topic, key } of rows) {
      if (seen.has(seq)) continue
      await told({ topic, key })
      seen.set(seq, now)
    }
    for (const [seq, at] of seen) {
      if (now - at < LATE_MS) continue
      floor = Math.max(floor, seq)
    }
    for (const seq of seen.keys()) if (seq <= floor) seen.delete(seq)
    if (now - cleanedAt > KEPT_MS) {
      cleanedAt = now
      await database.sql
        .deleteFrom('changes')
        .where('at', '<', now - KEPT_MS)
        .execute()
    }
  }

  let running: Promise<void> = Promise.resolve()
  const look = () => (running = running.then(lookOnce, lookOnce))
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    if (stopped) return
    timer = setTimeout(() => {
      look()
        .then(
          () => {
            if (troubled) onTrouble(null)
            troubled = false
          },
          (error: unknown) => {
            if (!troubled) onTrouble(error)
            troubled = true
          },
        )
        .finally(again)
    }, LOOK_EVERY)
    timer.unref()
  }
  again()
  return {
    look,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running.catch(() => {})
    },
  }
}
