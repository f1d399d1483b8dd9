/**
 * Changes, plans and what-ifs: what `ambit plan --format json` prints and `ambit whatif --change` reads.
 * `docs/schema/change.schema.json` is generated from {@link ChangeFile}.
 */
import Type, { type Static } from 'typebox'
import { CHANGE_KINDS } from './vocabulary.ts'

const Closed = { additionalProperties: false } as const
const AnyFact = Type.Record(Type.String(), Type.Unknown())
const Lists = Type.Record(Type.String(), Type.Array(Type.Unknown()))

/** Names facts of an inventory: every fact of this kind whose fields are as stated. */
export const Selector = Type.Intersect([
  Type.Object({ fact: Type.String({ description: 'kind of the fact, as in the inventory' }) }),
  AnyFact,
])

/** One edit of the facts. */
export const Edit = Type.Union([
  Type.Object(
    { add: Selector },
    { ...Closed, description: 'a fact to add; one that is there already with the same id stays as it is' },
  ),
  Type.Object({ remove: Selector }, { ...Closed, description: 'facts to take away' }),
  Type.Object(
    {
      set: Selector,
      to: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), { description: 'fields to state anew; null takes one away' }),
      ),
      with: Type.Optional(Lists),
      without: Type.Optional(Lists),
    },
    { ...Closed, description: 'facts to edit; `with` and `without` add to lists and take from them' },
  ),
])

export const Change = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 1200, description: 'names the change' }),
    kind: Type.Optional(Type.Unsafe<(typeof CHANGE_KINDS)[number]>({ type: 'string', enum: [...CHANGE_KINDS] })),
    text: Type.Optional(Type.String({ description: 'what is to be done, in words' })),
    edits: Type.Array(Edit, { minItems: 1, description: 'applied in this order' }),
  },
  { description: 'fields that a plan adds to a change are read over' },
)

/** A file of changes: the output of a plan, or one written by hand. */
export const ChangeFile = Type.Object({
  ambit: Type.Literal(1),
  steps: Type.Array(Change, { description: 'applied in this order' }),
})

export type Selector = Static<typeof Selector>
export type Edit = Static<typeof Edit>
export type Change = Static<typeof Change>

/** What one change costs over the first year. */
export interface Price {
  /** all of it, in hours */
  readonly hours: number
  readonly setupHours: number
  readonly promptsPerWeek: number
  readonly recoveriesPerYear: number
  readonly spend: number
}

/** One step of a plan. */
export interface PlanStep extends Change {
  readonly kind: (typeof CHANGE_KINDS)[number]
  readonly text: string
  readonly price: Price
  /** accounts that the change touches itself */
  readonly accounts: readonly string[]
  /** what it was chosen for, a few of each */
  readonly because: readonly string[]
}

/** Something against the goal that no change of the catalogue ends. */
export interface Beyond {
  readonly account: string | null
  readonly why: string
}

/** Someone who would be locked out, and what would keep him in. */
export interface LockOut {
  readonly account: string
  /** `sign-in`, or the loss after which nothing leads back in */
  readonly by: string
  readonly keptInBy: readonly string[]
}

/** What counts for or against an inventory, before and after. */
export interface Standing {
  readonly unfit: number
  readonly unknown: number
  readonly highUnfit: number
  readonly attackers: readonly { readonly attacker: string; readonly accounts: number; readonly highImpact: number }[]
  /** accounts that some single loss locks out for good */
  readonly oneLossFromLockOut: number
}

export interface Plan {
  readonly ambit: 1
  readonly snapshot: { readonly id: string; readonly name: string | null; readonly at: string | null }
  readonly policy: { readonly name: string; readonly hash: string }
  readonly goals: readonly string[]
  /** hours that the plan may cost; null for as many as it takes */
  readonly budget: number | null
  /** the goal holds after the steps, by the whole analysis of the edited inventory */
  readonly holds: boolean
  /** hours; no plan of these changes costs less than `bound` */
  readonly cost: number
  readonly bound: number
  readonly optimal: boolean
  readonly method: string
  readonly rounds: number
  readonly changesWeighed: number
  readonly steps: readonly PlanStep[]
  readonly beyond: readonly Beyond[]
  /** accounts, or other things a goal is about, that are against the goals now */
  readonly against: number
  /** those still against the goals after the plan */
  readonly remaining: readonly string[]
  readonly lockedOut: readonly LockOut[]
  /** accounts whose takeover the plan would make easier: none, or it is no plan */
  readonly easier: readonly string[]
  readonly before: Standing
  readonly after: Standing
  /** what is left along the steps, by what has been spent until then; empty where not asked for */
  readonly curve: readonly { readonly cost: number; readonly remaining: number }[]
}

/** One account, before and after. */
export interface Side {
  readonly verdict: string
  readonly impact: string
  readonly required: string | null
  readonly effective: string | null
  readonly fallsTo: readonly string[]
  readonly canSignIn: boolean | null
  readonly lostWithout: readonly string[]
}

export interface WhatIf {
  readonly ambit: 1
  readonly snapshot: { readonly before: string; readonly after: string; readonly name: string | null }
  readonly policy: { readonly name: string; readonly hash: string }
  readonly steps: readonly { readonly id: string; readonly text: string }[]
  readonly before: Standing
  readonly after: Standing
  /** accounts of which something changed, by id; null for one that is not there on that side */
  readonly accounts: readonly {
    readonly id: string
    readonly name: string | null
    readonly before: Side | null
    readonly after: Side | null
    readonly better: boolean
    readonly worse: boolean
  }[]
  readonly unchanged: number
}
