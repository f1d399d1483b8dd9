import { buildGateCounters, carryUp, resetCounter, type GateCounters } from './counters.ts'
import type { Program } from './program.ts'
import { FARTHEST, UNREACHED } from './reach-bounds.ts'
import type { Question } from './reach-questions.ts'

const LANES = 32

/** What the closures of one lane's questions look up. */
export interface Known {
  readonly lane: number
  /** per node: the fewest steps to the lane by the lower bound */
  readonly steps: Uint8Array
  /** per node: 1 + its place in {@link hops}; every gate head has one */
  readonly slots: Uint32Array
  /** slot * 32 + lane: hops by the upper bound */
  readonly hops: Uint8Array
}

/** Memory of the closures, to be kept from batch to batch: each clears what it touched. */
export interface Work {
  /** per node: the questions that reach it */
  readonly reached: Uint32Array
  /** per node: those that came to do so in the step being made */
  readonly gains: Uint32Array
  readonly counters: GateCounters
  /** every node reached, once */
  readonly touched: Uint32Array
  touchedSize: number
  /** the front: nodes and what each gains */
  nodes: Uint32Array
  nextNodes: Uint32Array
  readonly fronts: Uint32Array
  size: number
}

/** Returns memory for {@link closeQuestions}. */
export function buildWork(program: Program): Work {
  const { nodeCount } = program
  return {
    reached: new Uint32Array(nodeCount),
    gains: new Uint32Array(nodeCount),
    counters: buildGateCounters(program),
    touched: new Uint32Array(nodeCount),
    touchedSize: 0,
    nodes: new Uint32Array(nodeCount),
    nextNodes: new Uint32Array(nodeCount),
    fronts: new Uint32Array(nodeCount),
    size: 0,
  }
}

/**
 * Closes the questions, 32 a pass, one bit each, and lowers {@link Question.best} to the fewest hops over a gate.
 *
 * A pass leaves out a node from which, by the lower bound, the lane is too far to improve on any question's best: such
 * a node is part of no shorter derivation. Where a gate fires, what lies behind its head by the upper bound counts.
 */
export function closeQuestions(program: Program, known: Known, work: Work, questions: readonly Question[]): void {
  for (let i = 0; i < questions.length; i += LANES) closeBatch(program, known, work, questions.slice(i, i + LANES))
}

function closeBatch(program: Program, known: Known, work: Work, batch: readonly Question[]): void {
  batch.forEach(({ start }, i) => begin(work, start, 1 << i))
  for (let i = 0; i < program.axioms.length; i++) begin(work, program.axioms[i], 0xffffffff)
  for (let rank = 1; work.size > 0; rank++) {
    const most = batch.reduce((hops, { best }) => Math.max(hops, best), 0)
    // steps to the lane that a node of this rank may have at most: UNREACHED − 1 means any
    const reserve = most === UNREACHED ? UNREACHED - 1 : most - rank - 1
    if (reserve < 0) break
    spreadUseful(program, known, work, batch, { rank, reserve })
  }
  clear(program, work)
}

function begin(work: Work, node: number, bits: number): void {
  const { reached, gains, touched, nodes } = work
  if (reached[node] === 0) {
    touched[work.touchedSize++] = node
    nodes[work.size++] = node
  }
  reached[node] |= bits
  gains[node] |= bits
}

interface Step {
  /** of what this step reaches */
  readonly rank: number
  /** a node of this rank is of use if the lane is at most so many steps away */
  readonly reserve: number
}

function spreadUseful(program: Program, known: Known, work: Work, batch: readonly Question[], step: Step): void {
  const { outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads } = program
  const { reached, gains, touched, nodes, nextNodes, fronts, size } = work
  const { low, highOffsets, high } = work.counters
  const { steps } = known
  const { rank, reserve } = step
  // what the front gains is taken out first, so that the next front's gains can go to the same place
  for (let i = 0; i < size; i++) {
    fronts[i] = gains[nodes[i]]
    gains[nodes[i]] = 0
  }
  let nextSize = 0
  let { touchedSize } = work
  for (let i = 0; i < size; i++) {
    const v = nodes[i]
    const gain = fronts[i]
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      if (steps[head] > reserve) continue
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
      const head = gateHeads[gate]
      const counted = low[gate]
      low[gate] = counted ^ gain
      let fired = counted & gain
      if (fired !== 0 && highOffsets.length > 0) fired = carryUp(highOffsets, high, gate, fired)
      if (steps[head] > reserve) continue
      const before = reached[head]
      const fresh = fired & ~before
      if (fresh === 0) continue
      if (before === 0) touched[touchedSize++] = head
      reached[head] = before | fresh
      if (gains[head] === 0) nextNodes[nextSize++] = head
      gains[head] |= fresh
      note(known, batch, head, fresh, rank)
    }
  }
  work.touchedSize = touchedSize
  work.size = nextSize
  work.nodes = nextNodes
  work.nextNodes = nodes
}

/** A gate has fired: what lies behind its head is that near to the questions in `fresh`. */
function note(
  { lane, slots, hops }: Known,
  batch: readonly Question[],
  head: number,
  fresh: number,
  rank: number,
): void {
  const behind = hops[(slots[head] - 1) * LANES + lane]
  if (behind === UNREACHED) return
  const distance = Math.min(rank + behind, FARTHEST)
  for (let bits = fresh; bits !== 0; bits &= bits - 1) {
    const question = batch[31 - Math.clz32(bits & -bits)]
    if (question !== undefined && distance < question.best) question.best = distance
  }
}

function clear(program: Program, work: Work): void {
  const { nodeGateOffsets, nodeGates, gateNeeds } = program
  const { reached, gains, counters, touched, touchedSize } = work
  for (let i = 0; i < touchedSize; i++) {
    const v = touched[i]
    reached[v] = 0
    gains[v] = 0
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      resetCounter(counters, nodeGates[e], gateNeeds[nodeGates[e]])
    }
  }
  work.touchedSize = 0
  work.size = 0
}
