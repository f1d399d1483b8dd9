/**
 * The record of a decision: the question with all that it was weighed on, and the answer, so that it replays bit for
 * bit. `satisfies` keeps these schemas as wide as the types of `contract/decision.ts`: a field added there must be added here.
 */
import Type, { type TSchema } from 'typebox'
import type { AccessRequest } from '#contract/access-request.ts'
import {
  KEY_CLASSES,
  OUTCOMES,
  RISK_LEVELS,
  type Decision,
  type DeviceEvidence,
  type Evaluation,
  type PresentedAssurance,
  type RequiredAssurance,
  type RiskSignal,
  type SessionEvidence,
  type StandingException,
  type StepUp,
} from '#contract/decision.ts'
import type { Reason } from '#contract/report.ts'
import { STRENGTHS } from '#contract/vocabulary.ts'
import { closed, Code, Count, Flag, Id, listOf, orNull, Seconds, words } from './fields.ts'

type Fields<T> = { readonly [K in keyof Required<T>]: TSchema }

/** Whatever the caller sent for conditions to read. The only open field: `mask.ts` takes out what looks like a secret. */
const Open = Type.Record(Type.String(), Type.Unknown())
const opt = <S extends TSchema>(schema: S) => Type.Optional(schema)
const Text = Type.String({ maxLength: 4000 })
const Strength = words(STRENGTHS)
const Names = listOf<string>(Type.String({ maxLength: 512 }))
const Aal = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2), Type.Literal(3)])

export const RequestSchema = closed({
  subject: closed({ type: Id, id: Id, properties: opt(Open) }),
  action: closed({ name: Id, properties: opt(Open) }),
  resource: closed({ type: Id, id: Id, properties: opt(Open) }),
  context: opt(Open),
} satisfies Fields<AccessRequest>)

const Session = closed({
  issuer: Id,
  subject: Id,
  client: orNull(Id),
  sessionId: orNull(Id),
  acr: orNull(Id),
  amr: Names,
  authTime: orNull(Seconds),
  startedAt: orNull(Seconds),
  lastUsedAt: orNull(Seconds),
  keyClass: orNull(words(KEY_CLASSES)),
  boundAtAal: orNull(Aal),
  senderConstrained: orNull(words(['dpop', 'mtls', 'dbsc'])),
} satisfies Fields<SessionEvidence>)

const Device = closed({
  id: orNull(Id),
  managed: orNull(Flag),
  compliant: orNull(Flag),
} satisfies Fields<DeviceEvidence>)
const Risk = closed({ kind: Code, level: words(RISK_LEVELS), at: Seconds, source: Id } satisfies Fields<RiskSignal>)
const Standing = closed({ id: Id, capabilities: Names, until: Seconds } satisfies Fields<StandingException>)

export const EvaluationSchema = closed({
  id: Id,
  at: Seconds,
  request: RequestSchema,
  session: orNull(Session),
  device: orNull(Device),
  risk: listOf<RiskSignal>(Risk),
  exceptions: listOf<StandingException>(Standing),
  stepUpsTried: Count,
} satisfies Fields<Evaluation>)

const Why = closed({
  code: Code,
  text: Text,
  citations: listOf(closed({ standard: Text, section: Text })),
} satisfies Fields<Reason>)

const Required = closed({
  strength: Strength,
  codes: words(['allowed', 'refused']),
  phishingResistant: Flag,
  hardwareBacked: Flag,
  maxAge: orNull(Seconds),
  maxIdle: orNull(Seconds),
  senderConstrained: Flag,
  device: words(['any', 'managed', 'compliant']),
} satisfies Fields<RequiredAssurance>)

const Presented = closed({ strength: Strength, code: Flag, age: orNull(Seconds) } satisfies Fields<PresentedAssurance>)
const Step = closed({ acrValues: Names, amrValues: Names, maxAge: orNull(Seconds) } satisfies Fields<StepUp>)

export const DecisionSchema = closed({
  id: Id,
  at: Seconds,
  outcome: words(OUTCOMES),
  reasons: listOf<Reason>(Why),
  reasonUser: Text,
  required: Required,
  presented: Presented,
  stepUp: orNull(Step),
  permitUntil: orNull(Seconds),
  exception: orNull(Id),
  snapshot: Id,
  policy: Id,
  settings: Id,
} satisfies Fields<Decision>)
