/** SQLite through Node's own module, in the shape that Kysely's dialect takes. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { SqliteDatabase, SqliteDialect, SqliteStatement } from 'kysely'
import { groupingDialect } from './sqlite-writes.ts'

/** Prepared statements kept; beyond it the one unused longest goes. */
const STATEMENTS_KEPT = 200

/**
 * Opens a file (or `:memory:`): write-ahead log, every commit on disk before it is acknowledged, foreign keys held,
 * five seconds of patience with another process that writes.
 */
export function openSqlite(path: string): { readonly dialect: SqliteDialect; readonly raw: DatabaseSync } {
  const raw = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true })
  raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF')
  return { dialect: groupingDialect(raw, adapted(raw)), raw }
}

function adapted(raw: DatabaseSync): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>()
  return {
    close: () => raw.close(),
    prepare(sql) {
      const known = kept.get(sql)
      if (known !== undefined) {
        kept.delete(sql)
        kept.set(sql, known)
        return known
      }
      const statement = statementOf(raw.prepare(sql))
      kept.set(sql, statement)
      if (kept.size > STATEMENTS_KEPT) kept.delete(kept.keys().next().value!)
      return statement
    },
  }
}

function statementOf(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(bound)),
    run: (parameters) => statement.run(...parameters.map(bound)),
    *iterate(parameters) {
      yield* statement.iterate(...parameters.map(bound))
    },
  }
}

function bound(value: unknown): SQLInputValue {
  if (value === undefined) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  return value as SQLInputValue
}
