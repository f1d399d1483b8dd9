/** What `ambit breaches --format json` prints: each known chain of an incident, held against this inventory. */
import Type, { type Static } from 'typebox'
import { Proof, ReportDiagnostic } from './report.ts'
import { Simulation } from './simulation.ts'

const words = <const W extends readonly string[]>(...list: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list] })

/** Worst first. `unknown` is never a pass. */
export const BREACH_STATUSES = ['possible', 'unknown', 'blocked', 'absent'] as const

const StageFound = Type.Object({ says: Type.String(), node: Type.String() })

const Breach = Type.Object({
  id: Type.String(),
  title: Type.String(),
  incidents: Type.Array(Type.String()),
  factor: words('beaten', 'not_asked', 'absent'),
  attackers: Type.Array(Type.String()),
  /**
   * possible: the chain holds here. unknown: it holds if a fact of which nobody can be sure is against the owners.
   * blocked: it would hold but for what `blockedBy` names. absent: nothing here is or leads to the stage `missing`.
   */
  status: words(...BREACH_STATUSES),
  /** what stands for each stage, as far as the chain goes */
  stages: Type.Array(StageFound),
  /** derivation of the last stage from what is defeated, supposed, in doubt or (where blocked) would have to be had */
  proof: Type.Union([Proof, Type.Null()]),
  supposed: Type.Array(Type.String()),
  doubts: Type.Array(Type.String()),
  /** things not defeated, and controls (`control of way in`), without which the chain would hold */
  blockedBy: Type.Array(Type.String()),
  missing: Type.Union([Type.String(), Type.Null()]),
  lesson: Type.String(),
  controls: Type.Array(Type.String()),
})

export const Breaches = Type.Object({
  breaches: Type.Literal(1),
  snapshot: Simulation.properties.snapshot,
  policy: Simulation.properties.policy,
  diagnostics: Type.Array(ReportDiagnostic),
  chains: Type.Array(Breach),
  things: Simulation.properties.things,
})

export type BreachStatus = (typeof BREACH_STATUSES)[number]
export type Breach = Static<typeof Breach>
export type Breaches = Static<typeof Breaches>
