/** The highest number of a FIDO metadata list that any node used: one row. */
import type { MetadataNumberStore } from '#authn/metadata.ts'
import type { Database } from './database.ts'

export interface MetadataTables {
  /** `raised_at` is milliseconds since 1970 */
  readonly metadata_numbers: { readonly id: number; readonly number: number; readonly raised_at: number }
}

export const metadataNumbers = ({ sql }: Pick<Database, 'sql'>): MetadataNumberStore => ({
  async raise(number, now) {
    const { numInsertedOrUpdatedRows } = await sql
      .insertInto('metadata_numbers')
      .values({ id: 1, number, raised_at: now })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet({ number, raised_at: now })
          // the same list again is no step back
          .where('metadata_numbers.number', '<=', number),
      )
      .executeTakeFirst()
    return (numInsertedOrUpdatedRows ?? 0n) > 0n
  },
})
