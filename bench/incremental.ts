import { applyEdits, buildIncremental, type Incremental } from '#graph/incremental.ts'
import { allRanks, type Ranked } from '#graph/incremental-ranks.ts'
import type { Program } from '#graph/program.ts'
import type { SnapshotContents } from '#graph/snapshot-file.ts'
import { layoutOf, type Block } from './generate.ts'
import { randomOf } from './random.ts'
import { accountsOf } from './store.ts'
import { timed, timeOf, type Measured } from './timing.ts'

/** An edge that is taken away and put back. */
type Edge = readonly [body: number, head: number]

/** Edges by what they mean; as many of each as are timed. */
const KINDS = [
  { kind: 'any edge', count: 2000, from: null, to: null },
  { kind: 'role granted to a group', count: 400, from: 'groups', to: 'roles' },
  { kind: 'group in a group', count: 400, from: 'groups', to: 'groups' },
  { kind: 'help desk over a unit', count: 66, from: 'groups', to: 'units' },
] as const

/**
 * R5: every edge is removed and added again, and what is kept compared with a full run at the end.
 *
 * @param nodes  per node: the one that the generator gave that number
 */
export async function timeIncremental(
  contents: SnapshotContents,
  nodes: Uint32Array,
): Promise<Omit<Measured, 'peakMb'>> {
  const { program, capabilityMasks: laneMasks, attackerSeeds: seeds } = contents
  const starts = accountsOf(contents)
  const asked = { laneMasks, seeds, starts }
  const built = await timed(() => buildIncremental(program, asked))
  const notes: Record<string, number | string> = {}
  const layout = layoutOf(starts.length)
  for (const { kind, count, from, to } of KINDS) {
    const isOf = (node: number, block: Block | null): boolean =>
      block === null || (nodes[node]! >= block.first && nodes[node]! < block.first + block.count)
    const fits = (body: number, head: number): boolean =>
      isOf(body, from && layout[from]) && isOf(head, to && layout[to])
    const edges = someEdges(program, count, fits)
    const taken = edges.map((edge) => timeEdit(built.value, 'remove', edge))
    // not at once, so that the edge is not still in the processor's memory
    const put = edges.map((edge) => timeEdit(built.value, 'add', edge))
    notes[`${kind}: removed, µs at p50/p95/p99/most`] = percentiles(taken)
    notes[`${kind}: added`] = percentiles(put)
    notes[`${kind}, full runs`] = [...taken, ...put].filter(({ full }) => full).length
  }
  notes['resident MB'] = Math.round(process.memoryUsage.rss() / 2 ** 20)
  notes['full run, ms'] = Math.round(built.cpuMs)
  if (!sameState(built.value, buildIncremental(program, asked))) throw new Error('what is kept differs from a full run')
  return { ...timeOf(built), notes }
}

interface Timing {
  readonly micros: number
  readonly full: boolean
}

function timeEdit(it: Incremental, edit: 'add' | 'remove', [body, head]: Edge): Timing {
  const start = performance.now()
  const { full } = applyEdits(it, [{ edit, rule: { head, needs: 1, body: [body] } }])
  return { micros: (performance.now() - start) * 1000, full }
}

/** Edges drawn at random, all different, of those that fit. */
function someEdges(program: Program, count: number, fits: (body: number, head: number) => boolean): Edge[] {
  const { outOffsets, outHeads, nodeCount } = program
  const random = randomOf(7)
  const fitting = new Uint32Array(outHeads.length)
  let size = 0
  for (let v = 0; v < nodeCount; v++) {
    for (let e = outOffsets[v]!; e < outOffsets[v + 1]!; e++) if (fits(v, outHeads[e]!)) fitting[size++] = e
  }
  return Array.from({ length: Math.min(count, size) }, () => {
    const at = random.below(size)
    const e = fitting[at]!
    fitting[at] = fitting[--size]!
    return [bodyOf(outOffsets, nodeCount, e), outHeads[e]!] as const
  })
}

function bodyOf(outOffsets: Uint32Array, nodeCount: number, edge: number): number {
  let low = 0
  let high = nodeCount
  while (low + 1 < high) {
    const middle = (low + high) >>> 1
    if (outOffsets[middle]! <= edge) low = middle
    else high = middle
  }
  return low
}

function percentiles(timings: readonly Timing[]): string {
  const sorted = timings.map(({ micros }) => micros).toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return [at(0.5), at(0.95), at(0.99), sorted.at(-1)!].map((micros) => Number(micros.toPrecision(3))).join('/')
}

function sameState(kept: Incremental, anew: Incremental): boolean {
  const same = (a: Uint32Array | Uint8Array, b: Uint32Array | Uint8Array) =>
    Buffer.compare(new Uint8Array(a.buffer, 0, b.byteLength), new Uint8Array(b.buffer, 0, b.byteLength)) === 0
  const ranksOf = (ranked: Ranked) => allRanks(ranked, anew.graph.nodeCount)
  return (
    same(kept.masks, anew.masks) &&
    same(kept.takeover.masks, anew.takeover.masks) &&
    same(ranksOf(kept.takeover), ranksOf(anew.takeover)) &&
    same(ranksOf(kept.lower), ranksOf(anew.lower)) &&
    same(ranksOf(kept.upper), ranksOf(anew.upper))
  )
}
