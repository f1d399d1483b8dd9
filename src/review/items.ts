/** What a review decides about, one by one: every entitlement, and every membership in a group or role. */
import { createHash } from 'node:crypto'
import { RULE_KIND_NAMES, type Snapshot } from '#model/compile.ts'
import type { FactOf, Place } from '#model/facts.ts'
import { isOver } from '#model/rights.ts'

interface ItemBase {
  /** stable while holder and what is held stay the same; unique in the inventory */
  readonly id: string
  readonly holder: string
  readonly place: Place
  /** the rules that exist because of it, by position in the snapshot */
  readonly rules: readonly number[]
}
export interface EntitlementItem extends ItemBase {
  readonly kind: 'entitlement'
  readonly fact: FactOf<'entitlement'>
}
export interface MembershipItem extends ItemBase {
  readonly kind: 'membership'
  readonly group: string
}
export type Item = EntitlementItem | MembershipItem

export interface Items {
  readonly list: readonly Item[]
  /** per rule: position of its item in {@link list}, or -1 */
  readonly itemOfRule: Int32Array
  /** memberships in groups that no file declares: they can't be weighed, so they are counted */
  readonly unweighed: number
}

/**
 * Every item of a snapshot. Entitlements that are over and memberships in undeclared groups are none. A membership
 * holds the member's place in the group, and the group's place over the member: who leaves is no longer in the scope of
 * those who administer the group's members.
 */
export function itemsOf(snapshot: Snapshot): Items {
  const { inventory, ruleKinds } = snapshot
  const positions = positionsByKind(snapshot)
  const entitlements = entitlementItems(snapshot, positions.entitled)
  const memberships = membershipItems(snapshot, positions.member_of, positions.scope)
  const list: Item[] = [...entitlements, ...memberships]
  const itemOfRule = new Int32Array(ruleKinds.length).fill(-1)
  list.forEach(({ rules }, at) => rules.forEach((rule) => (itemOfRule[rule] = at)))
  let unweighed = 0
  for (const kind of ['account', 'group', 'role'] as const) {
    for (const { fact } of inventory.byKind[kind])
      unweighed += new Set((fact.memberOf ?? []).filter((id) => !isGroup(snapshot, id))).size
  }
  return { list, itemOfRule, unweighed }
}

const KINDS = ['entitled', 'member_of', 'scope'] as const
type Positions = Readonly<Record<(typeof KINDS)[number], readonly number[]>>

function positionsByKind({ ruleKinds }: Snapshot): Positions {
  const found = { entitled: [] as number[], member_of: [] as number[], scope: [] as number[] }
  const lists = RULE_KIND_NAMES.map((name) => (KINDS as readonly string[]).includes(name) && found[name as 'scope'])
  ruleKinds.forEach((kind, rule) => {
    const list = lists[kind]
    if (list) list.push(rule)
  })
  return found
}

/** The compiler makes one `entitled` rule for each right of each entitlement, in the order of the inventory. */
function entitlementItems({ inventory }: Snapshot, entitled: readonly number[]): EntitlementItem[] {
  const ids = new UniqueIds()
  const items: EntitlementItem[] = []
  let at = 0
  for (const { fact, place } of inventory.byKind.entitlement) {
    if (isOver(fact.expiresAt, inventory.snapshot.at)) continue
    let count = 0
    for (const capability of fact.capabilities)
      count += capability === 'reset_authenticators' && fact.resets !== undefined ? fact.resets.length : 1
    const rules = entitled.slice(at, at + count)
    at += count
    const what = [fact.right ?? '', [...fact.capabilities].toSorted().join('+'), (fact.resets ?? []).join('+')]
    const id = ids.take(fact.id ?? `${fact.holder} → ${what.filter((part) => part !== '').join(' ')} @ ${fact.on}`)
    items.push({ kind: 'entitlement', id, holder: fact.holder, fact, place, rules })
  }
  return items
}

function membershipItems(snapshot: Snapshot, memberOf: readonly number[], scope: readonly number[]): MembershipItem[] {
  const { inventory, rules, rights } = snapshot
  const ids = new UniqueIds()
  const byPair = new Map<string, MembershipItem & { rules: number[] }>()
  let at = 0
  for (const kind of ['account', 'group', 'role'] as const) {
    for (const { fact, place } of inventory.byKind[kind]) {
      for (const group of fact.memberOf ?? []) {
        const rule = memberOf[at++]!
        if (!isGroup(snapshot, group)) continue
        const key = pairOf(fact.id, group)
        const known = byPair.get(key)
        if (known) known.rules.push(rule)
        else {
          const id = ids.take(`${fact.id} ∈ ${group}`)
          byPair.set(key, { kind: 'membership', id, holder: fact.id, group, place, rules: [rule] })
        }
      }
    }
  }
  const targets = new Map(rights.map(({ node, target }) => [node, target]))
  for (const rule of scope) {
    const member = targets.get(rules.heads[rule]!)!
    const group = targets.get(rules.bodies[rules.bodyOffsets[rule]!]!)!
    byPair.get(pairOf(member, group))?.rules.push(rule)
  }
  return [...byPair.values()]
}

const pairOf = (member: string, group: string) => JSON.stringify([member, group])

export function isGroup({ inventory }: Snapshot, id: string): boolean {
  const kind = inventory.kindOf(id)
  return kind === 'group' || kind === 'role'
}

/** Two facts may say the same; the second of them gets a number. */
class UniqueIds {
  private readonly seen = new Map<string, number>()
  take(id: string): string {
    const before = this.seen.get(id) ?? 0
    this.seen.set(id, before + 1)
    return before === 0 ? id : `${id} (${before + 1})`
  }
}

/**
 * Twelve hexadecimal digits that change when an item comes to mean something else: the holder, or what is held. A row
 * of a worksheet carries them, so that no decision is taken for one about another thing.
 */
export function checkOf(item: Item): string {
  const meaning =
    item.kind === 'membership'
      ? [item.holder, item.group]
      : [item.holder, item.fact.on, item.fact.right ?? null, item.fact.capabilities, item.fact.resets ?? null]
  return createHash('sha256')
    .update(JSON.stringify([item.id, item.kind, ...meaning]))
    .digest('hex')
    .slice(0, 12)
}
