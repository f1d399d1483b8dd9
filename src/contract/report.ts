/**
 * The report: what `ambit analyze --format json` prints and `ambit verify` reads. `docs/schema/report.schema.json`
 * is generated from these schemas.
 */
import Type, { type Static, type TSchema } from 'typebox'

const words = <const W extends readonly string[]>(...list: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list] })
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const Level = Type.Integer({ minimum: 0, maximum: 3 })
const Impact = words('none', 'low', 'moderate', 'high')
const Strength = words('none', 'single_factor', 'two_factor', 'phishing_resistant', 'hardware')
const Verdict = words('unfit', 'unknown', 'excepted', 'fit_with_controls', 'fit')
const Severity = words('info', 'low', 'medium', 'high', 'critical')

export const Place = Type.Object({
  file: Type.String(),
  line: Type.Optional(Type.Integer({ minimum: 1 })),
  pointer: Type.Optional(Type.String()),
})

export const ReportDiagnostic = Type.Object({
  code: Type.String(),
  level: words('error', 'warning', 'info'),
  message: Type.String(),
  place: Type.Optional(Place),
  remedy: Type.String(),
})

export const Citation = Type.Object({
  standard: Type.String({ description: 'e.g. NIST SP 800-63B-4' }),
  section: Type.String({ description: 'e.g. 3.1.3.1' }),
})

export const Reason = Type.Object({
  code: Type.String(),
  text: Type.String(),
  citations: Type.Array(Citation),
})

/** One rule applied: `node` holds because everything in `from` holds. */
export const ProofStep = Type.Object({
  node: Type.String(),
  by: Type.String({ description: 'rule kind, a name of model/kinds.ts' }),
  from: Type.Array(Type.String()),
  /** where the fact that justifies the step was read */
  place: Type.Optional(Place),
})

/**
 * A derivation of `goal` from `given`. Every `from` is in `given` or is the `node` of an earlier step; the last step's
 * node is the goal (or the goal is given and there are no steps). `defeated` names the authenticators and secrets that
 * the attacker is assumed to defeat unaided; they are part of `given`.
 */
export const Proof = Type.Object({
  given: Type.Array(Type.String()),
  goal: Type.String(),
  steps: Type.Array(ProofStep),
})

export const WayIn = Type.Object({
  id: Type.String(),
  name: Type.Optional(Type.String()),
  purpose: Type.String(),
  /** authenticators it asks for, as ids; for alternatives, those of the weakest combination */
  authenticators: Type.Array(Type.String()),
  /** what the combination proves by itself; null for non-human accounts and where a kind is unknown */
  aal: orNull(Level),
  /** strength by itself, and what is left of it after everything that leads to its authenticators */
  strength: orNull(Strength),
  effective: orNull(Strength),
  phishingResistant: orNull(Type.Boolean()),
  hardwareBacked: orNull(Type.Boolean()),
  verdict: Verdict,
  reasons: Type.Array(Reason),
})

export const ReachedCapability = Type.Object({
  capability: Type.String(),
  impact: Impact,
  /** rules from the account to the nearest right of this capability */
  hops: Type.Integer({ minimum: 0 }),
})

export const ConformanceRule = Type.Object({
  id: Type.String(),
  citation: Citation,
  force: words('SHALL', 'SHOULD', 'MAY'),
  status: words('met', 'not_met', 'unknown'),
  text: Type.String(),
})
export const Conformance = Type.Object({
  profile: Type.String(),
  status: words('conformant', 'nonconformant', 'unknown', 'not_applicable'),
  rules: Type.Array(ConformanceRule),
})

