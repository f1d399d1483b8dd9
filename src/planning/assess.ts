import { judgeAccount, sizesOf, type JudgedAccount } from '#analysis/accounts.ts'
import { takeoverOf } from '#analysis/attackers.ts'
import { impactsOf } from '#analysis/impact.ts'
import { recoverabilityOf, type Recoverability } from '#analysis/recovery.ts'
import { waysInOf, type Way } from '#analysis/ways-in.ts'
import { weakestWays, type TracedWays } from '#analysis/weakest-way.ts'
import { worthsOf, type Worths } from '#analysis/worth.ts'
import type { Closure } from '#graph/closure.ts'
import { buildProgram, type Program } from '#graph/program.ts'
import { compileSnapshot, type Snapshot } from '#model/compile.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import { once } from '#lib/once.ts'
import { asksForSizes } from '#policy/named-fields.ts'
import type { Policy } from '#policy/policy.ts'

/**
 * What a plan needs to know of an inventory: what `analyse` knows, without findings and proofs, each part when it is
 * first asked for.
 */
export interface Assessment {
  readonly inventory: CheckedInventory
  readonly policy: Policy
  readonly snapshot: Snapshot
  readonly program: Program
  readonly ways: ReadonlyMap<string, readonly Way[]>
  readonly worths: Worths
  readonly weakest: TracedWays
  readonly accounts: ReadonlyMap<string, JudgedAccount>
  readonly takeover: Closure
  readonly recoverability: (account: string) => Recoverability
}

/** Accounts that are looked at, where the rest is known not to matter. */
export interface Scope {
  /** those that are judged */
  readonly judged: ReadonlySet<string>
  /** those and all that leads to them */
  readonly relevant: ReadonlySet<string>
}

/** @param scope  all accounts where absent */
export function assess(inventory: CheckedInventory, policy: Policy, scope?: Scope): Assessment {
  const snapshot = compileSnapshot(inventory)
  const program = buildProgram(snapshot.rules)
  const all = waysInOf(inventory)
  const ways = scope === undefined ? all : new Map([...all].filter(([account]) => scope.relevant.has(account)))
  const worths = once(() => worthsOf(snapshot, policy, ways))
  const weakest = once(() => weakestWays(snapshot, policy, ways))
  const accounts = once(() => {
    const facts = inventory.byKind.account.filter(({ fact }) => scope?.judged.has(fact.id) ?? true)
    const starts = Uint32Array.from(facts, ({ fact }) => snapshot.indexOf.get(fact.id)!)
    const impacts = impactsOf(snapshot, program, policy, starts)
    const sizes = asksForSizes(policy) ? sizesOf(snapshot, program, starts) : null
    const ground = { snapshot, policy, ways, worths: worths(), weakest: weakest() }
    return new Map(
      facts.map(({ fact }, i) => {
        const size = { nodes: sizes?.nodes[i] ?? 0, accounts: sizes?.accounts[i] ?? 0 }
        return [fact.id, judgeAccount(ground, fact, impacts[i]!, size)] as const
      }),
    )
  })
  const takeover = once(() =>
    takeoverOf(snapshot, program, policy, (account) => worths().nominal(account)?.strength ?? null),
  )
  const recoverability = once(() => recoverabilityOf(snapshot, all))
  return {
    inventory,
    policy,
    snapshot,
    program,
    ways,
    get worths() {
      return worths()
    },
    get weakest() {
      return weakest()
    },
    get accounts() {
      return accounts()
    },
    get takeover() {
      return takeover()
    },
    recoverability: (account) => recoverability()(account),
  }
}

/** Accounts from which some nodes can be reached over any rules, those nodes' own accounts included. */
export function leadingTo({ snapshot }: Assessment, accounts: Iterable<string>): Set<string> {
  const { rules, indexOf, nodeIds, inventory } = snapshot
  const rulesOf = new Map<number, number[]>()
  rules.heads.forEach((head, rule) => {
    const list = rulesOf.get(head)
    if (list) list.push(rule)
    else rulesOf.set(head, [rule])
  })
  const nodes = new Set<number>()
  for (const account of accounts) nodes.add(indexOf.get(account)!)
  for (const node of nodes) {
    for (const rule of rulesOf.get(node) ?? []) {
      for (let b = rules.bodyOffsets[rule]!; b < rules.bodyOffsets[rule + 1]!; b++) nodes.add(rules.bodies[b]!)
    }
  }
  const found = new Set<string>()
  for (const node of nodes) if (inventory.kindOf(nodeIds[node]!) === 'account') found.add(nodeIds[node]!)
  return found
}
