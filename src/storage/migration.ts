import { sql, type ColumnDataType, type Kysely, type RawBuilder } from 'kysely'
import type { Dialect } from './database.ts'

/**
 * One step of the schema, a file of `migrations/`, run once in the order of the file names, each in a transaction of its own. A step that has
 * been released is never edited; the next one goes on from it.
 */
export interface Migration {
  // a migration speaks of the schema as it was, which the types of today do not know
  readonly up: (db: Kysely<never>, types: ColumnTypes) => Promise<void>
}

/** Column types where the two stores differ in their words. */
export interface ColumnTypes {
  /** a number that the store counts up, for a primary key */
  readonly counter: RawBuilder<unknown>
  readonly bytes: ColumnDataType
}

export const columnTypes = (dialect: Dialect): ColumnTypes =>
  dialect === 'sqlite' ? { counter: sql`integer`, bytes: 'blob' } : { counter: sql`bigserial`, bytes: 'bytea' }
