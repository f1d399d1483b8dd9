import { buildGateCounters, carryUp, resetCounter, type GateCounters } from './counters.ts'
import type { Program } from './program.ts'
import { FARTHEST, UNREACHED } from './reach-bounds.ts'

const LANES = 32

/** A start, or several that lead to the same nodes, of which some lanes are still open. */
export interface Question {
  readonly start: number
  /** the lanes that may be nearer than over plain edges */
  readonly lanes: number
  /** per lane: the most hops that any of the starts knows of */
  readonly best: Uint8Array
}

/** What the closures of questions look up. */
export interface Known {
  /** per node: lanes that it may reach sooner over some gate; others it reaches soonest over plain edges */
  readonly open: Uint32Array
  /** per node: the lanes it reaches over plain edges */
  readonly masks: Uint32Array
  /** per node: 1 + its place in {@link hops}; every gate head has one */
  readonly slots: Uint32Array
  /** slot * 32 + lane: hops over plain edges */
  readonly hops: Uint8Array
}

/** Memory of the closures, cleared after each by what it touched. */
interface Work {
  readonly reached: Uint32Array
  readonly gains: Uint32Array
  readonly counters: GateCounters
  readonly touched: Uint32Array
  nodes: Uint32Array
  nextNodes: Uint32Array
}

/**
 * Closes up to 32 questions a pass, one lane of the pass each, and lowers {@link Question.best} to the fewest hops over
 * at least one gate.
 *
 * A pass leaves out every node that is not open in a lane asked for. This loses nothing: suppose a derivation is
 * shorter than all that was found, and p is its earliest node left out. From p the lane is no nearer than over plain
 * edges, so the derivation is no shorter than the way to p and plain edges from there. That way is known: either it is
 * plain throughout, or it leaves a gate's head, and what lies plainly behind a head is noted when its gate fires.
 */
export function closeQuestions(program: Program, known: Known, questions: readonly Question[]): void {
  const { nodeCount } = program
  const work: Work = {
    reached: new Uint32Array(nodeCount),
    gains: new Uint32Array(nodeCount),
    counters: buildGateCounters(program),
    touched: new Uint32Array(nodeCount),
    nodes: new Uint32Array(nodeCount),
    nextNodes: new Uint32Array(nodeCount),
  }
  for (let i = 0; i < questions.length; i += LANES) closeBatch(program, known, work, questions.slice(i, i + LANES))
}

function closeBatch(program: Program, known: Known, work: Work, batch: readonly Question[]): void {
  const { reached, gains, touched } = work
  const lanes = batch.reduce((some, question) => some | question.lanes, 0)
  let size = 0
  const begin = (node: number, bits: number): void => {
    if (reached[node] === 0) {
      touched[size] = node
      work.nodes[size++] = node
    }
    reached[node] |= bits
    gains[node] |= bits
  }
  batch.forEach(({ start }, i) => begin(start, 1 << i))
  for (let i = 0; i < program.axioms.length; i++) begin(program.axioms[i], 0xffffffff)
  let touchedSize = size
  for (let rank = 1; size > 0 && rank < mostHops(batch); rank++) {
    const step = spreadOpen(program, known, work, batch, { size, touchedSize, lanes, rank })
    size = step.size
    touchedSize = step.touchedSize
    const spent = work.nodes
    work.nodes = work.nextNodes
    work.nextNodes = spent
  }
  clear(program, work, touchedSize)
}

/** The most hops that any question still has in a lane it asks for; a step with as many cannot help. */
function mostHops(batch: readonly Question[]): number {
  let most = 0
  for (const { lanes, best } of batch) {
    for (let bits = lanes; bits !== 0; bits &= bits - 1) most = Math.max(most, best[31 - Math.clz32(bits & -bits)])
  }
  return most === UNREACHED ? Infinity : most
}

interface Step {
  /** nodes in the front */
  readonly size: number
  readonly touchedSize: number
  /** lanes that the batch asks for */
  readonly lanes: number
  /** of what this step reaches */
  readonly rank: number
}

function spreadOpen(
  program: Program,
  known: Known,
  work: Work,
  batch: readonly Question[],
  { size, touchedSize, lanes, rank }: Step,
): { size: number; touchedSize: number } {
  const { outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads } = program
  const { reached, gains, touched, nodes, nextNodes } = work
  const { low, highOffsets, high } = work.counters
  const { open } = known
  // gains of this step's front are taken out first, so that the next step's can go to the same place
  const fronts = new Uint32Array(size)
  for (let i = 0; i < size; i++) {
    fronts[i] = gains[nodes[i]]
    gains[nodes[i]] = 0
  }
  let nextSize = 0
  for (let i = 0; i < size; i++) {
    const v = nodes[i]
    const gain = fronts[i]
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      if ((open[head] & lanes) === 0) continue
      const before = reached[head]
      const fresh = gain & ~before
      if (fresh === 0) continue
      if (before === 0) touched[touchedSize++] = head
      reached[head] = before | fresh
      if (gains[head] === 0) nextNodes[nextSize++] = head
      gains[head] |= fresh
    }
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      const counted = low[gate]
      low[gate] = counted ^ gain
      let fired = counted & gain
      if (fired !== 0 && highOffsets.length > 0) fired = carryUp(highOffsets, high, gate, fired)
      if (fired === 0) continue
      const head = gateHeads[gate]
      const before = reached[head]
      const fresh = fired & ~before
      if (fresh === 0) continue
      if (before === 0) touched[touchedSize++] = head
      reached[head] = before | fresh
      note(known, batch, head, fresh, rank)
      if ((open[head] & lanes) === 0) continue
      if (gains[head] === 0) nextNodes[nextSize++] = head
      gains[head] |= fresh
    }
  }
  return { size: nextSize, touchedSize }
}

/** A gate has fired: what lies plainly behind its head is that much nearer to the questions in `fresh`. */
function note(
  { masks, slots, hops }: Known,
  batch: readonly Question[],
  head: number,
  fresh: number,
  rank: number,
): void {
  const base = (slots[head] - 1) * LANES
  for (let questions = fresh; questions !== 0; questions &= questions - 1) {
    const question = batch[31 - Math.clz32(questions & -questions)]
    if (question === undefined) continue
    const { lanes, best } = question
    for (let bits = lanes & masks[head]; bits !== 0; bits &= bits - 1) {
      const lane = 31 - Math.clz32(bits & -bits)
      const distance = Math.min(rank + hops[base + lane], FARTHEST)
      if (distance < best[lane]) best[lane] = distance
    }
  }
}

function clear(program: Program, { reached, gains, counters, touched }: Work, touchedSize: number): void {
  const { nodeGateOffsets, nodeGates, gateNeeds } = program
  for (let i = 0; i < touchedSize; i++) {
    const v = touched[i]
    reached[v] = 0
    gains[v] = 0
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      resetCounter(counters, nodeGates[e], gateNeeds[nodeGates[e]])
    }
  }
}
