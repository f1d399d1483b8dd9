/**
 * The chain: each record's hash takes in the hash of the one before, so that nothing behind a known hash can be changed,
 * dropped, added or moved without every later hash changing (SHA-256, FIPS 180-4). A node writes records that came
 * together as one block, which is one row of the store and one commit.
 */
import { hash } from 'node:crypto'

/** A node's own chain; its first hash takes in all of this, so that a chain cannot be given another name. */
export interface ChainName {
  readonly chain: string
  readonly node: string
  /** milliseconds since 1970 */
  readonly startedAt: number
}

/** The end of a chain: the number of its last record, 0 where there is none, and that record's hash. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

export interface Block {
  readonly chain: string
  readonly firstSeq: number
  readonly lastSeq: number
  /** hash before the first record */
  readonly prevHash: string
  /** hash of the last record */
  readonly lastHash: string
  /** the latest `at` of its records, milliseconds since 1970 */
  readonly at: number
  /** one line per record; null once retention has taken it */
  readonly body: string | null
}

/** A record that is ready to be chained: JSON without line breaks, and its time. */
export interface Sealed {
  readonly text: string
  readonly at: number
}

/** Where a record is kept, given back when it is durable. */
export interface Receipt {
  readonly chain: string
  readonly seq: number
  readonly hash: string
}

const sha256 = (text: string): string => hash('sha256', text, 'hex')

/** The hash that stands before the first record. */
export const genesis = ({ chain, node, startedAt }: ChainName): string =>
  sha256(`ambit audit 1\n${chain}\n${node}\n${startedAt}\n`)

/** The hash of a record that stands at `seq`, after the one whose hash is given. */
export const link = (before: string, seq: number, text: string): string => sha256(`${before}\n${seq}\n${text}`)

/** The block that carries on from a head. */
export function blockOf(chain: string, head: Head, records: readonly Sealed[]): { block: Block; receipts: Receipt[] } {
  const receipts: Receipt[] = []
  let { seq, hash: last } = head
  let body = ''
  let at = 0
  for (const { text, at: when } of records) {
    seq++
    last = link(last, seq, text)
    receipts.push({ chain, seq, hash: last })
    body += `${seq} ${last} ${text}\n`
    at = Math.max(at, when)
  }
  const block = { chain, firstSeq: head.seq + 1, lastSeq: seq, prevHash: head.hash, lastHash: last, at, body }
  return { block, receipts }
}

export interface Line {
  readonly seq: number
  readonly hash: string
  readonly text: string
}

/** Lines of a body; null in place of one that is no line. */
export function linesOf(body: string): (Line | null)[] {
  const texts = body.split('\n')
  // a body ends with a line break; whatever follows it is a line too, and will be found to be none
  if (texts.at(-1) === '') texts.pop()
  return texts.map((text) => {
    const parts = /^([1-9]\d{0,15}) ([0-9a-f]{64}) (.+)$/.exec(text)
    return parts === null ? null : { seq: Number(parts[1]), hash: parts[2]!, text: parts[3]! }
  })
}
