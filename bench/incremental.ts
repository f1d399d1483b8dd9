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

/** R5: every edge is removed and added again, and what is kept compared with a full run at the end. */
export async function timeIncremental(contents: SnapshotContents): Promise<Omit<Measured, 'peakMb'>> {
  const { program, capabilityMasks: laneMasks, attackerSeeds: seeds } = contents
  const starts = accountsOf(contents)
  const asked = { laneMasks, seeds, starts }
  const built = await timed(() => buildIncremental(program, asked))
  const notes: Record<string, number | string> = {}
  const layout = layoutOf(starts.length)
  for (const { kind, count, from, to } of KINDS) {
    const edges = someEdges(program, count, from && layout[from], to && layout[to])
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

/** Edges drawn at random, all different, from one block to another where these are given. */
function someEdges(program: Program, count: number, from: Block | null, to: Block | null): Edge[] {
  const { outOffsets, outHeads, nodeCount } = program
  const random = randomOf(7)
  const edges = new Map<number, Edge>()
  const first = from === null ? 0 : outOffsets[from.first]!
  const last = from === null ? outHeads.length : outOffsets[from.first + from.count]!
  for (let tries = 0; edges.size < count && tries < 2000 * count; tries++) {
    const e = first + random.below(last - first)
    const head = outHeads[e]!
    if (to !== null && (head < to.first || head >= to.first + to.count)) continue
    edges.set(e, [bodyOf(outOffsets, nodeCount, e), head])
  }
  return [...edges.values()]
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
