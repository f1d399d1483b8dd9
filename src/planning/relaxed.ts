import { rightsWorth, type Goal, type Violation } from './goals.ts'
import type { Assessment } from './assess.ts'
import { derivationOf, derivationsFromAll, type Derivation } from './derivation.ts'
import { addGivenKeys, addRuleKeys, ruleKey, type Positions } from './keys.ts'

/** What a choice of changes touches, as `relaxedTakeovers` asks for it. */
export interface Touch {
  /** whether a change that is made touches what a key names */
  readonly isTouched: (key: string) => boolean
  /** such keys as are known already; the others are asked for one by one */
  readonly known: Iterable<string>
}

/** So many derivations of one thing are looked for, each by another way in. */
const PASSES = 24

/**
 * What still falls when everything that a chosen change touches counts as gone, found on the rules as they are, without
 * making the changes: what falls here falls when they are made, though more may. So its demands are as good as those of
 * the whole, and much sooner had.
 */
export function relaxedTakeovers(
  base: Assessment,
  positions: Positions,
  goals: readonly Goal[],
): (touch: Touch) => Violation[] {
  const { snapshot, policy, inventory } = base
  const targets = targetsOf(base, goals)
  if (targets.length === 0) return () => []
  const ground = groundOf(base, positions)
  return ({ isTouched, known }) => {
    const gone = new Uint8Array(ground.keys.length)
    for (const key of known) {
      const id = ground.idOf.get(key)
      if (id !== undefined) gone[id] = 1
    }
    const found = new Map<string, Violation>()
    /** what falls to one attacker, once each, as long as what was found touched is left out; the keys of each */
    const fall = (lane: number, without: Uint8Array): (readonly string[])[] => {
      for (;;) {
        const given = ground.given[lane]!.filter(({ ids }) => !ids.some((id) => without[id] === 1))
        const derive = derivationsFromAll(
          ground.derivation,
          given.map(({ node }) => node),
          (rule) => ground.ruleKeys[rule]! >= 0 && without[ground.ruleKeys[rule]!] === 1,
        )
        let changed = false
        const fallen: (readonly string[])[] = []
        for (const { node, only } of targets) {
          const proof = only === null || only === lane ? derive(node) : null
          if (proof === null) continue
          const keys = new Set<string>()
          addRuleKeys(base, positions, proof.rules, keys)
          for (const each of proof.given) addGivenKeys(base, snapshot.nodeIds[each]!, keys)
          // those that were found touched since this was derived count, too
          const touched = [...keys].filter((key) => without[ground.idOf.get(key)!] === 1 || isTouched(key))
          for (const key of touched) without[ground.idOf.get(key)!] = gone[ground.idOf.get(key)!] = 1
          if (touched.length > 0) changed = true
          else {
            fallen.push([...keys])
            const id = snapshot.nodeIds[node]!
            const text = `${id}\n${[...keys].toSorted().join('\n')}`
            if (found.has(text)) continue
            const why = `\`${id}\` falls to ${policy.attackers[lane]!.name.replaceAll('_', ' ')}`
            found.set(text, { account: inventory.kindOf(id) === 'account' ? id : null, why, keys })
          }
        }
        if (!changed) return fallen
      }
    }
    let most = 0
    let worst = 0
    policy.attackers.forEach((_, lane) => {
      const { length } = fall(lane, gone)
      if (length > most) [most, worst] = [length, lane]
    })
    // the same things by other ways in, for the attacker to whom most falls
    const left = gone.slice()
    for (let pass = 0, fallen = most === 0 ? [] : fall(worst, left); pass < PASSES && fallen.length > 0; pass++) {
      for (const keys of fallen) {
        const ways = keys.filter((key) => key.startsWith('way:'))
        for (const key of ways.length > 0 ? ways : keys) left[ground.idOf.get(key)!] = 1
        if (keys.length === 0) return [...found.values()]
      }
      fallen = fall(worst, left)
    }
    return [...found.values()]
  }
}

/** What is asked about again and again, over small numbers: each key has one. */
interface Ground {
  readonly derivation: Derivation
  readonly keys: readonly string[]
  readonly idOf: ReadonlyMap<string, number>
  /** per rule: its key; -1 where no change breaks it */
  readonly ruleKeys: Int32Array
  /** per attacker: what this one has unaided, and the keys of that */
  readonly given: readonly (readonly { readonly node: number; readonly ids: readonly number[] }[])[]
}

function groundOf(base: Assessment, positions: Positions): Ground {
  const { snapshot, policy } = base
  const keys: string[] = []
  const idOf = new Map<string, number>()
  const intern = (key: string): number => {
    let id = idOf.get(key)
    if (id === undefined) idOf.set(key, (id = keys.push(key) - 1))
    return id
  }
  const ruleKeys = Int32Array.from(snapshot.rules.heads, (_, rule) => {
    const key = ruleKey(base, positions, rule)
    return key === null ? -1 : intern(key)
  })
  const given: { node: number; ids: number[] }[][] = policy.attackers.map(() => [])
  base.takeover.seeds.forEach((mask, node) => {
    if (mask === 0) return
    const own = new Set<string>()
    addGivenKeys(base, snapshot.nodeIds[node]!, own)
    const entry = { node, ids: Array.from(own, intern) }
    given.forEach((list, lane) => {
      if ((mask >>> lane) & 1) list.push(entry)
    })
  })
  return { derivation: derivationOf(snapshot.rules), keys, idOf, ruleKeys, given }
}

interface Target {
  readonly node: number
  /** position of the one attacker that matters; null for all */
  readonly only: number | null
}

/** What must not fall; goals that look at more than takeovers have none here. */
function targetsOf(base: Assessment, goals: readonly Goal[]): Target[] {
  const { snapshot, policy, inventory } = base
  return goals.flatMap((goal): Target[] => {
    if (goal.is === 'protect') {
      const node = snapshot.indexOf.get(goal.id)
      return node === undefined ? [] : [{ node, only: null }]
    }
    if (goal.is === 'no-reach') {
      return Array.from(rightsWorth(base, goal.least, goal.capability), (node) => ({ node, only: null }))
    }
    if (goal.is !== 'no-attacker' || goal.least !== 'none') return []
    const lane = policy.attackers.findIndex(({ name }) => name === goal.attacker)
    return inventory.byKind.account.map(({ fact }) => ({ node: snapshot.indexOf.get(fact.id)!, only: lane }))
  })
}
