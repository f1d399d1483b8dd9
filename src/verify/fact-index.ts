/**
 * The inventory as the checker looks things up in it: plain maps over the facts as they were read, nothing derived.
 */
import type { FactKind, FactOf, Inventory, PlacedFact } from '#model/facts.ts'

type ById<K extends FactKind> = ReadonlyMap<string, readonly FactOf<K>[]>

/** Facts by the ids that name them. An id that several facts of a kind declare keeps them all. */
export interface FactIndex {
  readonly account: ById<'account'>
  readonly group: ById<'group'>
  readonly role: ById<'role'>
  readonly resource: ById<'resource'>
  readonly secret: ById<'secret'>
  readonly channel: ById<'channel'>
  readonly authenticator: ById<'authenticator'>
  readonly session: ById<'session'>
  readonly wayIn: ById<'wayIn'>
  readonly rule: ById<'rule'>
  /** ways in by what they give: the account, or the authenticators they yield */
  readonly waysInto: ById<'wayIn'>
  /** rules of the inventory by their `then` */
  readonly rulesFor: ById<'rule'>
  /** entitlements by {@link entitlementKey} */
  readonly entitlements: ById<'entitlement'>
  /** every id that some memberOf lists */
  readonly joined: ReadonlySet<string>
  /** every id that any fact declares */
  readonly declared: ReadonlySet<string>
  /** snapshot time in milliseconds since 1970; null when the inventory states none, and then nothing has expired */
  readonly at: number | null
}

/** The two ids of an entitlement as one key; ids hold no control characters. */
export const entitlementKey = (holder: string, on: string): string => `${holder}\u0000${on}`

/** What a way in gives: its account, or in its place the authenticators it yields. */
export const headsOfWayIn = (wayIn: FactOf<'wayIn'>): readonly string[] =>
  wayIn.yields !== undefined && wayIn.yields.length > 0 ? wayIn.yields : [wayIn.account]

/** Looks the facts of one kind up by keys. */
function group<K extends FactKind>(
  facts: readonly PlacedFact[],
  kind: K,
  keysOf: (fact: FactOf<K>) => readonly string[],
): Map<string, FactOf<K>[]> {
  const byKey = new Map<string, FactOf<K>[]>()
  for (const { fact } of facts) {
    if (!isKind(fact, kind)) continue
    for (const key of keysOf(fact)) {
      const list = byKey.get(key)
      if (list === undefined) byKey.set(key, [fact])
      else list.push(fact)
    }
  }
  return byKey
}

const isKind = <K extends FactKind>(fact: PlacedFact['fact'], kind: K): fact is PlacedFact['fact'] & FactOf<K> =>
  fact.fact === kind

const own = (fact: { readonly id: string }): readonly string[] => [fact.id]

/** Indexes an inventory for {@link checkProof}. O(facts). */
export function indexFacts({ facts, at }: Pick<Inventory, 'facts' | 'at'>): FactIndex {
  const time = at === undefined ? Number.NaN : Date.parse(at)
  return {
    account: group(facts, 'account', own),
    group: group(facts, 'group', own),
    role: group(facts, 'role', own),
    resource: group(facts, 'resource', own),
    secret: group(facts, 'secret', own),
    channel: group(facts, 'channel', own),
    authenticator: group(facts, 'authenticator', own),
    session: group(facts, 'session', own),
    wayIn: group(facts, 'wayIn', own),
    rule: group(facts, 'rule', own),
    waysInto: group(facts, 'wayIn', headsOfWayIn),
    rulesFor: group(facts, 'rule', (rule) => [rule.then]),
    entitlements: group(facts, 'entitlement', (fact) => [entitlementKey(fact.holder, fact.on)]),
    joined: new Set(facts.flatMap(({ fact }) => ('memberOf' in fact ? (fact.memberOf ?? []) : []))),
    declared: new Set(facts.flatMap(({ fact }) => (fact.id === undefined ? [] : [fact.id]))),
    at: Number.isNaN(time) ? null : time,
  }
}

/** Whether an end has come by the snapshot's time; an end or a snapshot time that nobody stated has not. */
export const hasEnded = (end: string | undefined, { at }: Pick<FactIndex, 'at'>): boolean =>
  end !== undefined && at !== null && Date.parse(end) <= at

/** Whether every record of this account says that it is switched off. */
export function isDisabled(id: string, { account }: Pick<FactIndex, 'account'>): boolean {
  const records = account.get(id)
  return records !== undefined && records.every((record) => record.enabled === false)
}
