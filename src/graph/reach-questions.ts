import type { Program } from './program.ts'
import type { Bounds } from './reach-bounds.ts'
import type { Question } from './reach-own.ts'

const LANES = 32

/** What the bounds leave open. */
export interface Gap {
  /** per node: lanes that it may reach sooner than over plain edges, by the closer bound */
  readonly sooner: Uint32Array
  /** per node: the same by the bound that lets any body node fire its gates */
  readonly open: Uint32Array
  /** lanes that every start may reach sooner than over plain edges, by what holds unconditionally */
  readonly common: number
}

/** A question and the starts whose answer it is. */
export interface SharedQuestion extends Question {
  lanes: number
  /** places among the starts */
  readonly places: number[]
}

/**
 * Returns a question for each start that the bounds leave open. Starts that are in no gate's body and lead to the same
 * open nodes share one: what they reach differs in themselves alone, and they know their own lanes.
 */
export function questionsOf(program: Program, bounds: Bounds, starts: Uint32Array, gap: Gap): SharedQuestion[] {
  const { slots, hops } = bounds
  const { sooner, common } = gap
  const shared = new Map<string, SharedQuestion>()
  for (let place = 0; place < starts.length; place++) {
    const start = starts[place]
    const lanes = sooner[start] | common
    if (lanes === 0) continue
    const key = keyOf(program, gap.open, start)
    let question = shared.get(key)
    if (question === undefined) {
      question = { start, lanes: 0, best: new Uint8Array(LANES), places: [] }
      shared.set(key, question)
    }
    question.lanes |= lanes
    question.places.push(place)
    const base = (slots[start] - 1) * LANES
    for (let lane = 0; lane < LANES; lane++) question.best[lane] = Math.max(question.best[lane], hops[base + lane])
  }
  // neighbours in key share what they reach, so a pass over them costs less than over strangers
  return [...shared].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, question]) => question)
}

/** Names what a start can make of gates: itself if it is in a body, else the open nodes that it leads to. */
function keyOf({ outOffsets, outHeads, nodeGateOffsets }: Program, open: Uint32Array, start: number): string {
  if (nodeGateOffsets[start] < nodeGateOffsets[start + 1]) return `=${start}`
  let key = ''
  let last = -1
  for (let e = outOffsets[start]; e < outOffsets[start + 1]; e++) {
    const head = outHeads[e]
    if (head === last || open[head] === 0) continue
    key += `${head} `
    last = head
  }
  return key
}
