/**
 * Keys name what a derivation rests on, where a change may break it:
 * `way:<way in>` its condition · `limit:<way in or session>` how long its sessions last · `controls:<way in>` ·
 * `member:<member>\n<group>` · `grant:<position of the entitlement>\n<right>` · `on:<authenticator>\n<channel>` ·
 * `out:<secret>`, `age:`, `place:`, `trust:` what is wrong with it · `session:<session>` · `shared:<account>` ·
 * `duties:<authenticator>`.
 */
import type { RestsOn } from '#analysis/rests-on.ts'
import type { Way } from '#analysis/ways-in.ts'
import { RULE_KIND_NAMES } from '#model/compile.ts'
import type { Place } from '#model/facts.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Assessment } from './assess.ts'

/** Positions of the facts of an inventory by where they were read; what a plan added has none. */
export type Positions = ReadonlyMap<Place, number>

export const positionsOf = ({ facts }: CheckedInventory): Positions =>
  new Map(facts.map(({ place }, at) => [place, at]))

/** Adds the keys of rules of the snapshot. */
export function addRuleKeys(
  assessment: Assessment,
  positions: Positions,
  rules: Iterable<number>,
  keys: Set<string>,
): void {
  for (const rule of rules) {
    const key = ruleKey(assessment, positions, rule)
    if (key !== null) keys.add(key)
  }
}

const ruleKeys = new WeakMap<Assessment, Map<number, string | null>>()

/** The key of one rule; null for one that no change breaks. Edited facts keep the place of the fact they were made from. */
export function ruleKey(assessment: Assessment, positions: Positions, rule: number): string | null {
  const known = ruleKeys.get(assessment) ?? new Map<number, string | null>()
  ruleKeys.set(assessment, known)
  let key = known.get(rule)
  if (key === undefined) known.set(rule, (key = keyOfRule(assessment, positions, rule)))
  return key
}

function keyOfRule({ snapshot }: Assessment, positions: Positions, rule: number): string | null {
  const { rules, ruleKinds, rulePlaces, nodeIds, inventory } = snapshot
  const place = rulePlaces[rule]
  const head = nodeIds[rules.heads[rule]!]!
  const body = nodeIds[rules.bodies[rules.bodyOffsets[rule]!]!] ?? ''
  switch (RULE_KIND_NAMES[ruleKinds[rule]!]!) {
    case 'member_of':
      return `member:${body}\n${head}`
    case 'scope':
      return `member:${targetOf(head)}\n${targetOf(body)}`
    case 'entitled': {
      const at = place === undefined ? undefined : positions.get(place)
      return at === undefined ? null : `grant:${at}\n${rightName(head)}`
    }
    case 'stored_secret':
    case 'carried_secret':
      return `place:${head}`
    case 'on_channel':
      return `on:${head}\n${body}`
    case 'session':
      return `session:${body}`
    case 'session_on':
      return `session:${head}`
    case 'way_in':
    case 'gate': {
      const way = wayAt(inventory, positions, place)
      return way === undefined ? null : `way:${way}`
    }
    default:
      return null
  }
}

/** Ids of the facts at a position are those of the base, so the way in is named by the fact that is there now. */
function wayAt(inventory: CheckedInventory, positions: Positions, place: Place | undefined): string | undefined {
  if (place === undefined || !positions.has(place)) return undefined
  const known = wayIds.get(inventory) ?? new Map(inventory.byKind.wayIn.map((placed) => [placed.place, placed.fact.id]))
  wayIds.set(inventory, known)
  return known.get(place)
}
const wayIds = new WeakMap<CheckedInventory, ReadonlyMap<Place, string>>()

/** `right:<name>:<target>`; names have no colon. */
const rightName = (node: string): string => node.slice('right:'.length, node.indexOf(':', 'right:'.length))
const targetOf = (node: string): string => node.slice(node.indexOf(':', 'right:'.length) + 1)

/** Keys of what a cheapest derivation rests on. */
export function addRestKeys(
  assessment: Assessment,
  positions: Positions,
  { rules, ways, given }: RestsOn,
  keys: Set<string>,
): void {
  addRuleKeys(assessment, positions, rules, keys)
  for (const way of ways) addWayKeys(assessment, way, keys)
  for (const id of given) addGivenKeys(assessment, id, keys)
}

/**
 * Keys of what a way in proves by itself: its own condition; for one that trusts another account, the sign-ins of that;
 * for one that only gives authenticators, the sign-ins that ask for the rest.
 */
export function addWayKeys(assessment: Assessment, way: Way, keys: Set<string>, seen: Set<string> = new Set()): void {
  if (way.fact === null) {
    if (way.purpose === 'session') keys.add(`session:${way.id}`)
    else if (way.purpose === 'secret') keys.add(`out:${way.id}`).add(`place:${way.id}`)
    return
  }
  keys.add(`way:${way.id}`)
  const accounts = (way.alternatives ?? []).flat().filter((leaf) => assessment.inventory.kindOf(leaf) === 'account')
  if (way.yields !== null) accounts.push(way.account)
  for (const account of accounts) {
    if (seen.has(account)) continue
    seen.add(account)
    for (const other of assessment.ways.get(account) ?? []) {
      if (other.yields === null && (other.purpose === 'sign_in' || other.purpose === 'federation')) {
        addWayKeys(assessment, other, keys, seen)
      }
    }
  }
}

/** Keys of a thing that an attacker has unaided. */
export function addGivenKeys({ inventory, ways }: Assessment, id: string, keys: Set<string>): void {
  const fact = inventory.get(id)?.fact
  if (fact?.fact === 'secret') keys.add(`out:${id}`).add(`place:${id}`)
  else if (fact?.fact === 'session') keys.add(`session:${id}`)
  else if (fact?.fact === 'channel') {
    for (const account of fact.heldBy ?? []) {
      for (const way of ways.get(account) ?? []) if (way.fact !== null) keys.add(`way:${way.id}`)
    }
  }
}

/** Rights over an account that let somebody else set its owner up again, as `recovery.ts` counts them. */
const RESETTING = /^right:(?:reset_authenticators(?:\/[a-z_]+)?|administer|mint_credentials):/

/** Keys of what gives anyone a right to set the owner of an account up again. */
export function resettingKeys(assessment: Assessment, positions: Positions, account: string): Set<string> {
  const { snapshot } = assessment
  const { rules, nodeIds } = snapshot
  const into = rulesInto(assessment)
  const nodes = new Set<number>()
  for (const right of snapshot.rights) {
    if (right.target === account && RESETTING.test(nodeIds[right.node]!)) nodes.add(right.node)
  }
  const keys = new Set<string>()
  for (const node of nodes) {
    for (const rule of into.get(node) ?? []) {
      addRuleKeys(assessment, positions, [rule], keys)
      for (let b = rules.bodyOffsets[rule]!; b < rules.bodyOffsets[rule + 1]!; b++) {
        const body = rules.bodies[b]!
        if (nodeIds[body]!.startsWith('right:')) nodes.add(body)
      }
    }
  }
  return keys
}

const rulesByHead = new WeakMap<Assessment, Map<number, number[]>>()
function rulesInto(assessment: Assessment): Map<number, number[]> {
  let into = rulesByHead.get(assessment)
  if (into === undefined) {
    into = new Map()
    for (const [rule, head] of assessment.snapshot.rules.heads.entries()) {
      const list = into.get(head)
      if (list) list.push(rule)
      else into.set(head, [rule])
    }
    rulesByHead.set(assessment, into)
  }
  return into
}
