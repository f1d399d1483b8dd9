/**
 * R1 and R3 kept up to date: a changed rule re-derives what depends on it, and nothing else. What it keeps is equal, bit
 * for bit, to what `closure` and `reachLanes` find in all rules at once. Where a change is felt so widely that it is
 * quicker to begin anew, it does, and says so.
 */
import { closure } from './closure.ts'
import {
  graphOf,
  growGraph,
  link,
  programOf,
  sortRule,
  unlink,
  type LooseGraph,
  type LooseRule,
} from './incremental-graph.ts'
import {
  afterLink,
  afterUnlink,
  beginWork,
  buildRanked,
  buildWork,
  growRanked,
  keepRanks,
  reseed,
  type Ranked,
  type Work,
} from './incremental-ranks.ts'
import { givenBy, growSketch, lanesFrom, openCone, type Before, type Given, type Sketch } from './incremental-reach.ts'
import { widened } from './incremental-rows.ts'
import type { Program } from './program.ts'
import { turnedAll, turnedEdges } from './turned.ts'

/** One change. A rule is named by what it says: of several alike, one goes. */
export type Edit =
  | { readonly edit: 'add' | 'remove'; readonly rule: LooseRule }
  /** the lanes that a node carries, for R1 */
  | { readonly edit: 'lanes'; readonly node: number; readonly mask: number }
  /** the lanes in which a node holds at the start, for R3 */
  | { readonly edit: 'seeds'; readonly node: number; readonly mask: number }
  /** whether a node is one whose reach is asked for */
  | { readonly edit: 'start'; readonly node: number; readonly isStart: boolean }

/** R1 and R3 of rules that change, or one of the two. It changes in place; only one may hold it. */
export interface Incremental {
  readonly graph: LooseGraph
  /** which of the two is kept; what is not has no nodes */
  readonly keeps: Keeps
  /** R3, as {@link closure} has it; its seeds include the heads of rules that need nothing */
  readonly takeover: Ranked
  /** per node: the lanes that it reaches by itself; exact for starts, of no meaning for others */
  masks: Uint32Array
  isStart: Uint8Array
  /** per node: the lanes it carries */
  laneMasks: Uint32Array
  /** per node: seeds of R3 as they were given */
  seeds: Uint32Array
  /** bounds of R1: closures of the rules turned round */
  readonly lower: Ranked
  readonly upper: Ranked
  given: Given
  readonly sketch: Sketch
  readonly works: { readonly takeover: Work; readonly lower: Work; readonly upper: Work }
  /** pairs of node and lane that one change may touch before it is quicker to begin anew */
  readonly limit: number
}

/** What is kept of R1 and R3. */
interface Keeps {
  readonly reach: boolean
  readonly takeover: boolean
}

/** What some edits changed. */
export interface Edited {
  /** whether everything was computed anew */
  readonly full: boolean
  /** starts that reach other lanes than before, in any order */
  readonly reach: readonly number[]
  /** nodes that fall to others than before, or at another step; null for any node, after a full run */
  readonly takeover: ReadonlySet<number> | null
}

/** What is asked of a program. */
export interface Asked {
  /** absent, with the starts, where R1 is not asked for */
  readonly laneMasks?: Uint32Array
  readonly starts?: Uint32Array
  /** absent where R3 is not asked for */
  readonly seeds?: Uint32Array
  /** pairs of node and lane that one change may touch before it is quicker to begin anew */
  readonly limit?: number
}

/** By measurement at a million accounts: beyond it, removals take as long as beginning anew (`docs/benchmarks.md`). */
const LIMIT = 1_000_000

/**
 * Answers R1 (lanes, not hops) and R3 of a program, ready for change.
 *
 * @throws {RangeError} if there is not one mask of each sort per node, or a start is outside the program
 */
export function buildIncremental(program: Program, { laneMasks, seeds, starts, limit = LIMIT }: Asked): Incremental {
  const { nodeCount } = program
  for (const masks of [laneMasks, seeds]) {
    if (masks !== undefined && masks.length !== nodeCount)
      throw new RangeError(`${masks.length} masks for ${nodeCount} nodes`)
  }
  const isStart = new Uint8Array(laneMasks === undefined ? 0 : nodeCount)
  for (const start of starts ?? []) {
    if (start >= isStart.length) throw new RangeError(`start ${start} is outside the ${isStart.length} nodes`)
    isStart[start] = 1
  }
  const it: Incremental = {
    graph: graphOf(program),
    keeps: { reach: laneMasks !== undefined, takeover: seeds !== undefined },
    takeover: buildRanked('forward'),
    lower: buildRanked('back'),
    upper: buildRanked('relaxed'),
    masks: new Uint32Array(0),
    isStart,
    laneMasks: laneMasks?.slice() ?? new Uint32Array(0),
    seeds: seeds?.slice() ?? new Uint32Array(0),
    given: { lanes: 0, nodes: [] },
    sketch: { seen: new Uint8Array(0), arrivals: new Uint16Array(0) },
    works: { takeover: buildWork(), lower: buildWork(), upper: buildWork() },
    limit,
  }
  beginAnew(it)
  return it
}

