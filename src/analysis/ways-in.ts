import type { Control, Purpose } from '#contract/vocabulary.ts'
import { isDisabled, type KnownFacts } from '#model/fact-rules.ts'
import type { Fact, FactOf, Place, PlacedFact } from '#model/facts.ts'
import { alternativesOf, type Alternative } from '#model/formula.ts'
import { RULE_KIND_NAMES, type Snapshot } from '#model/compile.ts'
import type { CheckedInventory } from '#model/inventory.ts'

export type AuthenticatorFact = FactOf<'authenticator'>

/** More alternatives than this and a way in is reported as too wide to weigh, with verdict `unknown`. */
export const ALTERNATIVES_LIMIT = 256

/** One complete method of becoming an account, stated by the inventory or implied by a secret or a session. */
export interface Way {
  readonly id: string
  readonly name?: string
  readonly account: string
  readonly purpose: Purpose
  /** what satisfies it, as minimal sets of leaf ids; null when there are too many */
  readonly alternatives: readonly Alternative[] | null
  /** authenticators it gives in place of the account itself */
  readonly yields: readonly string[] | null
  readonly enrols: readonly string[]
  readonly session: { readonly overallSeconds?: number; readonly idleSeconds?: number; readonly binding?: string }
  readonly controls: ReadonlySet<Control>
  /** null for a way in that a secret, a live session, a right or a rule implies */
  readonly fact: FactOf<'wayIn'> | null
  readonly place: Place
}

/** Ways in by account. */
export type WaysOf = Pick<ReadonlyMap<string, readonly Way[]>, 'get'>

/** A session that lives now, as against a way in that opens one. */
export const isLiveSession = (way: Way): boolean => way.purpose === 'session' && way.fact === null

/** All ways in by account, in the order of the inventory; disabled accounts have none. */
export function waysInOf(inventory: CheckedInventory): Map<string, Way[]> {
  const ways = new Map<string, Way[]>()
  const { wayIn, secret, session } = inventory.byKind
  for (const placed of [...wayIn, ...secret, ...session]) {
    for (const way of waysOfFact(inventory, placed)) {
      const list = ways.get(way.account)
      if (list) list.push(way)
      else ways.set(way.account, [way])
    }
  }
  return ways
}

/** The accounts that one fact states or implies ways into. */
export function accountsEntered(fact: Fact): readonly string[] {
  switch (fact.fact) {
    case 'wayIn':
    case 'session':
      return [fact.account]
    case 'secret':
      return fact.opens ?? []
    default:
      return []
  }
}

/** The ways in that one fact states or implies, into accounts that can be entered. */
export function waysOfFact(inventory: KnownFacts, { fact, place }: PlacedFact): Way[] {
  return everyWayOfFact(inventory, { fact, place }).filter(({ account }) => {
    return inventory.kindOf(account) === 'account' && !isDisabled(inventory, account)
  })
}

function everyWayOfFact(inventory: KnownFacts, { fact, place }: PlacedFact): Way[] {
  switch (fact.fact) {
    case 'wayIn':
      return [statedWay(inventory, { fact, place })]
    case 'secret':
      return (fact.opens ?? []).map((account) => impliedWay(fact.id, account, 'secret', fact.name, place))
    case 'session': {
      const { overallSeconds, idleSeconds, binding } = fact
      const session = {
        ...(overallSeconds === undefined ? {} : { overallSeconds }),
        ...(idleSeconds === undefined ? {} : { idleSeconds }),
        ...(binding === undefined ? {} : { binding }),
      }
      return [{ ...impliedWay(fact.id, fact.account, 'session', undefined, place), session }]
    }
    default:
      return []
  }
}

const NO_CONTROLS: Way['controls'] = new Set()

function statedWay(inventory: KnownFacts, { fact, place }: PlacedFact<FactOf<'wayIn'>>): Way {
  const account = inventory.get(fact.account)?.fact
  const controls = new Set<Control>(fact.controls ?? [])
  let session = fact.session ?? {}
  if (account?.fact === 'account') {
    for (const control of account.controls ?? []) controls.add(control)
    const system = account.system === undefined ? undefined : inventory.get(account.system)?.fact
    if (system?.fact === 'system') session = { ...system.session, ...session }
  }
  return {
    id: fact.id,
    ...(fact.name === undefined ? {} : { name: fact.name }),
    account: fact.account,
    purpose: fact.purpose,
    alternatives: alternativesOf(fact.requires, ALTERNATIVES_LIMIT),
    yields: fact.yields?.length ? fact.yields : null, // to yield nothing is to yield the account
    enrols: fact.enrols ?? [],
    session,
    controls: controls.size === 0 ? NO_CONTROLS : controls,
    fact,
    place,
  }
}

/** The way in that a rule of the snapshot is: named by the right it rests on, or by the organisation's own rule. */
export function wayOfRule(snapshot: Snapshot, account: string, rule: number): Way {
  const { rules, ruleKinds, rulePlaces, nodeIds, inventory } = snapshot
  const place = rulePlaces[rule]
  const declared =
    RULE_KIND_NAMES[ruleKinds[rule]!] === 'declared'
      ? inventory.byKind.rule.find((each) => each.place === place && each.fact.then === account)
      : undefined
  const right = nodeIds[rules.bodies[rules.bodyOffsets[rule]!]!]!
  return wayPast(account, declared?.fact.id ?? right, declared?.fact.reason, place ?? { file: '' })
}

/** What gives an account past its ways in, as a way in: a right over it, or a rule of the organisation. */
export function wayPast(account: string, id: string, reason: string | undefined, place: Place): Way {
  return impliedWay(id, account, 'admin_reset', reason, place)
}

function impliedWay(id: string, account: string, purpose: Purpose, name: string | undefined, place: Place): Way {
  return {
    id,
    ...(name === undefined ? {} : { name }),
    account,
    purpose,
    alternatives: purpose === 'admin_reset' ? [] : [[id]],
    yields: null,
    enrols: [],
    session: {},
    controls: NO_CONTROLS,
    fact: null,
    place,
  }
}
