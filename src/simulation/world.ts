/** What every simulation over one inventory shares: the rules, and what each account and right is worth. */
import { impactsOf, rightImpacts, type AccountImpact, type Impacts } from '#analysis/impact.ts'
import type { SignIn } from '#analysis/attackers.ts'
import { waysInOf, type Way } from '#analysis/ways-in.ts'
import { worthsOf, type Worths } from '#analysis/worth.ts'
import { buildProgram, type Program } from '#graph/program.ts'
import { compileSnapshot, type Snapshot } from '#model/compile.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'

export interface World {
  readonly snapshot: Snapshot
  readonly program: Program
  readonly policy: Policy
  readonly ways: ReadonlyMap<string, readonly Way[]>
  readonly worths: Worths
  readonly signIn: SignIn
  /** impact of every account, in the order of the inventory */
  readonly impacts: ReadonlyMap<string, AccountImpact>
  /** impact of every right, by node */
  readonly rights: Impacts
}

/** Compiles the facts and computes what each account reaches. */
export function worldOf(inventory: CheckedInventory, policy: Policy): World {
  const snapshot = compileSnapshot(inventory)
  const program = buildProgram(snapshot.rules)
  const ids = inventory.byKind.account.map(({ fact }) => fact.id)
  const starts = Uint32Array.from(ids, (id) => snapshot.indexOf.get(id)!)
  const reached = impactsOf(snapshot, program, policy, starts)
  const ways = waysInOf(inventory)
  const worths = worthsOf(snapshot, policy, ways)
  return {
    snapshot,
    program,
    policy,
    ways,
    worths,
    signIn: (account) => worths.nominal(account)?.strength ?? null,
    impacts: new Map(ids.map((id, i) => [id, reached[i]!])),
    rights: rightImpacts(snapshot, policy),
  }
}
