import { closure, LATEST, NEVER } from '#graph/closure.ts'
import type { Program } from '#graph/program.ts'
import { reachLanes } from '#graph/reach.ts'
import { reachSizes } from '#graph/size.ts'
import { withDirectRules } from '#graph/snapshot-file.ts'
import type { SnapshotContents } from '#graph/snapshot-file.ts'
import { weakest } from '#graph/weakest.ts'
import { accountsOf } from './store.ts'

/** Numbers that must be equal for equal answers, whoever computed them. */
export type Checksum = readonly number[]

/** An answer: what sums it up, and its arrays, which are let go afterwards. */
export interface Answer {
  readonly sumUp: () => Checksum
  readonly arrays: readonly (Uint8Array | Uint32Array)[]
}

/** One question put to a snapshot: `prepare` is not timed, what it returns is; the answer is then summed up. */
export interface Stage {
  readonly title: string
  readonly prepare: (contents: SnapshotContents) => () => Answer
}

/** Every kernel that is timed on its own. */
export const STAGES = {
  'r1-plain': {
    title: 'R1 plain edges only, 32 lanes with hops',
    prepare: (contents) => {
      const starts = accountsOf(contents)
      const program = withoutGates(contents.program)
      return () => {
        const reach = reachLanes(program, contents.capabilityMasks, starts)
        return lanesAnswer(reach.masks, reach.hops, reach.mayReach)
      }
    },
  },
  r1: {
    title: 'R1 exact, gates included, 32 lanes with hops',
    prepare: (contents) => {
      const starts = accountsOf(contents)
      return () => {
        const reach = reachLanes(contents.program, contents.capabilityMasks, starts)
        return lanesAnswer(reach.masks, reach.hops, reach.mayReach)
      }
    },
  },
  r2: {
    title: 'R2 exact, gates included, one thread',
    prepare: (contents) => {
      const starts = accountsOf(contents)
      return () => {
        const sizes = reachSizes(contents.program, starts, contents.accountBit)
        return {
          sumUp: () => [sumOf(sizes.nodes), sumOf(sizes.accounts)],
          arrays: Object.values(sizes) as (Uint8Array | Uint32Array)[],
        }
      }
    },
  },
  r3: {
    title: 'R3 takeover, 32 profiles with ranks',
    prepare: (contents) => () => {
      const { masks, ranks } = closure(contents.program, contents.attackerSeeds)
      return lanesAnswer(masks, ranks)
    },
  },
  r4: {
    title: 'R4 weakest way in',
    prepare: (contents) => {
      const program = withDirectRules(contents)
      const costs = { tiers: contents.ruleTiers, efforts: contents.ruleEfforts }
      return () => {
        const answer = weakest(program, costs)
        return {
          sumUp: () => effortsOf(answer, program.nodeCount),
          arrays: Object.values(answer),
        }
      }
    },
  },
  r6: {
    title: 'R6 recoverability, 32 losses with ranks',
    prepare: (contents) => () => {
      const { masks, ranks } = closure(contents.program, contents.ownerSeeds)
      return lanesAnswer(masks, ranks)
    },
  },
} as const satisfies Record<string, Stage>

export type StageName = keyof typeof STAGES

function lanesAnswer(masks: Uint32Array, ranks: Uint8Array, ...more: readonly Uint32Array[]): Answer {
  return { sumUp: () => [bitsOf(masks), ranksOf(ranks)], arrays: [masks, ranks, ...more] }
}

/** The program without its gates: what a graph database would see. */
export function withoutGates(program: Program): Program {
  const none = new Uint32Array(0)
  return {
    ...program,
    gateHeads: none,
    gateNeeds: new Uint16Array(0),
    gateRules: none,
    gateBodyOffsets: new Uint32Array(1),
    gateBodies: none,
    nodeGateOffsets: new Uint32Array(program.nodeCount + 1),
    nodeGates: none,
  }
}

/** Bits set in all masks. */
export function bitsOf(masks: Uint32Array): number {
  let bits = 0
  for (let i = 0; i < masks.length; i++) {
    let x = masks[i]
    x -= (x >>> 1) & 0x55555555
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
    bits += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return bits
}

/** Sum of the ranks of all that holds. */
function ranksOf(ranks: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < ranks.length; i++) if (ranks[i] !== NEVER) sum += Math.min(ranks[i], LATEST)
  return sum
}

function sumOf(values: Uint32Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

/** Per tier: the effort of all nodes' cheapest derivations; and how many nodes have one. */
function effortsOf(answer: ReturnType<typeof weakest>, nodeCount: number): Checksum {
  const sums = [0, 0, 0, 0, 0, 0]
  const { costIds, costs } = answer
  for (let v = 0; v < nodeCount; v++) {
    const id = costIds[v]
    if (id === 0xffffffff) continue
    sums[5]! += 1
    for (let tier = 0; tier < 5; tier++) sums[tier]! += costs[id * 5 + tier]
  }
  return sums
}