/** Edits beyond which all at once take less time than each on its own; half a full run at a million accounts. */
const MANY_EDITS = 2000

/**
 * Makes some edits, in order. Nodes beyond those that there are come into being.
 *
 * @throws {RangeError} if a rule is to be removed that is not there; the edits before it are made, and nothing else changes
 */
export function applyEdits(it: Incremental, edits: readonly Edit[]): Edited {
  growFor(it, edits)
  const old = new Map<number, number>()
  const fallen = new Set<number>()
  let full = edits.length > MANY_EDITS
  try {
    for (const edit of edits) {
      change(it, edit)
      full = full || !follow(it, edit, old, fallen)
    }
  } catch (error) {
    if (full) beginAnew(it)
    throw error
  }
  if (!full) {
    const reach = [...old].filter(([node, mask]) => it.masks[node] !== mask).map(([node]) => node)
    return { full, reach, takeover: fallen }
  }
  const before = it.masks.slice()
  for (const [node, mask] of old) before[node] = mask
  beginAnew(it)
  const reach: number[] = []
  for (let v = 0; v < it.graph.nodeCount; v++) if (it.isStart[v] === 1 && it.masks[v] !== before[v]) reach.push(v)
  return { full, reach, takeover: null }
}

/** Makes room for the nodes that edits speak of. */
function growFor(it: Incremental, edits: readonly Edit[]): void {
  const { graph, keeps, takeover, lower, upper } = it
  let count = graph.nodeCount
  for (const edit of edits) {
    const nodes = 'rule' in edit ? [edit.rule.head, ...edit.rule.body] : [edit.node]
    for (const node of nodes) count = Math.max(count, node + 1)
  }
  if (count === graph.nodeCount) return
  growGraph(graph, count)
  if (keeps.takeover) {
    growRanked(takeover, count)
    it.seeds = widened(it.seeds, count)
  }
  if (!keeps.reach) return
  growSketch(it.sketch, graph)
  growRanked(lower, count)
  growRanked(upper, count)
  it.masks = widened(it.masks, count)
  it.isStart = widened(it.isStart, count)
  it.laneMasks = widened(it.laneMasks, count)
}

/** Changes what is asked, or the rules; nothing that follows. */
function change(it: Incremental, edit: Edit): void {
  switch (edit.edit) {
    case 'add':
      link(it.graph, sortRule(edit.rule))
      if (it.keeps.reach) growSketch(it.sketch, it.graph)
      return
    case 'remove':
      if (!unlink(it.graph, sortRule(edit.rule))) {
        const { head, needs, body } = edit.rule
        throw new RangeError(`there is no rule that gives ${head} for ${needs} of ${body.join(', ')}`)
      }
      return
    case 'lanes':
      it.laneMasks[edit.node] = edit.mask
      return
    case 'seeds':
      it.seeds[edit.node] = edit.mask
      return
    case 'start':
      it.isStart[edit.node] = edit.isStart ? 1 : 0
  }
}

/** Derives what follows from an edit just made; false when it is better to begin anew. */
function follow(it: Incremental, edit: Edit, old: Map<number, number>, fallen: Set<number>): boolean {
  const { graph, keeps, takeover, lower, upper } = it
  if (edit.edit === 'start') {
    if (keeps.reach && edit.isStart) derive(it, edit.node, old)
    return true
  }
  if (edit.edit === 'seeds')
    return fall(it, fallen, (work) => reseed(graph, takeover, work, edit.node, seedsAt(it, edit.node)))
  if (edit.edit === 'lanes') {
    if (!keeps.reach) return true
    if (it.given.nodes.includes(edit.node)) return false
    const lanes = lower.seeds[edit.node] ^ edit.mask
    const bounds = (ranked: Ranked) => (work: Work) => reseed(graph, ranked, work, edit.node, edit.mask)
    return rederive(it, old, [edit.node], lanes, bounds)
  }
  const rule = sortRule(edit.rule)
  if (rule.is === 'never') return true
  if (rule.is === 'axiom') {
    const { head } = rule
    if (!fall(it, fallen, (work) => reseed(graph, takeover, work, head, seedsAt(it, head)))) return false
    return isGivenStill(it)
  }
  const take = edit.edit === 'add' ? afterLink : afterUnlink
  if (!fall(it, fallen, (work) => take(graph, takeover, work, rule))) return false
  if (!keeps.reach) return true
  // a rule into a node changes nothing of where that node leads, so this is so before and after
  const lanes = upper.masks[rule.head]
  const bounds = (ranked: Ranked) => (work: Work) => take(graph, ranked, work, rule)
  return rederive(it, old, rule.body, lanes, bounds) && isGivenStill(it)
}

