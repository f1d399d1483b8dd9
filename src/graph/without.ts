import type { Program } from './program.ts'

/** Worlds that one pass can tell apart. */
export const WORLDS = 32

/**
 * Memory for {@link reachWithout}, to be kept between calls: 10 bytes per node, 4 per rule. A call touches only what it
 * reaches and clears that again.
 */
export interface WorldScratch {
  /** per node: the worlds in which it is reached */
  readonly masks: Uint32Array
  /** per node: worlds in which it was reached and what follows is not yet told */
  readonly pending: Uint32Array
  /** the nodes reached in any world; the first {@link size} are in use */
  readonly trail: Uint32Array
  readonly stack: Uint32Array
  /** per rule: the worlds in which it does not exist; the caller sets it before a call and clears it after */
  readonly absent: Uint32Array
  size: number
}

export function buildWorldScratch({ nodeCount, ruleCount }: Program): WorldScratch {
  return {
    masks: new Uint32Array(nodeCount),
    pending: new Uint32Array(nodeCount),
    trail: new Uint32Array(nodeCount),
    stack: new Uint32Array(nodeCount),
    absent: new Uint32Array(ruleCount),
    size: 0,
  }
}

/**
 * Finds what the roots reach in up to 32 worlds at once, each lacking the rules whose bit in `scratch.absent` is set:
 * the least fixpoint of every world, in `scratch.masks`. What always holds is reached, as in R1.
 * O(arcs of what is reached × times at which their tail gains worlds).
 *
 * @param worlds  bit mask of the worlds in use
 */
export function reachWithout(
  program: Program,
  scratch: WorldScratch,
  roots: Iterable<number>,
  worlds: number = 0xffffffff,
): void {
  const { outOffsets, outHeads, outRules, nodeGateOffsets, nodeGates, gateHeads, gateRules, axioms, axiomRules } =
    program
  const { masks, pending, trail, stack, absent } = scratch
  for (let i = 0; i < scratch.size; i++) masks[trail[i]] = 0
  let size = 0
  let depth = 0
  const give = (node: number, gain: number): void => {
    const mask = masks[node]
    const fresh = gain & ~mask
    if (fresh === 0) return
    if (mask === 0) trail[size++] = node
    masks[node] = mask | fresh
    if (pending[node] === 0) stack[depth++] = node
    pending[node] |= fresh
  }
  for (const root of roots) give(root, worlds)
  for (let i = 0; i < axioms.length; i++) give(axioms[i], worlds & ~absent[axiomRules[i]])
  while (depth > 0) {
    const v = stack[--depth]
    const gain = pending[v]
    pending[v] = 0
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) give(outHeads[e], gain & ~absent[outRules[e]])
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      const open = gain & ~masks[gateHeads[gate]] & ~absent[gateRules[gate]]
      if (open !== 0) give(gateHeads[gate], firing(program, masks, gate, open))
    }
  }
  scratch.size = size
}

/** Of some worlds, those in which enough of a gate's body is reached. */
function firing({ gateNeeds, gateBodyOffsets, gateBodies }: Program, masks: Uint32Array, gate: number, of: number) {
  const start = gateBodyOffsets[gate]
  const end = gateBodyOffsets[gate + 1]
  const needs = gateNeeds[gate]
  let all = of
  if (needs === end - start) {
    for (let i = start; i < end && all !== 0; i++) all &= masks[gateBodies[i]]
    return all
  }
  let fired = 0
  for (let bits = of; bits !== 0; bits &= bits - 1) {
    const bit = bits & -bits
    let held = 0
    for (let i = start; i < end && held < needs; i++) if ((masks[gateBodies[i]] & bit) !== 0) held++
    if (held === needs) fired |= bit
  }
  return fired
}
