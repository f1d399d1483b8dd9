import type { Change, Edit, Price } from '#contract/plan.ts'
import type { ChangeKind } from '#contract/vocabulary.ts'
import type { Fact, FactOf } from '#model/facts.ts'
import type { Costs } from '#policy/policy.ts'
import type { Assessment } from './assess.ts'
import type { Population } from './populations.ts'
import { priceOf } from './price.ts'

/** A change that a plan may hold. */
export interface Candidate extends Change {
  readonly kind: ChangeKind
  readonly text: string
  readonly price: Price
  /** accounts whose own ways in it touches */
  readonly accounts: readonly string[]
}

export interface Context {
  readonly base: Assessment
  readonly costs: Costs
  readonly populations: (account: string) => readonly Population[]
  /** accounts by the groups and roles that they are in directly */
  readonly members: (group: string) => readonly string[]
  /** people's accounts by the system that they are in */
  readonly peopleOf: (system: string) => readonly string[]
  /** whether an exception would help: it excuses, it does not stop anyone */
  readonly excuses: boolean
}

/** A change by its id, made only if it is not known yet. */
export interface Offer {
  readonly id: string
  readonly make: () => Candidate
}

/** @param times  how many times dearer the setting up is than usual */
export function offer(
  { costs }: Context,
  kind: ChangeKind,
  about: string,
  accounts: readonly string[],
  text: string,
  edits: () => readonly Edit[],
  times?: number,
): Offer {
  const id = `${kind}:${about}`
  const make = (): Candidate => {
    let made: Edit[] | null = null
    return {
      id,
      kind,
      text,
      accounts,
      price: priceOf(costs, kind, Math.max(1, accounts.length), times),
      // many changes are weighed and few are made
      get edits() {
        return (made ??= [...edits()])
      },
    }
  }
  return { id, make }
}

export const isOffer = (each: Offer | null): each is Offer => each !== null

/** What breaks a derivation, by the sort of key that names what it rests on; see `keys.ts`. */
export type Offers = Readonly<Record<string, (context: Context, about: string) => readonly Offer[]>>

export const split = (about: string): [string, string] => {
  const at = about.indexOf('\n')
  return [about.slice(0, at), about.slice(at + 1)]
}
export const spoken = (word: string): string => word.replaceAll('_', ' ')

export function nameOf({ base }: Context, id: string): string {
  const fact = base.inventory.get(id)?.fact
  const name = fact !== undefined && 'name' in fact ? fact.name : undefined
  return name === undefined ? `\`${id}\`` : `${name} (\`${id}\`)`
}

export function accountOf({ base }: Context, id: string | undefined): FactOf<'account'> | null {
  const fact = id === undefined ? undefined : base.inventory.get(id)?.fact
  return fact?.fact === 'account' ? fact : null
}

export const addFact = (fact: Fact): Edit => ({ add: fact as unknown as Extract<Edit, { add: unknown }>['add'] })
