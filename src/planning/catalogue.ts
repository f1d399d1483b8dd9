import { once, oncePer } from '#lib/once.ts'
import type { Costs } from '#policy/policy.ts'
import type { Assessment } from './assess.ts'
import type { Candidate, Context, Offers } from './offer.ts'
import { RIGHT_OFFERS } from './offers-rights.ts'
import { SECRET_OFFERS } from './offers-secrets.ts'
import { SIGN_IN_OFFERS } from './offers-sign-in.ts'
import { populationsOf } from './populations.ts'

/** The changes that a plan is made of, found when a derivation that they break is. */
export interface Catalogue {
  readonly candidates: readonly Candidate[]
  /** per candidate: hours */
  readonly costs: readonly number[]
  /** positions of all candidates that break what a key names; see `keys.ts` */
  readonly breaking: (key: string) => readonly number[]
  /** the keys asked for until now that some candidates break */
  readonly brokenBy: (choices: Iterable<number>) => Set<string>
  /** positions of all candidates that touch the sign-in or recovery of an account */
  readonly touching: (account: string) => readonly number[]
}

const OFFERS: Offers = { ...SIGN_IN_OFFERS, ...RIGHT_OFFERS, ...SECRET_OFFERS }

/** @param excuses  whether exceptions are among the changes */
export function catalogueOf(base: Assessment, costs: Costs, excuses: boolean): Catalogue {
  const candidates: Candidate[] = []
  const hours: number[] = []
  const positions = new Map<string, number>()
  const known = new Map<string, readonly number[]>()
  const keysOf = new Map<number, string[]>()
  const context: Context = {
    base,
    costs,
    populations: populationsOf(base),
    members: membersOf(base),
    peopleOf: peopleOf(base),
    excuses,
  }
  const positionOf = (id: string, make: () => Candidate): number => {
    let position = positions.get(id)
    if (position === undefined) {
      position = candidates.push(make()) - 1
      hours.push(candidates[position]!.price.hours)
      positions.set(id, position)
    }
    return position
  }
  const breaking = (key: string): readonly number[] => {
    let found = known.get(key)
    if (found === undefined) {
      const at = key.indexOf(':')
      const offers = OFFERS[key.slice(0, at)]?.(context, key.slice(at + 1)) ?? []
      found = offers.map(({ id, make }) => positionOf(id, make))
      known.set(key, found)
      for (const choice of found) {
        const keys = keysOf.get(choice)
        if (keys) keys.push(key)
        else keysOf.set(choice, [key])
      }
    }
    return found
  }
  const touching = (account: string): readonly number[] => {
    const keys = (base.ways.get(account) ?? []).flatMap((way) => (way.fact === null ? [] : [`way:${way.id}`]))
    return [...new Set(keys.flatMap((key) => [...breaking(key)]))]
  }
  const brokenBy = (choices: Iterable<number>): Set<string> => {
    const keys = new Set<string>()
    for (const choice of choices) for (const key of keysOf.get(choice) ?? []) keys.add(key)
    return keys
  }
  return { candidates, costs: hours, breaking, brokenBy, touching }
}

function membersOf({ inventory }: Assessment): (group: string) => readonly string[] {
  let known: Map<string, string[]> | null = null
  return (group) => {
    if (known === null) {
      known = new Map()
      for (const { fact } of inventory.byKind.account) {
        for (const each of fact.memberOf ?? []) {
          const list = known.get(each)
          if (list) list.push(fact.id)
          else known.set(each, [fact.id])
        }
      }
    }
    return known.get(group) ?? []
  }
}

function peopleOf({ inventory }: Assessment): (system: string) => readonly string[] {
  const bySystem = once(() => {
    const people = inventory.byKind.account.filter(({ fact }) => fact.kind === 'human')
    return Map.groupBy(people, ({ fact }) => fact.system)
  })
  return oncePer((system) => (bySystem().get(system) ?? []).map(({ fact }) => fact.id))
}
