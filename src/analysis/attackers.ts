import { closure, type Closure } from '#graph/closure.ts'
import type { Program } from '#graph/program.ts'
import type { Snapshot } from '#model/compile.ts'
import type { Attacker, Defeat, Policy } from '#policy/policy.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
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
  attackers.forEach(({ starts }, lane) => {
    for (const id of starts) {
      const node = snapshot.indexOf.get(id)
      if (node !== undefined) seeds[node]! |= 1 << lane
    }
  })
  for (const fact of holdable(snapshot)) {
    const node = snapshot.indexOf.get(fact.id)
    if (node === undefined) continue
    attackers.forEach((attacker, lane) => {
      if (holdingOf(snapshot, attacker, fact, signIn) !== null) seeds[node]! |= 1 << lane
    })
  }
  return seeds
}

/** A thing that an attacker has at the start, and what of his profile says so; null where it is listed or out already. */
export interface Held {
  readonly id: string
  readonly defeat: Defeat<string> | null
}

/** What may be held at the start without entering anything first. */
export type Holdable = FactOf<'authenticator'> | FactOf<'channel'> | FactOf<'session'> | FactOf<'secret'>

/** Everything that an attacker holds at the start, in the order of the inventory. */
export function* heldBy(snapshot: Snapshot, attacker: Attacker, signIn: SignIn): Generator<Held> {
  for (const id of attacker.starts) yield { id, defeat: null }
  for (const fact of holdable(snapshot)) {
    const held = holdingOf(snapshot, attacker, fact, signIn)
    if (held !== null) yield held
  }
}

/** Every fact that may be held at the start. */
export function* holdable({ inventory: { byKind } }: Snapshot): Generator<Holdable> {
  for (const kind of ['authenticator', 'channel', 'session', 'secret'] as const) {
    for (const { fact } of byKind[kind]) yield fact
  }
}

/** How an attacker holds this thing unaided; null where not. */
export function holdingOf(snapshot: Snapshot, attacker: Attacker, fact: Holdable, signIn: SignIn): Held | null {
  const { id } = fact
  const by = (defeat: Defeat<string> | undefined) => (defeat === undefined ? null : { id, defeat })
  switch (fact.fact) {
    case 'authenticator': {
      const defeat = defeatOf(attacker.authenticators, fact.kind, fact)
      return defeat !== undefined && facesOwnerOf(snapshot, fact, attacker) ? { id, defeat } : null
    }
    case 'channel':
      return by(defeatOf(attacker.channels, fact.kind, fact, ({ heldBelow }) => isHeldBelow(fact, heldBelow, signIn)))
    case 'session':
      return (
        by(defeatOf(attacker.sessions, fact.binding ?? 'unstated', fact)) ??
        (isExposed(fact) ? { id, defeat: null } : null)
      )
    case 'secret': {
      const defeats = secretStates(snapshot, fact).map((state) => defeatOf(attacker.secrets, state, fact))
      return by(defeats.find((each) => each !== undefined))
    }
  }
}

/** Whether some holder signs in more weakly than the bound; nothing known is weaker than any. */
function isHeldBelow({ heldBy }: FactOf<'channel'>, bound: Strength | undefined, signIn: SignIn): boolean {
  if (bound === undefined) return true
  return (heldBy ?? []).some((account) => {
    const strength = signIn(account)
    return strength === null || STRENGTHS.indexOf(strength) < STRENGTHS.indexOf(bound)
  })
}

/** The easiest of the defeats that take this fact, of those that are allowed. */
function defeatOf<D extends Defeat<string>>(
  list: readonly D[],
  kind: D['kinds'][number],
  fact: Readonly<Record<string, unknown>>,
  isAllowed: (defeat: D) => boolean = () => true,
): D | undefined {
  let easiest: D | undefined
  for (const defeat of list) {
    if (easiest !== undefined && easiest.effort <= defeat.effort) continue
    if (!defeat.kinds.includes(kind) || !isAllowed(defeat)) continue
    if (defeat.when === undefined || defeat.when(fact)) easiest = defeat
  }
  return easiest
}

/** An attacker of customers does not bother with the workforce; an owner of unstated population faces everyone. */
function facesOwnerOf(snapshot: Snapshot, { of = [] }: FactOf<'authenticator'>, attacker: Attacker): boolean {
  if (of.length === 0) return true
  return of.some((id) => {
    const fact = snapshot.inventory.get(id)?.fact
    const population = fact?.fact === 'account' ? fact.population : undefined
    return population === undefined || attacker.populations.includes(population)
  })
}
