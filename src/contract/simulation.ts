/**
 * A simulation: what `ambit simulate --format json` prints and `ambit verify` reads.
 * `docs/schema/simulation.schema.json` is generated from these schemas.
 */
import Type, { type Static, type TSchema } from 'typebox'
import { Place, Proof, ReportDiagnostic } from './report.ts'

const words = <const W extends readonly string[]>(...list: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list] })
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Impact = words('none', 'low', 'moderate', 'high')
const ByImpact = Type.Object({ none: Count, low: Count, moderate: Count, high: Count })

const AttackerOf = Type.Object({
  name: Type.String(),
  title: Type.String(),
  tier: Count,
  source: Type.String(),
})

/** What a node is, so that a reader needs no inventory: the kind of its fact, that fact's own kind, and its name. */
const Thing = Type.Object({
  is: Type.String({ description: 'kind of the fact: account, channel, …' }),
  kind: Type.Optional(Type.String({ description: 'its own kind: mailbox, totp, …' })),
  name: Type.Optional(Type.String()),
})

/** A thing the attacker has at the start: because the policy says it is defeated, or because it was named (`--start`). */
const Given = Type.Object({
  id: Type.String(),
  attackers: Type.Array(Type.String(), { description: 'which of them defeat it; none for a start' }),
  effort: orNull(Type.Integer({ minimum: 1, maximum: 100, description: 'least effort: 1 a script, 100 a laboratory' })),
  basis: orNull(words('measurement', 'judgement')),
  source: orNull(Type.String()),
})

/** A node that falls, and the rule that gave it first. */
const Fallen = Type.Object({
  node: Type.String(),
  by: Type.String({ description: 'rule kind, a name of model/kinds.ts' }),
  from: Type.Array(Type.String()),
  place: Type.Optional(Place),
  impact: Type.Optional(Impact),
})

/**
 * All that falls at one step. A rule gives its head one step after the last node that it needs, so that what falls at step
 * n rests on step n − 1 and before. The waves in order are a derivation, each `from` being given or in an earlier wave.
 */
const Wave = Type.Object({
  step: Type.Integer({ minimum: 1 }),
  nodes: Count,
  accounts: Count,
  highImpact: Count,
  /** what fell, accounts of high impact first; fewer than `nodes` where the list was cut */
  fallen: Type.Array(Fallen),
})

const FirstThatMattered = Type.Object({ account: Type.String(), step: Count, impact: Impact, proof: Proof })

/** The nearest right of a capability at the highest impact that falls, and how many rights of it fall in all. */
const LostCapability = Type.Object({
  capability: Type.String(),
  impact: Impact,
  rights: Count,
  step: Count,
  first: Type.String(),
  proof: Proof,
})

const Loss = Type.Object({ accounts: Count, highImpact: Count })

/** One fact of which nobody can be sure, and what the answer is either way. */
const Doubt = Type.Object({
  about: Type.String(),
  reason: words('unknown_kind', 'unstated', 'undeclared', 'no_way_in', 'low_confidence'),
  fields: Type.Array(Type.String(), { description: 'what nobody stated' }),
  assumed: words('against', 'in_favour'),
  best: Loss,
  worst: Loss,
})

const Sensitivity = Type.Object({
  /** everything in doubt in the owner's favour; as simulated; everything against the owner */
  best: Loss,
  base: Loss,
  worst: Loss,
  /** the doubts that change the answer most when they alone are decided, the largest change first */
  doubts: Type.Array(Doubt),
  /** how many doubts there are, how many were tried, and how many of those change anything */
  found: Count,
  tried: Count,
  telling: Count,
  cut: Type.Boolean({ description: 'whether some were left untried, to bound the work' }),
})

const Scenario = Type.Object({
  attackers: Type.Array(AttackerOf),
  starts: Type.Array(Type.String()),
  given: Type.Array(Given),
  waves: Type.Array(Wave),
  /** whether the waves list less than falls */
  cut: Type.Boolean(),
  lost: Type.Object({ nodes: Count, accounts: Count, byImpact: ByImpact }),
  capabilities: Type.Array(LostCapability),
  firstThatMattered: orNull(FirstThatMattered),
  sensitivity: Sensitivity,
})

const Row = Type.Object({
  attacker: AttackerOf,
  given: Count,
  nodes: Count,
  accounts: Count,
  byImpact: ByImpact,
  steps: Count,
  firstThatMattered: orNull(FirstThatMattered),
})

export const Simulation = Type.Object({
  simulation: Type.Literal(1),
  snapshot: Type.Object({
    id: Type.String({ description: 'sha256 of the facts, in canonical form' }),
    name: orNull(Type.String()),
    at: orNull(Type.String()),
    facts: Count,
  }),
  policy: Type.Object({ name: Type.String(), hash: Type.String() }),
  /** all accounts of the inventory, whether they fall or not */
  accounts: Type.Object({ total: Count, byImpact: ByImpact }),
  diagnostics: Type.Array(ReportDiagnostic),
  scenario: orNull(Scenario),
  /** one row for each attacker of the policy, alone */
  table: orNull(Type.Array(Row)),
  /** every node named above, but for gates and rights, which name their owners and targets */
  things: Type.Record(Type.String(), Thing),
})

export type SimulationThing = Static<typeof Thing>
export type Given = Static<typeof Given>
export type Fallen = Static<typeof Fallen>
export type Wave = Static<typeof Wave>
export type FirstThatMattered = Static<typeof FirstThatMattered>
export type LostCapability = Static<typeof LostCapability>
export type Loss = Static<typeof Loss>
export type Doubt = Static<typeof Doubt>
export type Sensitivity = Static<typeof Sensitivity>
export type Scenario = Static<typeof Scenario>
export type SimulationRow = Static<typeof Row>
export type Simulation = Static<typeof Simulation>
