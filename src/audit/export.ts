/** A chain as lines of NDJSON, with all that verifies it: written in one place, verified in another. */
import type { Block, ChainName, Head } from './chain.ts'
import type { SigningJwk } from './checkpoint.ts'
import type { ChainRows, CheckpointRow } from './verify.ts'

/** One line; the lines of a chain follow its `chain` line. */
export type ExportLine =
  | { readonly is: 'key'; readonly key: SigningJwk }
  | { readonly is: 'chain'; readonly name: ChainName; readonly head: Head }
  | { readonly is: 'block'; readonly block: Block }
  | { readonly is: 'checkpoint'; readonly number: number; readonly text: string }
  | { readonly is: 'cut'; readonly text: string }

/** All lines of a chain. */
export async function* linesOfChain({ name, head, blocks, checkpoints, cuts }: ChainRows): AsyncGenerator<ExportLine> {
  // the head is read first: what is written meanwhile belongs to the next export
  const end = await head()
  yield { is: 'chain', name, head: end }
  for await (const block of blocks(1)) {
    if (block.lastSeq > end.seq) break
    yield { is: 'block', block }
  }
  for (const row of await checkpoints()) if (seqOf(row) <= end.seq) yield { is: 'checkpoint', ...row }
  for (const text of await cuts()) yield { is: 'cut', text }
}

function seqOf({ text }: CheckpointRow): number {
  try {
    return (JSON.parse(text) as { seq: number }).seq
  } catch {
    // kept, so that whoever verifies says what is wrong with it
    return 0
  }
}

export interface ReadExport {
  readonly chains: readonly ChainRows[]
  readonly keys: readonly SigningJwk[]
}

/** Puts the lines of an export together again; null where they are none. */
export function readExport(lines: readonly string[]): ReadExport | null {
  const keys: SigningJwk[] = []
  const chains: { name: ChainName; head: Head; blocks: Block[]; checkpoints: CheckpointRow[]; cuts: string[] }[] = []
  try {
    for (const text of lines) {
      const line = JSON.parse(text) as ExportLine
      const chain = chains.at(-1)
      if (line.is === 'key') keys.push(line.key)
      else if (line.is === 'chain') chains.push({ ...line, blocks: [], checkpoints: [], cuts: [] })
      else if (line.is === 'block') chain!.blocks.push(line.block)
      else if (line.is === 'checkpoint') chain!.checkpoints.push(line)
      else if (line.is === 'cut') chain!.cuts.push(line.text)
      else return null
    }
  } catch {
    return null
  }
  if (chains.length === 0) return null
  return { keys, chains: chains.map(rowsOf) }
}

const rowsOf = (chain: {
  readonly name: ChainName
  readonly head: Head
  readonly blocks: readonly Block[]
  readonly checkpoints: readonly CheckpointRow[]
  readonly cuts: readonly string[]
}): ChainRows => ({
  name: chain.name,
  head: async () => chain.head,
  // in the order of the file: a block that stands elsewhere than it should is found
  async *blocks(seq) {
    if (seq === 1) yield* chain.blocks
  },
  checkpoints: async () => chain.checkpoints,
  cuts: async () => chain.cuts,
})
