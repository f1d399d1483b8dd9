import type { Program } from './program.ts'
import { UNREACHED } from './reach-bounds.ts'

/** How soon a lane is reached by a start, or by several that lead to the same nodes. */
export interface Question {
  readonly start: number
  /** the fewest hops found so far; of several starts, the most */
  best: number
  /** places among the starts of those who ask it */
  readonly places: number[]
}

/** A start with a lane of which the bounds disagree. */
export interface Asker {
  readonly start: number
  /** its place among the starts */
  readonly place: number
  /** hops by the upper bound */
  readonly hops: number
}

/**
 * Returns the questions of one lane. Starts that are in no gate's body and lead to the same nodes of use share one:
 * what they reach differs in themselves alone, and they know their own lanes.
 *
 * @param steps  per node: the fewest steps to the lane by the lower bound; a node of no use is as far as the best known
 */
export function shareQuestions(program: Program, steps: Uint8Array, askers: readonly Asker[]): Question[] {
  const shared = new Map<string, Question>()
  for (const { start, place, hops } of askers) {
    const key = keyOf(program, steps, start, hops)
    const question = shared.get(key)
    if (question === undefined) {
      shared.set(key, { start, best: hops, places: [place] })
      continue
    }
    question.best = Math.max(question.best, hops)
    question.places.push(place)
  }
  // those who know as much, and start from neighbours, go through the same nodes, so they go together
  return [...shared]
    .sort(([a, { best: x }], [b, { best: y }]) => x - y || (a < b ? -1 : 1))
    .map(([, question]) => question)
}

/** Names what a start can make of gates: itself if it is in a body, else the nodes of use that it leads to. */
function keyOf(program: Program, steps: Uint8Array, start: number, hops: number): string {
  const { outOffsets, outHeads, nodeGateOffsets } = program
  if (nodeGateOffsets[start] < nodeGateOffsets[start + 1]) return `=${start}`
  let key = `${hops}:`
  let last = -1
  for (let e = outOffsets[start]; e < outOffsets[start + 1]; e++) {
    const head = outHeads[e]
    if (head === last || !isOfUse(steps[head], 1, hops)) continue
    key += ` ${head}`
    last = head
  }
  return key
}

/** Whether a node that far from the lane, reached at a rank, can still lead there in fewer hops than are known. */
export function isOfUse(steps: number, rank: number, hops: number): boolean {
  return steps !== UNREACHED && (hops === UNREACHED || rank + steps < hops)
}
