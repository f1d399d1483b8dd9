import type { Program } from './program.ts'
import type { Relaxation } from './reach-bounds.ts'

/** How many ancestors are counted before a node passes for popular. */
const MANY = 32
/** Length of the walks that tell popular nodes apart. */
const WALK = 4
/** Score of what holds for everyone, above any count of walks. */
const UNCONDITIONAL = Number.MAX_SAFE_INTEGER

/** A relaxation, and what the choice could not settle. */
export interface Choice extends Relaxation {
  /** gates of which even the least popular body node has many ancestors */
  readonly contested: readonly number[]
}

/**
 * Chooses, of each gate that needs k of n, n − k + 1 body nodes, such that the gate cannot fire before the first of them:
 * k nodes leave out only n − k, so any k contain one of these. Those with the fewest ancestors are taken, since whoever
 * does not reach them is then settled at once. The choice decides how many starts are left open, never their answers.
 *
 * @param ranks  per node that holds unconditionally: its rank; all start with these, so they are taken last, latest first
 */
export function chooseBodies(program: Program, ranks: ReadonlyMap<number, number>): Choice {
  const { gateHeads, gateNeeds, gateBodies, gateBodyOffsets } = program
  const bodies = gateBodies.slice()
  const chosen = new Uint16Array(gateHeads.length)
  const contested: number[] = []
  const queue = new Uint32Array(MANY)
  const walks = new Map<number, number>()
  const scoreOf = (node: number): number => {
    const rank = ranks.size === 0 ? undefined : ranks.get(node)
    if (rank !== undefined) return UNCONDITIONAL - rank
    const count = countAncestors(program, node, queue)
    return count < MANY ? count : MANY + countWalks(program, node, WALK, walks)
  }
  for (let g = 0; g < chosen.length; g++) {
    const start = gateBodyOffsets[g]
    const end = gateBodyOffsets[g + 1]
    chosen[g] = end - start - gateNeeds[g] + 1
    if (end - start === 2) {
      const a = countAncestors(program, bodies[start], queue)
      const b = countAncestors(program, bodies[start + 1], queue)
      if (ranks.size === 0 && (a < MANY || b < MANY)) {
        if (b < a) bodies.subarray(start, end).reverse()
        continue
      }
    }
    const scores = new Map(Array.from(bodies.subarray(start, end), (node) => [node, scoreOf(node)]))
    bodies.subarray(start, end).sort((x, y) => scores.get(x)! - scores.get(y)!)
    if (scores.get(bodies[start])! >= MANY) contested.push(g)
  }
  return { bodies, chosen, contested }
}

/** Counts a node's ancestors over plain edges, one that is met twice twice, up to MANY. */
function countAncestors({ inOffsets, inBodies }: Program, node: number, queue: Uint32Array): number {
  queue[0] = node
  let size = 1
  for (let at = 0; at < size; at++) {
    const v = queue[at]
    const start = inOffsets[v]
    const end = inOffsets[v + 1]
    if (size + end - start > MANY) return MANY
    for (let e = start; e < end; e++) queue[size++] = inBodies[e]
  }
  return size - 1
}

/** Counts the plain walks of up to `length` edges that end in a node: a measure of how many lead there. */
function countWalks(program: Program, node: number, length: number, known: Map<number, number>): number {
  const { inOffsets, inBodies } = program
  if (length === 1) return inOffsets[node + 1] - inOffsets[node]
  const key = node * (WALK + 1) + length
  let count = known.get(key)
  if (count !== undefined) return count
  count = 0
  for (let e = inOffsets[node]; e < inOffsets[node + 1]; e++) count += 1 + countWalks(program, inBodies[e], length - 1, known)
  known.set(key, count)
  return count
}
