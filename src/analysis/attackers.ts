import { closure, type Closure } from '#graph/closure.ts'
import type { Program } from '#graph/program.ts'
import type { Snapshot } from '#model/compile.ts'
import type { Attacker, Defeat, Policy } from '#policy/policy.ts'
import { STRENGTHS, type Population, type Strength } from '#contract/vocabulary.ts'
import type { FactOf } from '#model/facts.ts'
import { isExposed, secretStates } from './secrets.ts'

/**
 * What falls to each attacker profile of the policy: R3, all profiles in one pass, lane i being attacker i. The schema of
 * policies allows as many attackers as there are lanes.
 */
export function takeoverOf(snapshot: Snapshot, program: Program, policy: Policy, signIn: SignIn): Closure {
  return closure(program, attackerSeeds(snapshot, policy.attackers, signIn))
}

/** What the best sign-in of an account proves; null where nobody knows or it has none. */
export type SignIn = (account: string) => Strength | null

/** Per node, the attackers that hold it at the start because they defeat it by themselves. */
export function attackerSeeds(snapshot: Snapshot, attackers: readonly Attacker[], signIn: SignIn): Uint32Array {
  const seeds = new Uint32Array(snapshot.nodeIds.length)
  const { inventory, indexOf } = snapshot
  attackers.forEach((attacker, lane) => {
    const bit = 1 << lane
    const seed = (id: string) => {
      const node = indexOf.get(id)
      if (node !== undefined) seeds[node]! |= bit
    }
    for (const id of attacker.starts) seed(id)
    for (const { fact } of inventory.byKind.authenticator) {
      if (defeats(attacker.authenticators, fact.kind, fact) && facesOwnerOf(snapshot, fact, attacker)) seed(fact.id)
    }
    for (const { fact } of inventory.byKind.channel) {
      const within = attacker.channels.filter(({ heldBelow }) => isHeldBelow(fact, heldBelow, signIn))
      if (defeats(within, fact.kind, fact)) seed(fact.id)
    }
    for (const { fact } of inventory.byKind.session) {
      if (isExposed(fact) || defeats(attacker.sessions, fact.binding ?? 'unstated', fact)) seed(fact.id)
    }
    for (const { fact } of inventory.byKind.secret) {
      if (secretStates(snapshot, fact).some((state) => defeats(attacker.secrets, state, fact))) seed(fact.id)
    }
  })
  return seeds
}

/** Whether some holder signs in more weakly than the bound; nothing known is weaker than any. */
function isHeldBelow({ heldBy }: FactOf<'channel'>, bound: Strength | undefined, signIn: SignIn): boolean {
  if (bound === undefined) return true
  return (heldBy ?? []).some((account) => {
    const strength = signIn(account)
    return strength === null || STRENGTHS.indexOf(strength) < STRENGTHS.indexOf(bound)
  })
}

function defeats<K extends string>(
  list: readonly Defeat<K>[],
  kind: K,
  fact: Readonly<Record<string, unknown>>,
): boolean {
  return list.some(({ kinds, when }) => kinds.includes(kind) && (when === undefined || when(fact)))
}

/** An attacker of customers does not bother with the workforce; an owner of unstated population faces everyone. */
function facesOwnerOf(snapshot: Snapshot, authenticator: FactOf<'authenticator'>, attacker: Attacker): boolean {
  const populations = (authenticator.of ?? []).map((id): Population | undefined => {
    const fact = snapshot.inventory.get(id)?.fact
    return fact?.fact === 'account' ? fact.population : undefined
  })
  if (populations.length === 0) return true
  return populations.some((population) => population === undefined || attacker.populations.includes(population))
}