/** In R3, what holds for nothing holds from the start. */
const seedsAt = ({ graph, seeds }: Incremental, node: number): number =>
  graph.axioms.has(node) ? 0xffffffff | 0 : seeds[node]

function fall(it: Incremental, fallen: Set<number>, take: (work: Work) => boolean): boolean {
  if (!it.keeps.takeover) return true
  const work = beginWork(it.works.takeover, it.limit)
  const isDone = take(work)
  for (const node of work.before.keys()) fallen.add(node)
  return isDone
}

/** Whether the same holds with no start at all as before; everyone reaches that, so that a change of it concerns all. */
function isGivenStill(it: Incremental): boolean {
  if (!it.keeps.reach) return true
  const { nodes } = it.given
  if (nodes.length === 0 && it.graph.axioms.size === 0) return true
  return new Set(givenBy(it.graph, it.sketch, it.laneMasks).nodes).symmetricDifference(new Set(nodes)).size === 0
}

/** Takes an edit up in both bounds of R1, and finds anew what the starts reach that may feel it. */
function rederive(
  it: Incremental,
  old: Map<number, number>,
  nodes: readonly number[],
  lanes: number,
  bounds: (ranked: Ranked) => (work: Work) => boolean,
): boolean {
  const { graph, lower, upper, sketch, isStart } = it
  const low = beginWork(it.works.lower, it.limit)
  const high = beginWork(it.works.upper, it.limit)
  if (!bounds(lower)(low) || !bounds(upper)(high)) return false
  const before: Before = { lower: low.before, upper: high.before }
  const span = { lower: lower.masks, upper: upper.masks, given: it.given }
  const cone = openCone(graph, span, before, sketch, nodes, lanes, it.limit)
  if (cone === null) return false
  for (const node of cone) if (isStart[node] === 1) derive(it, node, old)
  for (const [ranked, { before: masks }] of [
    [lower, low],
    [upper, high],
  ] as const) {
    for (const [node, mask] of masks) if (isStart[node] === 1 && ranked.masks[node] !== mask) derive(it, node, old)
  }
  return true
}

function derive(it: Incremental, start: number, old: Map<number, number>): void {
  const { graph, lower, upper, given, sketch, masks } = it
  if (!old.has(start)) old.set(start, masks[start])
  masks[start] = lanesFrom(graph, { lower: lower.masks, upper: upper.masks, given }, sketch, start)
}

/** Computes everything from the rules as they are now. */
function beginAnew(it: Incremental): void {
  const { graph, keeps, takeover, lower, upper, sketch, isStart } = it
  const { nodeCount } = graph
  const program = programOf(graph)
  const own = (masks: Uint32Array): Uint32Array => (masks.length === nodeCount ? masks : masks.slice(0, nodeCount))
  if (keeps.takeover) {
    it.seeds = own(it.seeds)
    keepRanks(takeover, closure(program, it.seeds))
    for (const head of graph.axioms.keys()) takeover.seeds[head] = 0xffffffff
  }
  if (!keeps.reach) return
  it.laneMasks = own(it.laneMasks)
  it.isStart = isStart.length === nodeCount ? isStart : isStart.slice(0, nodeCount)
  keepRanks(lower, closure(turnedEdges(program), it.laneMasks))
  keepRanks(upper, closure(turnedAll(program), it.laneMasks))
  growSketch(sketch, graph)
  it.given = givenBy(graph, sketch, it.laneMasks)
  const span = { lower: lower.masks, upper: upper.masks, given: it.given }
  it.masks = new Uint32Array(nodeCount)
  for (let v = 0; v < nodeCount; v++) if (it.isStart[v] === 1) it.masks[v] = lanesFrom(graph, span, sketch, v)
}
