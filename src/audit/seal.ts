import type { Sealed } from './chain.ts'
import { AmbitError } from '#lib/errors.ts'
import { masked, mayAnySpill, maySpill, type Masks } from './mask.ts'
import { checkRecord, type AuditRecord, type RecordOf, type Replayable } from './records.ts'
import { apart, together, type Together } from './together.ts'

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

/**
 * Decisions of one request, as one record if that can be: where anything of them has to be taken out, each is written by itself.
 *
 * @throws {AmbitError} `audit_invalid` where one does not fit the schema of its kind, or is too large
 */
export function sealedTogether(records: readonly RecordOf<'decision'>[], masks: Masks): readonly Sealed[] {
  const record = records.length < 2 ? null : together(records)
  if (record !== null) {
    checkRecord(record)
    const text = JSON.stringify({ record })
    if (text.length <= LONGEST && !mayAnySpill(record, text, masks)) return [{ text, at: record.at }]
  }
  return records.map((each) => sealed(each, masks))
}

/** Reads back what {@link sealed} or {@link sealedTogether} wrote. */
export function entriesOf(text: string): readonly Entry[] {
  const entry = JSON.parse(text) as Entry | { readonly record: Together }
  return isTogether(entry) ? apart(entry.record).map((record) => ({ record })) : [entry]
}

const isTogether = (entry: Entry | { readonly record: Together }): entry is { readonly record: Together } =>
  entry.record.kind === 'decisions'

/** The line that `ambit policy replay` reads, of an entry that is a decision; null for others. */
export function replayable({ record, masked: hidden }: Entry): (Replayable & { masked?: readonly string[] }) | null {
  if (record.kind !== 'decision') return null
  const { evaluation, decision } = record
  return hidden === undefined ? { evaluation, decision } : { evaluation, decision, masked: hidden }
}
