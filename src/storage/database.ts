/**
 * One door to the store, whichever it is. SQLite and PostgreSQL carry the same schema and answer the same queries;
 * `src/storage/*.test.ts` runs every test on both. Columns are text, integers of 64 bits (times are milliseconds since
 * 1970, flags 0 or 1) and bytes; JSON is text. Nothing is used that a distributed PostgreSQL lacks.
 */
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import { withoutPassword } from '#lib/address.ts'
import { AmbitError } from '#lib/errors.ts'
import { migrate } from './migrate.ts'
import { openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

export type Dialect = 'sqlite' | 'postgres'

export interface Database {
  readonly dialect: Dialect
  readonly sql: Kysely<Tables>
  /**
   * Runs the work in one transaction; on PostgreSQL again when the store asks for it (serialisation, deadlock), so the work
   * must have no effects beside the store. Await nothing but the store in it: on SQLite everyone else waits.
   */
  transaction<T>(work: (sql: Transaction<Tables>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

// int8 fits a double for every count and time we keep (below 2^53)
pg.types.setTypeParser(20, Number)

/** Times a transaction is tried when PostgreSQL says that it met another. */
const TRIES = 8

/**
 * Opens the store and brings its schema up to date. `postgres://…` and `postgresql://…` name a PostgreSQL; anything else
 * is the path of an SQLite file, made if it is not there (`:memory:` for one that is gone when closed).
 *
 * @throws {AmbitError} `store_unavailable` where it cannot be opened or its schema is newer than this program
 */
export async function openDatabase(url: string, { migrated = true } = {}): Promise<Database> {
  const database = /^postgres(ql)?:\/\//.test(url) ? postgres(url) : sqlite(url)
  try {
    if (migrated) await migrate(database)
    return database
  } catch (error) {
    await database.close().catch(() => {})
    throw error instanceof AmbitError ? error : unavailable(url, error)
  }
}

function sqlite(path: string): Database {
  try {
    const { dialect } = openSqlite(path)
    const sql = new Kysely<Tables>({ dialect })
    return {
      dialect: 'sqlite',
      sql,
      transaction: (work) => sql.transaction().execute(work),
      close: () => sql.destroy(),
    }
  } catch (error) {
    throw unavailable(path, error)
  }
}

function postgres(url: string): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 20,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 30_000,
    query_timeout: 15_000,
    allowExitOnIdle: true,
  })
  // a connection that dies while idle is replaced at its next use; unheard, the event would end the process
  pool.on('error', () => {})
  // and so would that of one that dies in use; whoever uses it is told by the rejection of the query
  pool.on('connect', (client) => void client.on('error', () => {}))
  const sql = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    dialect: 'postgres',
    sql,
    async transaction(work) {
      for (let tried = 1; ; tried++) {
        try {
          return await sql.transaction().execute(work)
        } catch (error) {
          if (tried === TRIES || !RETRIED.has(codeOf(error))) throw error
        }
      }
    },
    close: () => sql.destroy(),
  }
}

/** serialization_failure and deadlock_detected (PostgreSQL, appendix A). */
const RETRIED = new Set(['40001', '40P01'])

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

/** Whether PostgreSQL says that it did nothing of a statement: it met another, or holds no such value (appendix A, class 22). */
export const isUndone = (error: unknown): boolean => RETRIED.has(codeOf(error)) || codeOf(error).startsWith('22')

/** Whether an insert failed because such a row is there already. */
export function isDuplicate(error: unknown): boolean {
  if (codeOf(error) === '23505') return true
  // SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE
  return error instanceof Error && 'errcode' in error && (error.errcode === 1555 || error.errcode === 2067)
}

function unavailable(url: string, error: unknown): AmbitError {
  const shown = withoutPassword(url)
  const why = error instanceof Error ? error.message : String(error)
  return new AmbitError(
    'store_unavailable',
    `the store \`${shown}\` cannot be opened: ${why}; check that it is there and may be written to`,
    { store: shown },
  )
}
