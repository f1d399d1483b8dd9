import type { Program } from './program.ts'

/** Nodes that by themselves fire a gate, from so near that the way is worth knowing: shortcuts past the gate. */
export interface Joins {
  /** gateCount + 1 offsets into {@link nodes} */
  readonly offsets: Uint32Array
  readonly nodes: Uint32Array
  /** per node of {@link nodes}: the step at which it alone fires the gate; 2 … LONGEST */
  readonly lengths: Uint8Array
}

/** How far back contested gates are searched, in edges, and the step at which the farthest such join fires its gate. */
const DEPTH = 3
export const LONGEST = DEPTH + 1
/** Most nodes searched per body node. More in-edges than this are not followed: joins are never needed for an answer. */
const SEARCHED = 256

/**
 * Returns joins of every gate: nodes that are, or have a plain edge to, enough of its body: a phone that receives the
 * code and resets the password. Of contested gates, to whose whole body many lead, farther ones too: a help desk.
 */
export function findJoins(program: Program, contested: readonly number[]): Joins {
  const { gateHeads, gateNeeds, gateBodies, gateBodyOffsets } = program
  const offsets = new Uint32Array(gateHeads.length + 1)
  const nodes: number[] = []
  const lengths: number[] = []
  const add = (node: number, length: number): void => {
    nodes.push(node)
    lengths.push(length)
  }
  let nextContested = 0
  for (let g = 0; g < gateHeads.length; g++) {
    const start = gateBodyOffsets[g]
    const end = gateBodyOffsets[g + 1]
    const isContested = contested[nextContested] === g
    if (isContested) nextContested++
    if (!isContested && end - start === 2) joinTwo(program, gateBodies[start], gateBodies[start + 1], add)
    else joinMany(program, gateBodies.subarray(start, end), gateNeeds[g], isContested ? DEPTH : 1, add)
    offsets[g + 1] = nodes.length
  }
  return { offsets, nodes: Uint32Array.from(nodes), lengths: Uint8Array.from(lengths) }
}

type Add = (node: number, length: number) => void

function joinTwo(program: Program, a: number, b: number, add: Add): void {
  const { inOffsets, inBodies } = program
  const [few, many] = inOffsets[a + 1] - inOffsets[a] <= inOffsets[b + 1] - inOffsets[b] ? [a, b] : [b, a]
  if (leads(program, few, many)) add(few, 2)
  const start = inOffsets[few]
  const end = inOffsets[few + 1]
  if (end - start > SEARCHED) return
  for (let e = start; e < end; e++) {
    const node = inBodies[e]
    if (e > start && node === inBodies[e - 1]) continue
    if (node === many || leads(program, node, many)) add(node, 2)
  }
}

/** Searches back from every body node; a node met from k of them joins, one step after it reaches the k-th nearest. */
function joinMany(program: Program, body: Uint32Array, needs: number, depth: number, add: Add): void {
  const { inOffsets, inBodies } = program
  const distances = new Map<number, number[]>()
  for (const literal of body) {
    const near = new Map([[literal, 0]])
    for (const [node, distance] of near) {
      const start = inOffsets[node]
      const end = inOffsets[node + 1]
      if (distance === depth || near.size + end - start > SEARCHED) continue
      for (let e = start; e < end; e++) if (!near.has(inBodies[e])) near.set(inBodies[e], distance + 1)
    }
    for (const [node, distance] of near) {
      const known = distances.get(node)
      if (known === undefined) distances.set(node, [distance])
      else known.push(distance)
    }
  }
  const joined = new Map<number, number>()
  for (const [node, some] of distances) {
    if (some.length < needs) continue
    joined.set(node, 1 + some.toSorted((x, y) => x - y)[needs - 1])
  }
  for (const [node, length] of joined) if (!isBehindJoin(program, joined, node, length)) add(node, length)
}

/** Whether an edge leads from a node to a join that is shorter, so that this one adds nothing. */
function isBehindJoin({ outOffsets, outHeads }: Program, joined: Map<number, number>, node: number, length: number) {
  const start = outOffsets[node]
  const end = Math.min(outOffsets[node + 1], start + SEARCHED)
  for (let e = start; e < end; e++) {
    const shorter = joined.get(outHeads[e])
    if (shorter !== undefined && shorter < length) return true
  }
  return false
}

/** Whether a plain edge leads from one node to another. O(log in-edges). */
function leads({ inOffsets, inBodies }: Program, from: number, to: number): boolean {
  let low = inOffsets[to]
  let high = inOffsets[to + 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (inBodies[middle] < from) low = middle + 1
    else high = middle
  }
  return low < inOffsets[to + 1] && inBodies[low] === from
}
