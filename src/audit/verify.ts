/**
 * Verifies a chain from its rows: every record in its place and as it was written, nothing dropped, added, moved or cut
 * off. What cannot be known from the rows alone, whether the end of the chain is still there, anchored checkpoints say.
 */
import { genesis, linesOf, link, type Block, type ChainName, type Head } from './chain.ts'
import {
  headersDigest,
  isSignedBy,
  NO_HEADERS,
  readCheckpoint,
  readCut,
  type Checkpoint,
  type Cut,
  type PublicKeys,
} from './checkpoint.ts'
import type { Entry } from './seal.ts'

export const FAULTS = ['changed', 'missing', 'out_of_order', 'truncated', 'checkpoint', 'unreadable'] as const

export interface Fault {
  readonly is: (typeof FAULTS)[number]
  readonly chain: string
  /** the record at which it shows */
  readonly seq: number
  readonly text: string
}

/** A chain's rows. `blocks` and `head` are asked again until they agree, since the chain may be written to meanwhile. */
export interface ChainRows {
  readonly name: ChainName
  readonly head: () => Promise<Head>
  /** blocks whose first record is `seq` or later, in order of their first record */
  readonly blocks: (seq: number) => AsyncIterable<Block>
  readonly checkpoints: () => Promise<readonly CheckpointRow[]>
  readonly cuts: () => Promise<readonly string[]>
}
export interface CheckpointRow {
  readonly number: number
  readonly text: string
}

export interface ChainVerdict {
  readonly chain: string
  readonly node: string
  readonly records: number
  /** last record whose body retention has taken, 0 for none */
  readonly cutThrough: number
  /** last record that an anchored checkpoint covers, 0 for none; null where no anchor was given */
  readonly anchoredThrough: number | null
  /** in the order in which they stand; after {@link MOST_FAULTS} nobody looks further */
  readonly faults: readonly Fault[]
}

const MOST_FAULTS = 100

/**
 * @param anchors lines of the anchors, for any chains; null where none were given
 * @param keys by which checkpoints and cuts are believed
 */
export async function verifyChain(
  rows: ChainRows,
  keys: PublicKeys,
  anchors: readonly string[] | null,
): Promise<ChainVerdict> {
  const { chain, node } = rows.name
  const faults: Fault[] = []
  const fault = (is: Fault['is'], seq: number, text: string) => {
    if (faults.length < MOST_FAULTS) faults.push({ is, chain, seq, text })
  }
  const stored = checkedCheckpoints(chain, await rows.checkpoints(), keys, fault)
  const anchored = anchoredCheckpoints(chain, anchors ?? [], keys, fault)
  const cuts = checkedCuts(chain, await rows.cuts(), keys, fault)
  const walk = walkOf(rows.name, [...stored, ...anchored], cuts, fault)

  for (let before = -1; ;) {
    for await (const block of rows.blocks(walk.last().seq + 1)) walk.block(block)
    const head = await rows.head()
    const { seq, hash } = walk.last()
    if (seq === head.seq && hash === head.hash) break
    // nothing came although the head says that there is more, or the head is another
    if (seq === before || seq >= head.seq) {
      if (seq < head.seq) fault('truncated', seq + 1, `records ${seq + 1} to ${head.seq} are gone from the end`)
      else fault('changed', head.seq, 'the end that the chain is said to have is not its end')
      break
    }
    before = seq
  }
  const last = walk.last().seq
  walk.end()
  for (const anchor of anchored) {
    // the same bytes, or it is another checkpoint
    const same = stored.find(({ number }) => number === anchor.number)
    if (same?.signature !== anchor.signature) {
      fault('checkpoint', anchor.seq, `the store lacks checkpoint ${anchor.number}, which the anchor has`)
    }
  }
  return {
    chain,
    node,
    records: last,
    cutThrough: cuts.at(-1)?.through ?? 0,
    anchoredThrough: anchors === null ? null : Math.max(0, ...anchored.map(({ seq }) => seq)),
    faults: faults.toSorted((a, b) => a.seq - b.seq),
  }
}

type Say = (is: Fault['is'], seq: number, text: string) => void
const timeOf = (at: number) => new Date(at).toISOString()

