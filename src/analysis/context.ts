import type { Proof, Reason } from '#contract/report.ts'
import type { Strength, Verdict } from '#contract/vocabulary.ts'
import type { Program } from '#graph/program.ts'
import type { Snapshot } from '#model/compile.ts'
import type { FactOf } from '#model/facts.ts'
import type { Policy } from '#policy/policy.ts'
import type { RaisedRequirement } from '#policy/requirement.ts'
import type { AccountImpact, CapabilityReach } from './impact.ts'
import type { Recoverability } from './recovery.ts'
import type { WeakestWays } from './weakest-way.ts'
import type { Way } from './ways-in.ts'
import type { Worth, Worths } from './worth.ts'

/** What the analysis thinks of one way in. */
export interface JudgedWay {
  readonly way: Way
  readonly worth: Worth
  /** its own strength, or less where something weaker leads to its authenticators; null where unknown */
  readonly effective: Strength | null
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
  /** id of the exception that excuses it */
  readonly exception: string | null
}

/** Everything known of one account, before findings. */
export interface AccountAnalysis {
  readonly fact: FactOf<'account'>
  readonly human: boolean
  readonly impact: AccountImpact
  readonly requirement: RaisedRequirement
  readonly nominal: Worth | null
  readonly effective: Strength | null
  readonly ways: readonly JudgedWay[]
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
  readonly recoverability: Recoverability
}

/** What the findings look at; all of it computed once. */
export interface Analysis {
  readonly snapshot: Snapshot
  readonly policy: Policy
  readonly program: Program
  readonly worths: Worths
  readonly weakest: WeakestWays
  readonly accounts: ReadonlyMap<string, AccountAnalysis>
  /** shortest chain from an account to a right of this capability with this impact; null when there is none */
  readonly reachProof: (account: string, reached: CapabilityReach) => Proof | null
  /** derivation of the account by its cheapest way in */
  readonly entryProof: (account: string) => Proof | null
}
