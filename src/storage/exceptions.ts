/** Exceptions at rest: each change is tied to the version that it changes, and every node hears of it. */
import type { ExceptionState, RuntimeException } from '#contract/exception.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'

/** Topic of the change that is announced with every exception that comes or changes; a use is none. */
export const EXCEPTIONS_CHANGED = 'exceptions'

export interface ExceptionTables {
  readonly exceptions: {
    readonly id: string
    readonly state: string
    readonly version: number
    readonly starts_at: number
    readonly ends_at: number
    /** the rest, as JSON */
    readonly body: string
    readonly uses: number
    readonly last_used_at: number | null
  }
}

export async function addException(database: Database, exception: RuntimeException, now: number): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.insertInto('exceptions').values(rowOf(exception)).execute()
    await announce(sql, { topic: EXCEPTIONS_CHANGED, key: exception.id }, now)
  })
}

/** Puts what an exception has become in its place; false where it was changed meanwhile, and then nothing is changed. */
export async function replaceException(database: Database, next: RuntimeException, now: number): Promise<boolean> {
  // the uses are not of this version: they go on meanwhile
  const { uses: _uses, last_used_at: _at, ...row } = rowOf(next)
  return await database.transaction(async (sql) => {
    const { numUpdatedRows } = await sql
      .updateTable('exceptions')
      .set(row)
      .where('id', '=', next.id)
      .where('version', '=', next.version - 1)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await announce(sql, { topic: EXCEPTIONS_CHANGED, key: next.id }, now)
    return true
  })
}

/** Notes a use; false where the exception does not have leave at this moment, whatever a node still believes. */
export async function useException({ sql }: Database, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await sql
    .updateTable('exceptions')
    .set((row) => ({ uses: row('uses', '+', 1), last_used_at: now }))
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('starts_at', '<=', now)
    .where('ends_at', '>', now)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Exceptions in these states, those that end first before others. */
export async function storedExceptions(
  { sql }: Database,
  states: readonly ExceptionState[],
): Promise<RuntimeException[]> {
  const rows = await sql
    .selectFrom('exceptions')
    .selectAll()
    .where('state', 'in', [...states])
    .orderBy('ends_at')
    .orderBy('id')
    .execute()
  return rows.map(exceptionOf)
}

export async function storedException({ sql }: Database, id: string): Promise<RuntimeException | null> {
  const row = await sql.selectFrom('exceptions').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : exceptionOf(row)
}

function rowOf(exception: RuntimeException): ExceptionTables['exceptions'] {
  const { id, state, version, start, end, uses, lastUsedAt, ...rest } = exception
  const body = JSON.stringify(rest)
  return { id, state, version, starts_at: start, ends_at: end, body, uses, last_used_at: lastUsedAt }
}

const exceptionOf = (row: ExceptionTables['exceptions']): RuntimeException => ({
  ...(JSON.parse(row.body) as Omit<
    RuntimeException,
    'id' | 'state' | 'version' | 'start' | 'end' | 'uses' | 'lastUsedAt'
  >),
  id: row.id,
  state: row.state as ExceptionState,
  version: row.version,
  start: row.starts_at,
  end: row.ends_at,
  uses: row.uses,
  lastUsedAt: row.last_used_at,
})