/** Goes along the blocks; says at each fault what is wrong, and goes on from what stands there. */
function walkOf(name: ChainName, checkpoints: readonly Checkpoint[], cuts: readonly Cut[], fault: Say) {
  let last: Head = { seq: 0, hash: genesis(name) }
  let headers = NO_HEADERS
  const cutThrough = cuts.at(-1)?.through ?? 0
  const signedAt = Map.groupBy(checkpoints, ({ seq }) => seq)
  const cutAt = new Map(cuts.map((cut) => [cut.through, cut]))

  function arrive(seq: number, hash: string): void {
    last = { seq, hash }
    for (const { hash: signed, at, number } of signedAt.get(seq) ?? []) {
      if (signed !== hash) {
        fault('changed', seq, `record ${seq} is not the one that checkpoint ${number} of ${timeOf(at)} signed`)
      }
    }
    signedAt.delete(seq)
  }

  function block(each: Block): void {
    const { firstSeq, lastSeq, prevHash } = each
    const expected = last.seq + 1
    if (each.chain !== name.chain) fault('out_of_order', firstSeq, 'a block of another chain stands here')
    if (firstSeq > expected) fault('missing', expected, `records ${expected} to ${firstSeq - 1} are missing`)
    else if (firstSeq < expected) fault('out_of_order', firstSeq, `record ${firstSeq} stands here a second time`)
    else if (prevHash !== last.hash)
      fault('changed', firstSeq, `record ${firstSeq} does not follow what stands before it`)
    headers = headersDigest(headers, each)
    if (each.body === null) {
      if (lastSeq > cutThrough) {
        fault('missing', firstSeq, `records ${firstSeq} to ${lastSeq} are gone, and no signed cut says so`)
      }
      arrive(lastSeq, each.lastHash)
    } else {
      last = { seq: firstSeq - 1, hash: prevHash }
      lines(each, each.body)
    }
    const cut = cutAt.get(lastSeq)
    if (cut !== undefined && (cut.hash !== each.lastHash || cut.headers !== headers)) {
      fault('changed', lastSeq, `what is left of records up to ${lastSeq} is not what was left when they were cut`)
    }
    cutAt.delete(lastSeq)
  }

  function lines({ firstSeq, lastSeq, lastHash, at }: Block, body: string): void {
    let latest = 0
    for (const line of linesOf(body)) {
      const seq = last.seq + 1
      if (line === null) {
        fault('changed', seq, `what stands at record ${seq} is no record`)
        continue
      }
      if (line.seq > seq) fault('missing', seq, `records ${seq} to ${line.seq - 1} are missing`)
      else if (line.seq < seq) fault('out_of_order', line.seq, `record ${line.seq} stands after record ${seq - 1}`)
      else if (link(last.hash, seq, line.text) !== line.hash) fault('changed', seq, `record ${seq} was changed`)
      latest = Math.max(latest, timeIn(line.text))
      arrive(line.seq, line.hash)
    }
    if (!body.endsWith('\n')) fault('changed', lastSeq, `the end of record ${last.seq} is gone`)
    if (last.seq < lastSeq) fault('missing', last.seq + 1, `records ${last.seq + 1} to ${lastSeq} are missing`)
    else if (last.seq !== lastSeq || last.hash !== lastHash || latest !== at) {
      fault('changed', firstSeq, `the block of records ${firstSeq} to ${lastSeq} is not labelled as it was`)
    }
  }

  /** Says what was signed and never came. */
  function end(): void {
    for (const [seq, signed] of signedAt) {
      if (seq > last.seq)
        fault('truncated', last.seq + 1, `record ${seq}, which checkpoint ${signed[0]!.number} signed, is gone`)
      else fault('changed', seq, `record ${seq}, which checkpoint ${signed[0]!.number} signed, no longer ends a block`)
    }
    for (const cut of cutAt.values())
      fault('changed', cut.through, `no block ends where records were cut, at ${cut.through}`)
  }
  return { block, end, last: () => last }
}

function timeIn(text: string): number {
  try {
    return (JSON.parse(text) as Entry).record.at
  } catch {
    return Number.NaN
  }
}

function checkedCheckpoints(chain: string, rows: readonly CheckpointRow[], keys: PublicKeys, fault: Say): Checkpoint[] {
  const good: Checkpoint[] = []
  for (const [index, { number, text }] of rows.entries()) {
    const checkpoint = readCheckpoint(text)
    if (checkpoint === null || checkpoint.chain !== chain || !isSignedBy(keys, checkpoint)) {
      fault('checkpoint', checkpoint?.seq ?? 0, `checkpoint ${number} is not signed by a key that is trusted`)
    } else if (checkpoint.number !== number || number !== index + 1) {
      fault('checkpoint', checkpoint.seq, `checkpoint ${index + 1} is missing or stands elsewhere`)
    } else good.push(checkpoint)
  }
  return good
}

function anchoredCheckpoints(chain: string, lines: readonly string[], keys: PublicKeys, fault: Say): Checkpoint[] {
  const good: Checkpoint[] = []
  for (const [index, line] of lines.entries()) {
    const checkpoint = readCheckpoint(line)
    if (checkpoint === null) fault('checkpoint', 0, `line ${index + 1} of the anchor is no checkpoint`)
    else if (checkpoint.chain === chain) {
      if (isSignedBy(keys, checkpoint)) good.push(checkpoint)
      else fault('checkpoint', checkpoint.seq, `line ${index + 1} of the anchor is not signed by a key that is trusted`)
    }
  }
  return good
}

function checkedCuts(chain: string, texts: readonly string[], keys: PublicKeys, fault: Say): Cut[] {
  const good: Cut[] = []
  for (const text of texts) {
    const cut = readCut(text)
    if (cut !== null && cut.chain === chain && isSignedBy(keys, cut)) good.push(cut)
    else fault('checkpoint', cut?.through ?? 0, 'a cut is not signed by a key that is trusted')
  }
  return good.toSorted((a, b) => a.through - b.through)
}
