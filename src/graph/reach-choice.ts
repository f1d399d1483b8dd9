import type { Program } from './program.ts'
import type { Relaxation } from './reach-bounds.ts'

/** How many ancestors are counted before a node passes for popular. */
const MANY = 32

/**
 * Chooses, of each gate that needs k of n, n − k + 1 body nodes, such that the gate cannot fire before the first of them:
 * k nodes leave out only n − k, so any k contain one of these. Those with the fewest ancestors are taken, since whoever
 * does not reach them is then settled at once. The choice decides how many starts are left open, never their answers.
 *
 * @param ranks  per node that holds unconditionally: its rank; all start with these, so they are taken last, latest first
 */
export function chooseBodies(program: Program, ranks: ReadonlyMap<number, number>): Relaxation {
  const { gateHeads, gateNeeds, gateBodies, gateBodyOffsets } = program
  const bodies = gateBodies.slice()
  const chosen = new Uint16Array(gateHeads.length)
  const queue = new Uint32Array(MANY)
  const scoreOf = (node: number): number => {
    const rank = ranks.size === 0 ? undefined : ranks.get(node)
    return rank === undefined ? countAncestors(program, node, queue) : MANY + 1 + 1 / (rank + 1)
  }
  for (let g = 0; g < chosen.length; g++) {
    const start = gateBodyOffsets[g]
    const end = gateBodyOffsets[g + 1]
    chosen[g] = end - start - gateNeeds[g] + 1
    if (end - start === 2) {
      if (scoreOf(bodies[start]) <= scoreOf(bodies[start + 1])) continue
      bodies.subarray(start, end).reverse()
      continue
    }
    const scores = new Map(Array.from(bodies.subarray(start, end), (node) => [node, scoreOf(node)]))
    bodies.subarray(start, end).sort((a, b) => scores.get(a)! - scores.get(b)!)
  }
  return { bodies, chosen }
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
