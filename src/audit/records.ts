/**
 * What the audit log keeps: one closed schema per kind of record. No field takes free text, so that no code, secret or
 * token has a place to be in; what people wrote (why an exception, a note) stays with its own record, here by its hash.
 */
import Type, { type Static, type TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import type { Decision, Evaluation } from '#contract/decision.ts'
import { RISK_LEVELS } from '#contract/decision.ts'
import { AUTHENTICATOR_KINDS, STRENGTHS } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { DecisionSchema, EvaluationSchema } from './decision-record.ts'
import { ColumnsSchema, type Together } from './together.ts'
import { closed, Code, Count, Hash, Id, listOf, Millis, orNull, words } from './fields.ts'

/** Who did it: an account, a client of the API, an operator on the command line, a node by itself, a sender of signals. */
export const ACTORS = ['account', 'client', 'operator', 'node', 'sender'] as const
const Actor = closed({ type: words(ACTORS), id: Id })

/** In every record: when, by the clock of the node that wrote it (the order is by `seq`, never by this), and who. */
const COMMON = { at: Millis, by: Actor, request: Type.Optional(Id) }
const Why = listOf<string>(Code)
const Ids = listOf<string>(Id)
const record = <const K extends string, P extends Record<string, TSchema>>(kind: K, properties: P) =>
  closed({ kind: Type.Literal(kind), ...COMMON, ...properties })

/** What somebody showed: an authenticator, or a sign-in at another provider. */
const METHODS = [...AUTHENTICATOR_KINDS, 'upstream'] as const

/** One row per kind: what may have happened, and what is kept of it. */
export const RECORD_SCHEMAS = {
  decision: record('decision', { evaluation: EvaluationSchema, decision: DecisionSchema }),
  snapshot: record('snapshot', {
    did: words(['loaded', 'activated', 'refused']),
    snapshot: Id,
    facts: Type.Optional(Count),
    why: Why,
  }),
  policy: record('policy', { did: words(['activated', 'refused']), policy: Id, previous: orNull(Id), why: Why }),
  token: record('token', {
    did: words(['issued', 'refreshed', 'refused', 'revoked', 'replayed']),
    token: orNull(Id),
    client: orNull(Id),
    account: orNull(Id),
    scopes: Ids,
    audience: Ids,
    strength: orNull(words(STRENGTHS)),
    until: orNull(Millis),
    why: Why,
  }),
  session: record('session', {
    did: words(['started', 'raised', 'lowered', 'bound', 'ended', 'revoked', 'refused']),
    session: Id,
    account: orNull(Id),
    strength: orNull(words(STRENGTHS)),
    why: Why,
  }),
  authentication: record('authentication', {
    did: words(['challenged', 'succeeded', 'failed', 'limited', 'refused']),
    account: orNull(Id),
    method: words(METHODS),
    authenticator: orNull(Id),
    session: orNull(Id),
    strength: orNull(words(STRENGTHS)),
    why: Why,
  }),
  authenticator: record('authenticator', {
    did: words(['begun', 'bound', 'confirmed', 'renamed', 'removed', 'suspended', 'restored', 'used_up', 'refused']),
    account: Id,
    method: words(METHODS),
    authenticator: Id,
    why: Why,
  }),
  recovery: record('recovery', {
    did: words([
      'requested',
      'proved',
      'held',
      'approved',
      'refused',
      'vetoed',
      'completed',
      'expired',
      'cancelled',
      'released',
    ]),
    recovery: Id,
    account: orNull(Id),
    why: Why,
  }),
  delivery: record('delivery', {
    did: words(['sent', 'failed', 'refused', 'confirmed']),
    channel: words(['email', 'sms', 'voice', 'push', 'webhook']),
    message: Id,
    account: orNull(Id),
    why: Why,
  }),
  exception: record('exception', {
    did: words(['requested', 'approved', 'refused', 'suspended', 'ended', 'revoked', 'used']),
    exception: Id,
    subjects: Ids,
    /** of the record as it was requested or approved */
    content: Hash,
    uses: Count,
    until: Millis,
    why: Why,
  }),
  signal: record('signal', {
    did: words(['received', 'refused', 'sent', 'failed', 'raised', 'cleared']),
    signal: Id,
    event: Code,
    issuer: orNull(Id),
    subject: orNull(Id),
    level: orNull(words(RISK_LEVELS)),
    why: Why,
  }),
  review: record('review', {
    did: words(['opened', 'kept', 'removed', 'reassigned', 'reminded', 'applied', 'closed']),
    review: Id,
    item: orNull(Id),
    why: Why,
  }),
  administration: record('administration', {
    did: words(['added', 'changed', 'removed', 'enabled', 'disabled', 'rotated', 'read', 'exported', 'refused']),
    /** what sort of thing, as a word: `client`, `key`, `setting`, `import` … */
    thing: Code,
    target: Id,
    /** of what it was before and after, where that matters */
    before: orNull(Hash),
    after: orNull(Hash),
    why: Why,
  }),
  node: record('node', {
    did: words(['started', 'stopped', 'troubled', 'recovered']),
    node: Id,
    version: Id,
    /** what it decides by, where it started: hash and name of the policy, hashes of the policies of access */
    policy: Type.Optional(Id),
    policyName: Type.Optional(Id),
    access: Type.Optional(listOf<string>(Hash)),
    snapshot: Type.Optional(orNull(Id)),
    /** of the configuration without secrets */
    config: Type.Optional(Hash),
    why: Why,
  }),
  retention: record('retention', { did: words(['cut']), through: Count, before: Millis, why: Why }),
} as const

export type RecordKind = keyof typeof RECORD_SCHEMAS
export const RECORD_KINDS = Object.keys(RECORD_SCHEMAS) as readonly RecordKind[]
type Kept = { [K in RecordKind]: Static<(typeof RECORD_SCHEMAS)[K]> }
/** A record of a kind; of a decision, with the types that the rest of the program has for it. */
export type RecordOf<K extends RecordKind> = Readonly<
  K extends 'decision' ? Omit<Kept['decision'], 'evaluation' | 'decision'> & Replayable : Kept[K]
>
export type AuditRecord = { [K in RecordKind]: RecordOf<K> }[RecordKind]

/** What `ambit policy replay` reads, one to a line. */
export interface Replayable {
  readonly evaluation: Evaluation
  readonly decision: Decision
}

/** Decisions asked for together, as they are written; whoever reads them gets each as a `decision`. */
const TOGETHER_SCHEMA = record('decisions', { columns: ColumnsSchema })

const validators = new Map<RecordKind | 'decisions', Validator>()

/**
 * Holds a record against the schema of its kind.
 *
 * @throws {AmbitError} `audit_invalid` naming the field, never its value
 */
export function checkRecord(value: AuditRecord | Together): void {
  const { kind } = value
  if (kind !== 'decisions' && !Object.hasOwn(RECORD_SCHEMAS, kind)) {
    throw new AmbitError('audit_invalid', 'a record of a kind that the audit log does not know was refused', {})
  }
  let validator = validators.get(kind)
  if (validator === undefined) {
    validator = Compile(kind === 'decisions' ? TOGETHER_SCHEMA : RECORD_SCHEMAS[kind]) as Validator
    validators.set(kind, validator)
  }
  if (validator.Check(value)) return
  const at = validator.Errors(value)[0]?.instancePath ?? ''
  throw new AmbitError('audit_invalid', `an audit record of kind \`${kind}\` does not fit its schema at \`${at}\``, {
    kind,
    at,
  })
}
