/** Every table, by the migration that makes it. A table's rows are described beside the code that owns them. */
import type { ChangeTables } from './changes.ts'

export type Tables = ChangeTables
