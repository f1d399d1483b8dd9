import { buildProgram } from '#graph/program.ts'
import { compileSnapshot } from '#model/compile.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { accountNodes, judgeAccount, sizesOf } from '../accounts.ts'
import { impactOfLanes, impactsOf } from '../impact.ts'
import { waysInOf } from '../ways-in.ts'
import { boundsBetween, weakestWays } from '../weakest-way.ts'
import { worthOf, worthsOf } from '../worth.ts'
import { stateOf, type AccountState } from './account-state.ts'
import { nodesOf, type Engine } from './engine.ts'
import { obstaclesOf } from './obstacles.ts'

/** The size of a reach that nothing asks for. */
const UNASKED = { nodes: 0, accounts: 0 }

/** States of those of some ids that are accounts, from an engine, one after another. */
export function* statesOf(engine: Engine, ids: Iterable<string>): Generator<AccountState> {
  const { policy, facts, rules, entrances, ways, nominal, reach, fall, indexOf } = engine
  const nodes = nodesOf(engine)
  const source = { nodes, facts, rules, entrances, ways }
  const weakest = boundsBetween(nodes, ways, obstaclesOf(fall, source, 'worst'), obstaclesOf(fall, source, 'best'))
  const worths = {
    ofWay: (way: Parameters<typeof worthOf>[2]) => worthOf(nodes, policy, way, ways, nominal),
    nominal: (account: string) => nominal.get(account) ?? null,
  }
  const ground = { snapshot: nodes, policy, ways, worths, weakest }
  for (const id of ids) {
    const fact = facts.kept.get(id)?.fact
    if (fact?.fact !== 'account') continue
    const [first, second] = reach.map(({ masks }) => masks[indexOf.get(id)!]!) as [number, number]
    const judged = judgeAccount(ground, fact, impactOfLanes(first, second), UNASKED)
    yield stateOf(judged, weakest.ofAccount(id))
  }
}

/** States of all accounts, computed as a report is. */
export function statesAnew(inventory: CheckedInventory, policy: Policy): Map<string, AccountState> {
  const snapshot = compileSnapshot(inventory)
  const program = buildProgram(snapshot.rules)
  const starts = accountNodes(snapshot)
  const impacts = impactsOf(snapshot, program, policy, starts)
  const sizes = sizesOf(snapshot, program, starts)
  const ways = waysInOf(inventory)
  const worths = worthsOf(snapshot, policy, ways)
  const weakest = weakestWays(snapshot, policy, ways)
  const ground = { snapshot, policy, ways, worths, weakest }
  return new Map(
    inventory.byKind.account.map(({ fact }, i) => {
      const size = { nodes: sizes.nodes[i]!, accounts: sizes.accounts[i]! }
      return [fact.id, stateOf(judgeAccount(ground, fact, impacts[i]!, size), weakest.ofAccount(fact.id))]
    }),
  )
}
