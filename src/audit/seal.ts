import type { Sealed } from './chain.ts'
import { AmbitError } from '#lib/errors.ts'
import { masked, maySpill, type Masks } from './mask.ts'
import { checkRecord, type AuditRecord, type Replayable } from './records.ts'

/** Longest record in UTF-16 units. A question larger than this is not one that a caller needs to ask. */
const LONGEST = 256 * 1024

/** One record as it stands in the log. */
export interface Entry {
  readonly record: AuditRecord
  /** JSON Pointers of values that were replaced by keyed hashes */
  readonly masked?: readonly string[]
}

/**
 * Checks a record, takes out what must not be kept, and writes it; what is hashed is this text.
 *
 * @throws {AmbitError} `audit_invalid` where it does not fit the schema of its kind, or is too large
 */
export function sealed(record: AuditRecord, masks: Masks): Sealed {
  checkRecord(record)
  let text = JSON.stringify({ record } satisfies Entry)
  if (maySpill(record, text, masks)) {
    const { record: kept, pointers } = masked(record, masks)
    if (pointers.length > 0) text = JSON.stringify({ record: kept, masked: pointers })
  }
  if (text.length > LONGEST) {
    throw new AmbitError('audit_invalid', `an audit record may have ${LONGEST} characters; this one has ${text.length}`)
  }
  return { text, at: record.at }
}

/** Reads back what {@link sealed} wrote. */
export const entryOf = (text: string): Entry => JSON.parse(text) as Entry

/** The line that `ambit policy replay` reads, of an entry that is a decision; null for others. */
export function replayable({ record, masked: hidden }: Entry): (Replayable & { masked?: readonly string[] }) | null {
  if (record.kind !== 'decision') return null
  const { evaluation, decision } = record
  return hidden === undefined ? { evaluation, decision } : { evaluation, decision, masked: hidden }
}
