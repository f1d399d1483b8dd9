/** What is thought of accounts, as patterns of breaches ask for it. */
import { accountNodes, judgeAccount, sizesOf } from '#analysis/accounts.ts'
import type { AccountAnalysis } from '#analysis/context.ts'
import { allFindings } from '#analysis/findings/all.ts'
import { recoverabilityOf } from '#analysis/recovery.ts'
import { weakestWays } from '#analysis/weakest-way.ts'
import { once } from '#lib/once.ts'
import { asksForSizes } from '#policy/named-fields.ts'
import type { Judged } from './patterns.ts'
import type { World } from './world.ts'

/**
 * The same as in a report of the world, without what only a report shows: how much each account reaches, by which steps,
 * and to whom it falls. Findings are looked for when they are first asked for.
 */
export function judgedIn(world: World): Judged {
  const { snapshot, program, policy, ways, worths, impacts, rights } = world
  const weakest = weakestWays(snapshot, policy, ways)
  const sizes = asksForSizes(policy) ? sizesOf(snapshot, program, accountNodes(snapshot)) : null
  const recoverability = recoverabilityOf(snapshot, ways)
  const accounts = new Map<string, AccountAnalysis>()
  snapshot.inventory.byKind.account.forEach(({ fact }, i) => {
    const size = { nodes: sizes?.nodes[i] ?? 0, accounts: sizes?.accounts[i] ?? 0 }
    const judged = judgeAccount({ snapshot, policy, ways, worths, weakest }, fact, impacts.get(fact.id)!, size)
    accounts.set(fact.id, { ...judged, recoverability: recoverability(fact.id) })
  })
  const proofs = { reachProof: () => null, entryProof: (id: string) => weakest.entry(id)?.proof ?? null }
  const findings = once(() => allFindings({ snapshot, policy, program, worths, weakest, accounts, ...proofs }, rights))
  return {
    accounts: Array.from(accounts, ([id, { human, impact, nominal, effective, verdict }]) => ({
      id,
      impact: impact.impact,
      nominalStrength: human ? (nominal?.strength ?? null) : null,
      effectiveStrength: human ? effective : null,
      verdict,
    })),
    get findings() {
      return findings()
    },
  }
}
