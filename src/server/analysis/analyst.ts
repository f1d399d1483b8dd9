import { applyDelta, liveAnalysis, type Delta, type LiveAnalysis } from '#analysis/live.ts'
import type { Inventory } from '#model/facts.ts'
import type { Policy } from '#policy/policy.ts'

/** Who analyses facts. */
export interface Analyst {
  /** @throws {AmbitError} `input_invalid` */
  readonly load: (inventory: Inventory) => Promise<LiveAnalysis>
  /** @throws {AmbitError} `input_invalid` */
  readonly change: (live: LiveAnalysis, delta: Delta) => Promise<LiveAnalysis>
}

/** Analyses in this thread. */
export function ownAnalyst(policy: Policy): Analyst {
  return {
    load: async (inventory) => liveAnalysis(inventory, policy),
    change: async (live, delta) => applyDelta(live, delta).live,
  }
}
