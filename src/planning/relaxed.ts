import { attackerSeeds } from '#analysis/attackers.ts'
import { rightsWorth, type Goal, type Violation } from './goals.ts'
import type { Assessment } from './assess.ts'
import { derivationOf, derivationsFromAll, type Derivation } from './derivation.ts'
import { addGivenKeys, addRuleKeys, ruleKey, type Positions } from './keys.ts'

/**
 * What still falls when everything that a chosen change touches counts as gone, found on the rules as they are, without
 * making the changes: what falls here falls when they are made, though more may. So its demands are as good as those of
 * the whole, and much sooner had.
 */
export function relaxedTakeovers(base: Assessment, positions: Positions, goals: readonly Goal[]) {
  const { snapshot, policy, inventory } = base
  let derivation: Derivation | null = null
  const targets = targetsOf(base, goals)
  if (targets.length === 0) return (): Violation[] => []
  const seeds = attackerSeeds(snapshot, policy.attackers, (account) => base.worths.nominal(account)?.strength ?? null)
  const given = policy.attackers.map((_, lane) =>
    Array.from(seeds.keys()).filter((node) => (seeds[node]! >>> lane) & 1),
  )
  return (isTouched: (key: string) => boolean): Violation[] => {
    derivation ??= derivationOf(snapshot.rules)
    const gone = new Set<string>()
    const isGone = (rule: number): boolean => {
      if (gone.size === 0) return false
      const key = ruleKey(base, positions, rule)
      return key !== null && gone.has(key)
    }
    const found = new Map<string, Violation>()
    policy.attackers.forEach(({ name }, lane) => {
      for (let changed = true; changed;) {
        changed = false
        const start = gone.size === 0 ? given[lane]! : given[lane]!.filter((node) => !isGivenGone(node, gone))
        const derive = derivationsFromAll(derivation!, start, isGone)
        for (const { node, lanes } of targets) {
          if (lanes !== null && lanes !== lane) continue
          const proof = derive(node)
          if (proof === null) continue
          const keys = new Set<string>()
          addRuleKeys(base, positions, proof.rules, keys)
          for (const each of proof.given) addGivenKeys(base, snapshot.nodeIds[each]!, keys)
          // those that were found gone since this derivation was made count, too
          const touched = [...keys].filter((key) => gone.has(key) || isTouched(key))
          for (const key of touched) gone.add(key)
          if (touched.length > 0) changed = true
          else {
            const id = snapshot.nodeIds[node]!
            const account = inventory.kindOf(id) === 'account' ? id : null
            const text = `${id}\n${[...keys].toSorted().join('\n')}`
            if (!found.has(text))
              found.set(text, { account, why: `\`${id}\` falls to ${name.replaceAll('_', ' ')}`, keys })
          }
        }
      }
    })
    return [...found.values()]
  }

  function isGivenGone(node: number, gone: ReadonlySet<string>): boolean {
    const keys = new Set<string>()
    addGivenKeys(base, snapshot.nodeIds[node]!, keys)
    return !keys.isDisjointFrom(gone)
  }
}

interface Target {
  readonly node: number
  /** position of the one attacker that matters; null for all */
  readonly lanes: number | null
}

/** What must not fall; goals that look at more than takeovers have none here. */
function targetsOf(base: Assessment, goals: readonly Goal[]): Target[] {
  const { snapshot, policy, inventory } = base
  return goals.flatMap((goal): Target[] => {
    if (goal.is === 'protect') {
      const node = snapshot.indexOf.get(goal.id)
      return node === undefined ? [] : [{ node, lanes: null }]
    }
    if (goal.is === 'no-reach') {
      return Array.from(rightsWorth(base, goal.least, goal.capability), (node) => ({ node, lanes: null }))
    }
    if (goal.is !== 'no-attacker' || goal.least !== 'none') return []
    const lane = policy.attackers.findIndex(({ name }) => name === goal.attacker)
    return inventory.byKind.account.map(({ fact }) => ({ node: snapshot.indexOf.get(fact.id)!, lanes: lane }))
  })
}
