import type { Program } from './program.ts'

/**
 * Per gate, a counter in each of 32 lanes, kept as bit planes: bit `lane` of plane p is bit p of that lane's count.
 *
 * A counter starts at 2^planes − needs, so that the arrival of the needs-th body node carries out of the top plane: the
 * carry is the set of lanes in which the gate fires. No body node has to be looked at again.
 */
export interface GateCounters {
  /** per gate: plane 0 */
  readonly low: Uint32Array
  /** gateCount + 1 offsets into {@link high}; empty when every gate needs exactly two and plane 0 suffices */
  readonly highOffsets: Uint32Array
  /** planes 1 and up, a gate's planes side by side */
  readonly high: Uint32Array
}

/** Returns the counters of a program's gates, at their start. */
export function buildGateCounters({ gateNeeds }: Program): GateCounters {
  const gateCount = gateNeeds.length
  const low = new Uint32Array(gateCount)
  let highCount = 0
  for (let g = 0; g < gateCount; g++) highCount += planesOf(gateNeeds[g]) - 1
  if (highCount === 0) return { low, highOffsets: new Uint32Array(0), high: new Uint32Array(0) }
  const highOffsets = new Uint32Array(gateCount + 1)
  const high = new Uint32Array(highCount)
  const counters = { low, highOffsets, high }
  for (let g = 0; g < gateCount; g++) {
    highOffsets[g + 1] = highOffsets[g] + planesOf(gateNeeds[g]) - 1
    resetCounter(counters, g, gateNeeds[g])
  }
  return counters
}

/** Sets the counters of one gate back to their start in all lanes. */
export function resetCounter({ low, highOffsets, high }: GateCounters, gate: number, needs: number): void {
  const initial = 2 ** planesOf(needs) - needs
  low[gate] = initial & 1 ? 0xffffffff : 0
  if (highOffsets.length === 0) return
  for (let i = highOffsets[gate], plane = 1; i < highOffsets[gate + 1]; i++, plane++) {
    high[i] = (initial >>> plane) & 1 ? 0xffffffff : 0
  }
}

/**
 * Adds a carry out of plane 0 to the higher planes and returns the carry out of the topmost: the lanes that fire.
 * A gate without higher planes fires at once.
 */
export function carryUp(highOffsets: Uint32Array, high: Uint32Array, gate: number, carry: number): number {
  for (let i = highOffsets[gate]; i < highOffsets[gate + 1] && carry !== 0; i++) {
    const plane = high[i]
    high[i] = plane ^ carry
    carry &= plane
  }
  return carry
}

/** Planes that count to `needs`: the least p with 2^p ≥ needs. */
function planesOf(needs: number): number {
  return 32 - Math.clz32(needs - 1)
}