export const Account = Type.Object({
  id: Type.String(),
  name: Type.Optional(Type.String()),
  kind: words('human', 'service', 'workload'),
  population: orNull(words('workforce', 'partner', 'customer')),
  system: orNull(Type.String()),
  impact: Impact,
  /** true when the reach includes something undeclared, or of unstated sensitivity, so that the impact may be higher */
  impactUncertain: Type.Boolean(),
  capabilities: Type.Array(Type.String()),
  reach: Type.Object({
    nodes: Type.Integer({ minimum: 0 }),
    accounts: Type.Integer({ minimum: 0 }),
    exact: Type.Boolean(),
    capabilities: Type.Array(ReachedCapability),
  }),
  /** AALs; null for non-human accounts (an AAL is said of people only) and where nothing is known */
  required: orNull(Level),
  nominal: orNull(Level),
  effective: orNull(Level),
  requiredStrength: orNull(Strength),
  nominalStrength: orNull(Strength),
  effectiveStrength: orNull(Strength),
  verdict: Verdict,
  reasons: Type.Array(Reason),
  waysIn: Type.Array(WayIn),
  /** cheapest entry found: what is defeated, and the derivation of the account from it */
  weakest: orNull(
    Type.Object({
      wayIn: orNull(Type.String()),
      defeats: Type.Array(Type.String()),
      effort: Type.Integer({ minimum: 0 }),
      proof: Proof,
    }),
  ),
  /** attacker profiles of the policy that take this account, with the step at which it falls */
  fallsTo: Type.Array(Type.Object({ attacker: Type.String(), step: Type.Integer({ minimum: 0 }) })),
  recoverable: Type.Object({
    /** whether the owner can sign in at all */
    canSignIn: orNull(Type.Boolean()),
    /** what, when lost alone, locks the owner out for good */
    lostWithout: Type.Array(Type.String()),
  }),
  conformance: Type.Array(Conformance),
})

export const Finding = Type.Object({
  /** stable across runs while the account, the code and the way in stay the same */
  id: Type.String(),
  code: Type.String(),
  severity: Severity,
  account: Type.String(),
  wayIn: orNull(Type.String()),
  /** the capability that the finding is about, where there is one */
  capability: orNull(Type.String()),
  message: Type.String(),
  citations: Type.Array(Citation),
  proof: Type.Object({
    /** what the account leads to */
    reach: orNull(Proof),
    /** how the account is entered */
    entry: orNull(Proof),
    /** inventory facts the finding rests on */
    facts: Type.Array(Type.String()),
  }),
  remedy: Type.Array(Type.String()),
  exception: orNull(Type.String()),
})

const Counts = Type.Record(Type.String(), Type.Integer({ minimum: 0 }))
export const Report = Type.Object({
  ambit: Type.Literal(1),
  snapshot: Type.Object({
    id: Type.String({ description: 'sha256 of the facts, in canonical form' }),
    name: orNull(Type.String()),
    at: orNull(Type.String()),
    sources: Type.Array(Type.Object({ file: Type.String(), importer: Type.String(), facts: Type.Integer() })),
    facts: Type.Integer(),
    nodes: Type.Integer(),
    rules: Type.Integer(),
  }),
  policy: Type.Object({ name: Type.String(), hash: Type.String() }),
  diagnostics: Type.Array(ReportDiagnostic),
  summary: Type.Object({
    accounts: Type.Integer(),
    humans: Type.Integer(),
    nonHumans: Type.Integer(),
    verdicts: Counts,
    /** people only: impact → effective strength (or `unknown`) → accounts */
    matrix: Type.Record(Type.String(), Counts),
    /** of the input, at any level: how many the report lists */
    diagnostics: Type.Integer(),
    findings: Type.Integer(),
    bySeverity: Counts,
    byCode: Counts,
    /** people with effective below nominal */
    weakerThanTheyLook: Type.Integer(),
    attackers: Type.Array(
      Type.Object({ attacker: Type.String(), accounts: Type.Integer(), highImpact: Type.Integer() }),
    ),
    conformance: Type.Record(Type.String(), Counts),
  }),
  accounts: Type.Array(Account),
  findings: Type.Array(Finding),
})

export type Place = Static<typeof Place>
export type ReportDiagnostic = Static<typeof ReportDiagnostic>
export type Citation = Static<typeof Citation>
export type Reason = Static<typeof Reason>
export type ProofStep = Static<typeof ProofStep>
export type Proof = Static<typeof Proof>
export type WayIn = Static<typeof WayIn>
export type Account = Static<typeof Account>
export type Finding = Static<typeof Finding>
export type ConformanceRule = Static<typeof ConformanceRule>
export type Conformance = Static<typeof Conformance>
export type Report = Static<typeof Report>
