import type { Control, Purpose } from '#contract/vocabulary.ts'
import type { FactOf, Place, PlacedFact } from '#model/facts.ts'
import { alternativesOf, type Alternative } from '#model/formula.ts'
import type { Snapshot } from '#model/compile.ts'
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

/** A session that lives now, as against a way in that opens one. */
export const isLiveSession = (way: Way): boolean => way.purpose === 'session' && way.fact === null

/** All ways in by account, in the order of the inventory; disabled accounts have none. */
export function waysInOf(inventory: CheckedInventory): Map<string, Way[]> {
  const ways = new Map<string, Way[]>()
  const add = (way: Way) => {
    const account = inventory.get(way.account)?.fact
    if (account?.fact !== 'account' || account.enabled === false) return
    const list = ways.get(way.account)
    if (list) list.push(way)
    else ways.set(way.account, [way])
  }
  for (const placed of inventory.byKind.wayIn) add(statedWay(inventory, placed))
  for (const { fact, place } of inventory.byKind.secret) {
    for (const account of fact.opens ?? []) add(impliedWay(fact.id, account, 'secret', fact.name, place))
  }
  for (const { fact, place } of inventory.byKind.session) {
    const { overallSeconds, idleSeconds, binding } = fact
    const session = {
      ...(overallSeconds === undefined ? {} : { overallSeconds }),
      ...(idleSeconds === undefined ? {} : { idleSeconds }),
      ...(binding === undefined ? {} : { binding }),
    }
    add({ ...impliedWay(fact.id, fact.account, 'session', undefined, place), session })
  }
  return ways
}

function statedWay(inventory: CheckedInventory, { fact, place }: PlacedFact<FactOf<'wayIn'>>): Way {
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
    controls,
    fact,
    place,
  }
}

/** The way in that a rule of the snapshot is: named by the right it rests on, or by the organisation's own rule. */
export function wayOfRule(snapshot: Snapshot, account: string, rule: number): Way {
  const { rules, rulePlaces, nodeIds, inventory } = snapshot
  const place = rulePlaces[rule]
  const declared = inventory.byKind.rule.find((each) => each.place === place && each.fact.then === account)
  const right = nodeIds[rules.bodies[rules.bodyOffsets[rule]!]!]!
  const id = declared?.fact.id ?? right
  return impliedWay(id, account, 'admin_reset', declared?.fact.reason, place ?? { file: '' })
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
    controls: new Set(),
    fact: null,
    place,
  }
}
