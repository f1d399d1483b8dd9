/** One claim of a report that does not hold. */
export interface Failure {
  /** the finding or account whose claim it is; `snapshot` and `summary` for those of the whole */
  readonly id: string
  /** the proof of reach, the proof of entry, or something else that the record says */
  readonly which: 'reach' | 'entry' | 'record'
  /** position of the failing step, from 0; null where no single step is at fault */
  readonly step: number | null
  /** what the failing step claims to prove */
  readonly node: string | null
  readonly reason: string
  /** line of the report, from 1, where it is one of lines */
  readonly line?: number
}

/** A failure of what a record says, outside its proofs. */
export const record = (id: string, reason: string): Failure => ({ id, which: 'record', step: null, node: null, reason })
