import type { Program } from './program.ts'

/** Which body nodes of a gate are let fire it alone, such that no real firing comes before the first of them. */
export interface Relaxation {
  /** bodies of the gates, at the offsets of the program, the chosen ones first */
  readonly bodies: Uint32Array
  /** per gate: how many of its body nodes are chosen */
  readonly chosen: Uint16Array
}

/** How many ancestors are counted before a node passes for popular. */
const MANY = 32
/** Length of the walks that tell popular nodes apart. */
const WALK = 4
/** Score of what holds for everyone, above any count of walks. */
const UNCONDITIONAL = Number.MAX_SAFE_INTEGER

/** Two relaxations: a start and lane that either settles is settled. */
export interface Choices {
  readonly rare: Relaxation
  /** differs in the contested gates; null where there are none */
  readonly other: Relaxation | null
  /** gates of which even the least popular body node has many ancestors */
  readonly contested: readonly number[]
}

/**
 * Chooses, of each gate that needs k of n, n − k + 1 body nodes, such that the gate cannot fire before the first of them:
 * k nodes leave out only n − k, so any k contain one of these. Those with the fewest ancestors are taken, since whoever
 * does not reach them is then settled at once; where all have many, those with the most are tried as well. The choice
 * decides how much is left open, never an answer.
 *
 * @param ranks  per node that holds unconditionally: its rank; all start with these, so they are taken last, latest first
 */
export function chooseBodies(program: Program, ranks: ReadonlyMap<number, number>): Choices {
  const { gateHeads, gateNeeds, gateBodies, gateBodyOffsets } = program
  const bodies = gateBodies.slice()
  const chosen = new Uint16Array(gateHeads.length)
  const contested: number[] = []
  const queue = new Uint32Array(MANY)
  const walks = new Map<number, number>()
  const scoreOf = (node: number): number => {
    const rank = ranks.size === 0 ? undefined : ranks.get(node)
    if (rank !== undefined) return UNCONDITIONAL - rank
    const count = countAncestors(program, node, MANY, queue)
    return count < MANY ? count : MANY + countWalks(program, node, WALK, walks)
  }
  for (let g = 0; g < chosen.length; g++) {
    const start = gateBodyOffsets[g]
    const end = gateBodyOffsets[g + 1]
    chosen[g] = end - start - gateNeeds[g] + 1
    if (end - start === 2 && ranks.size === 0 && chooseOfTwo(program, bodies, start, queue)) continue
    const scores = new Map(Array.from(bodies.subarray(start, end), (node) => [node, scoreOf(node)]))
    bodies.subarray(start, end).sort((x, y) => scores.get(x)! - scores.get(y)!)
    if (scores.get(bodies[start])! >= MANY) contested.push(g)
  }
  return { rare: { bodies, chosen }, other: turned(program, bodies, chosen, contested), contested }
}

/** The same choice with the contested gates' bodies in reverse. */
function turned({ gateBodyOffsets }: Program, bodies: Uint32Array, chosen: Uint16Array, contested: readonly number[]) {
  if (contested.length === 0) return null
  const reversed = bodies.slice()
  for (const g of contested) reversed.subarray(gateBodyOffsets[g], gateBodyOffsets[g + 1]).reverse()
  return { bodies: reversed, chosen }
}

/** Puts the rarer of two body nodes first; false if both are popular, so that counting does not tell. */
function chooseOfTwo(program: Program, bodies: Uint32Array, start: number, queue: Uint32Array): boolean {
  const { inOffsets } = program
  const a = bodies[start]
  const b = bodies[start + 1]
  const inOrder = inOffsets[a + 1] - inOffsets[a] <= inOffsets[b + 1] - inOffsets[b]
  const first = countAncestors(program, inOrder ? a : b, MANY, queue)
  const second = first === 0 ? 1 : countAncestors(program, inOrder ? b : a, Math.min(first + 1, MANY), queue)
  if (first === MANY && second === MANY) return false
  if (first <= second !== inOrder) {
    bodies[start] = b
    bodies[start + 1] = a
  }
  return true
}

/** Counts a node's ancestors over plain edges, one that is met twice twice, up to `most`. */
function countAncestors({ inOffsets, inBodies }: Program, node: number, most: number, queue: Uint32Array): number {
  queue[0] = node
  let size = 1
  for (let at = 0; at < size; at++) {
    const v = queue[at]
    const start = inOffsets[v]
    const end = inOffsets[v + 1]
    if (size + end - start > most) return most
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
  for (let e = inOffsets[node]; e < inOffsets[node + 1]; e++)
    count += 1 + countWalks(program, inBodies[e], length - 1, known)
  known.set(key, count)
  return count
}
