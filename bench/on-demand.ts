import { closure, proofOf } from '#graph/closure.ts'
import { buildScratch } from '#graph/explore.ts'
import { witness } from '#graph/reach.ts'
import type { SnapshotContents } from '#graph/snapshot-file.ts'
import { reachLanes } from '#graph/reach.ts'
import { randomOf } from './random.ts'
import { accountsOf } from './store.ts'
import type { Measured } from './timing.ts'

/** How many answers are timed of each kind. */
const SAMPLES = 2_000

/** Times single answers: a shortest witness of a capability, and the proof of a takeover. Medians, in microseconds. */
export function timeOnDemand(contents: SnapshotContents): Omit<Measured, 'peakMb'> {
  const { program, capabilityMasks, attackerSeeds } = contents
  const accounts = accountsOf(contents)
  const random = randomOf(1)
  const some = Uint32Array.from({ length: SAMPLES }, () => accounts[random.below(accounts.length)]!)
  const { masks, mayReach } = reachLanes(program, capabilityMasks, some)
  const scratch = buildScratch(program)
  const witnesses: number[] = []
  let witnessSteps = 0
  some.forEach((start, i) => {
    if (masks[i] === 0) return
    const lane = 31 - Math.clz32(masks[i]! & -masks[i]!)
    const before = performance.now()
    witnessSteps += witness(program, start, { lane, laneMasks: capabilityMasks, mayReach }, scratch).length
    witnesses.push((performance.now() - before) * 1000)
  })
  const fallen = closure(program, attackerSeeds)
  const proofs: number[] = []
  let proofSteps = 0
  for (const account of some) {
    if (fallen.masks[account] === 0) continue
    const lane = 31 - Math.clz32(fallen.masks[account]! & -fallen.masks[account]!)
    const before = performance.now()
    proofSteps += proofOf(program, fallen, account, lane).length
    proofs.push((performance.now() - before) * 1000)
  }
  return {
    wallMs: 0,
    cpuMs: 0,
    notes: {
      'witness median µs': quantile(witnesses, 0.5),
      'witness p95 µs': quantile(witnesses, 0.95),
      'witness mean steps': Number((witnessSteps / witnesses.length).toFixed(1)),
      'proof median µs': quantile(proofs, 0.5),
      'proof p95 µs': quantile(proofs, 0.95),
      'proof mean steps': Number((proofSteps / proofs.length).toFixed(1)),
    },
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1))
}
