import { release } from '#lib/release.ts'

/**
 * A front of more than a DENSEth of the nodes is not listed but found by a walk over all of them, in order: then the
 * arrays are read along, not across. 64 by measurement at a million accounts.
 */
const DENSE = 64

/** What the nodes gain in one step of a level-synchronous pass over 32 lanes. */
export interface Front {
  /** per node: the lanes that it gains in this step */
  readonly gains: Uint32Array
  /** the nodes that gain anything, in any order, unless there are more than fit */
  readonly nodes: Uint32Array
  /** how many gain anything; nodeCount where nobody has counted yet */
  size: number
}

/** Gives back the memory of fronts that are not looked at again. */
export function releaseFronts(...fronts: readonly Front[]): void {
  for (const { gains, nodes } of fronts) release(gains, nodes)
}

/** Returns a front in which nothing is gained. */
export function buildFront(nodeCount: number): Front {
  return { gains: new Uint32Array(nodeCount), nodes: new Uint32Array(Math.ceil(nodeCount / DENSE)), size: 0 }
}

/** Returns a front in which each node gains what `gains` says; takes that array over. */
export function frontOf(gains: Uint32Array): Front {
  return { gains, nodes: new Uint32Array(Math.ceil(gains.length / DENSE)), size: gains.length }
}
