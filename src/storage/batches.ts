/**
 * Many callers, one statement: what is asked for while a batch is under way goes into the next. On PostgreSQL that spares round trips,
 * and on both stores the work of a statement for each.
 */
import { sql, type AliasedRawBuilder } from 'kysely'
import { isUndone, type Database } from './database.ts'

/** Items of one statement. */
const BATCH = 500

interface Waiting<T, R> {
  readonly item: T
  readonly key: string | undefined
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/**
 * A function of one item over a function of many, which resolves to a result for each, in their order.
 *
 * @param work one statement: of a failure that says it did nothing, each item is done again, alone
 * @param keyOf what a statement can change only once: of two items with one key, the second is in a later batch
 */
export function inBatches<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
  keyOf?: (item: T) => string,
): (item: T) => Promise<R> {
  let queue: Waiting<T, R>[] = []
  let running = false

  async function run(): Promise<void> {
    // those of the same turn of the event loop go together
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) await answer(nextBatch())
    running = false
  }

  function nextBatch(): Waiting<T, R>[] {
    const keys = new Set<string>()
    const batch: Waiting<T, R>[] = []
    const rest: Waiting<T, R>[] = []
    for (const waiting of queue) {
      const { key } = waiting
      if (batch.length === BATCH || (key !== undefined && keys.has(key))) rest.push(waiting)
      else batch.push(waiting)
      if (key !== undefined) keys.add(key)
    }
    queue = rest
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

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    queue.push({ item, key: keyOf?.(item), resolve, reject })
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
