/**
 * Many callers, one statement: what is asked for while a batch is under way goes into the next. On PostgreSQL that spares round trips,
 * and on both stores the work of a statement for each.
 */
import { sql, type AliasedRawBuilder } from 'kysely'
import { AmbitError } from '#lib/errors.ts'
import { isUndone, type Database } from './database.ts'

/** Items of one statement. */
const BATCH = 500
/** Items that may wait, as many as of the audit log; ours. */
const WAITING = 10_000

interface Waiting<T, R> {
  readonly item: T
  readonly key: string | undefined
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
  /** the next of the same key, which is ready once this one is taken */
  next: Waiting<T, R> | null
}

/**
 * A function of one item over a function of many, which resolves to a result for each, in their order. Where ten thousand wait
 * already it rejects with `overloaded`: what is decided without an answer is a deny.
 *
 * @param work one statement: of a failure that says it did nothing, each item is done again, alone
 * @param keyOf what a statement can change only once: of two items with one key, the second is in a later batch
 */
export function inBatches<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
  keyOf?: (item: T) => string,
): (item: T) => Promise<R> {
  /** those that may be in the next batch, in the order in which they became so: no two of one key */
  let ready: Waiting<T, R>[] = []
  /** by key, the last of those that wait */
  const lastOf = new Map<string, Waiting<T, R>>()
  let waiting = 0
  let running = false

  async function run(): Promise<void> {
    // those of the same turn of the event loop go together
    await new Promise((resolve) => setImmediate(resolve))
    while (ready.length > 0) await answer(nextBatch())
    running = false
  }

  function nextBatch(): Waiting<T, R>[] {
    const batch = ready.slice(0, BATCH)
    ready = ready.slice(BATCH)
    for (const { key, next } of batch) {
      if (next !== null) ready.push(next)
      else if (key !== undefined) lastOf.delete(key)
    }
    waiting -= batch.length
    return batch
  }

  async function answer(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await work(batch.map(({ item }) => item))
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]!)
    } catch (error) {
      // of what one value or one row of others spoiled, each is done alone
      if (batch.length > 1 && isUndone(error)) for (const each of batch) await answer([each])
      else for (const { reject } of batch) reject(error)
    }
  }

  function add(added: Waiting<T, R>): void {
    waiting++
    const before = added.key === undefined ? undefined : lastOf.get(added.key)
    if (added.key !== undefined) lastOf.set(added.key, added)
    if (before === undefined) ready.push(added)
    else before.next = added
  }

  return (item) => {
    if (waiting >= WAITING) {
      return Promise.reject(
        new AmbitError('overloaded', 'the store has more to do than it can; come again a little later'),
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    add({ item, key: keyOf?.(item), resolve, reject, next: null })
    if (!running) {
      running = true
      void run()
    }
    return promise
  }
}

type Column = 'text' | 'bigint'
type RowOf<C> = { readonly [name in keyof C]: C[name] extends 'bigint' ? number : string }

/** Rows as one parameter of a statement, whose text is then the same for however many; a table to select from. */
export function rowsOf<C extends Readonly<Record<string, Column>>, A extends string>(
  { dialect }: Database,
  name: A,
  columns: C,
  rows: readonly RowOf<C>[],
): AliasedRawBuilder<RowOf<C>, A> {
  const json = JSON.stringify(rows)
  const names = Object.entries(columns)
  if (dialect === 'postgres') {
    const typed = names.map(([column, type]) => sql`${sql.ref(column)} ${sql.raw(type)}`)
    return sql<RowOf<C>>`json_to_recordset(${json}::json)`.as<A>(sql`${sql.ref(name)}(${sql.join(typed)})`)
  }
  const taken = names.map(([column]) => sql`value ->> ${sql.lit(column)} as ${sql.ref(column)}`)
  return sql<RowOf<C>>`(select ${sql.join(taken)} from json_each(${json}))`.as(name)
}
