/**
 * The inventory format: one schema per kind of fact. These TypeBox schemas are JSON Schema; the published
 * `docs/schema/inventory.schema.json` is generated from them, and `docs/inventory.md` explains each field.
 *
 * An id names one thing in the whole inventory, whatever its kind. Ids are `source:native`, at most 512 characters,
 * without control characters; the prefixes `right:`, `gate:` and `via:` are reserved for derived nodes.
 */
import Type, { type Static, type TSchema } from 'typebox'
import {
  ACCOUNT_KINDS,
  AUTHENTICATOR_KINDS,
  CAPABILITIES,
  CHANNEL_KINDS,
  CONTROLS,
  POPULATIONS,
  PURPOSES,
  SECRET_KINDS,
  SENSITIVITIES,
} from '#contract/vocabulary.ts'

const words = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list], description })
const opt = <S extends TSchema>(schema: S) => Type.Optional(schema)
const Closed = { additionalProperties: false } as const

/** No control characters, not one of the reserved prefixes. */
export const ID_PATTERN = '^(?!right:|gate:|via:)[^\\u0000-\\u001f\\u007f]{1,512}$'
export const Id = Type.String({ pattern: ID_PATTERN, description: 'names one thing; `source:native`' })
const Ids = Type.Array(Id)
const Name = Type.String({ maxLength: 512, description: 'what people call it' })
const Text = Type.String({ maxLength: 4000 })
const Seconds = Type.Integer({ minimum: 0, maximum: 10_000_000_000 })
/** RFC 3339 date or date-time. */
export const DATE_PATTERN = '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2}))?$'
const Day = Type.String({ pattern: DATE_PATTERN, description: 'RFC 3339 date or date-time' })
const Flag = Type.Boolean()

/** All of, any of, or k of several conditions; a string is the id of an authenticator, channel, account, group, secret or session. */
export type Formula = string | { all: Formula[] } | { any: Formula[] } | { atLeast: number; of: Formula[] }
export const FormulaSchema = Type.Cyclic(
  {
    Formula: Type.Union([
      Id,
      Type.Object({ all: Type.Array(Type.Ref('Formula')) }, Closed),
      Type.Object({ any: Type.Array(Type.Ref('Formula')) }, Closed),
      Type.Object({ atLeast: Type.Integer({ minimum: 1, maximum: 64 }), of: Type.Array(Type.Ref('Formula')) }, Closed),
    ]),
  },
  'Formula',
)
const FormulaField = Type.Unsafe<Formula>(FormulaSchema)

export const Session = Type.Object(
  {
    overallSeconds: opt(Seconds),
    idleSeconds: opt(Seconds),
    binding: opt(words(['none', 'dpop', 'mtls', 'dbsc'] as const, 'what ties the session to a key')),
  },
  Closed,
)

const AccountFact = Type.Object(
  {
    fact: Type.Literal('account'),
    id: Id,
    kind: words(ACCOUNT_KINDS, 'who acts through it'),
    name: opt(Name),
    population: opt(words(POPULATIONS, 'whose account it is; for people')),
    subject: opt(Type.String({ maxLength: 512, description: 'the person, workload or service that owns it' })),
    system: opt(Id),
    enabled: opt(Flag),
    memberOf: opt(Ids),
    job: opt(Name),
    manager: opt(Type.String({ maxLength: 512 })),
    owner: opt(
      Type.String({ maxLength: 512, description: 'who answers for a non-human account: a subject or an account' }),
    ),
    ownerActive: opt(Flag),
    environments: opt(Type.Array(Name)),
    consumers: opt(Type.Array(Name)),
    interactive: opt(Type.Boolean({ description: 'a non-human account that people sign in with' })),
    thirdParty: opt(Flag),
    proofed: opt(words(['none', 'ial1', 'ial2', 'ial3'] as const, 'identity proofing of the holder')),
    notificationAddresses: opt(Type.Integer({ minimum: 0, maximum: 100 })),
    controls: opt(Type.Array(words(CONTROLS, 'a control that holds for every way in'))),
    createdAt: opt(Day),
    lastUsed: opt(Day),
  },
  Closed,
)

const GroupFact = Type.Object(
  { fact: Type.Literal('group'), id: Id, name: opt(Name), system: opt(Id), memberOf: opt(Ids) },
  Closed,
)
const RoleFact = Type.Object(
  { fact: Type.Literal('role'), id: Id, name: opt(Name), system: opt(Id), memberOf: opt(Ids) },
  Closed,
)

const SystemFact = Type.Object(
  {
    fact: Type.Literal('system'),
    id: Id,
    name: opt(Name),
    kind: opt(Name),
    offers: opt(Type.Array(words(AUTHENTICATOR_KINDS, 'authenticator kinds a person may enrol here'))),
    federal: opt(Flag),
    cardholderData: opt(Flag),
    paymentService: opt(Flag),
    session: opt(Session),
  },
  Closed,
)

const ResourceFact = Type.Object(
  {
    fact: Type.Literal('resource'),
    id: Id,
    name: opt(Name),
    kind: opt(Name),
    system: opt(Id),
    sensitivity: opt(words(SENSITIVITIES, 'what its loss is worth')),
    in: opt(Id),
    runsAs: opt(Ids),
    uses: opt(Ids),
    deploysTo: opt(Ids),
    governs: opt(Ids),
    secretStore: opt(Type.Boolean({ description: 'a place where secrets are meant to lie' })),
    environment: opt(Name),
  },
  Closed,
)

const SecretFact = Type.Object(
  {
    fact: Type.Literal('secret'),
    id: Id,
    kind: words(SECRET_KINDS, 'what sort of secret'),
    name: opt(Name),
    opens: opt(Ids),
    proves: opt(Ids),
    storedIn: opt(Ids),
    leaked: opt(Type.Object({ where: opt(Text), at: opt(Day), by: opt(Name) }, Closed)),
    ephemeral: opt(Flag),
    conditions: opt(words(['strict', 'wildcard', 'none'] as const, 'claim conditions of a federated trust')),
    issuedAt: opt(Day),
    rotatedAt: opt(Day),
    expiresAt: opt(Day),
    lastUsed: opt(Day),
  },
  Closed,
)

const ChannelFact = Type.Object(
  {
    fact: Type.Literal('channel'),
    id: Id,
    kind: words(CHANNEL_KINDS, 'what a code travels through or a key lives in'),
    name: opt(Name),
    system: opt(Id),
    heldBy: opt(Ids),
    carriedBy: opt(Ids),
    person: opt(Type.String({ maxLength: 512, description: 'the subject who physically holds it' })),
    shared: opt(Flag),
    sensitivity: opt(words(SENSITIVITIES, 'what its loss is worth by itself')),
    secretStore: opt(Flag),
    managed: opt(Flag),
    syncs: opt(Type.Boolean({ description: 'what lies here is copied to other devices' })),
  },
  Closed,
)

const AuthenticatorFact = Type.Object(
  {
    fact: Type.Literal('authenticator'),
    id: Id,
    kind: words(AUTHENTICATOR_KINDS, 'what proves'),
    name: opt(Name),
    of: opt(Ids),
    on: opt(Ids),
    pushMode: opt(words(['transfer', 'pick_list', 'approve'] as const, 'how a push is answered')),
    synced: opt(Flag),
    attestation: opt(words(['none', 'self', 'verified', 'failed'] as const, 'WebAuthn attestation class')),
    keyProtection: opt(words(['software', 'hardware', 'tee', 'secure_element'] as const, 'where the key lives')),
    fips140Level: opt(Type.Integer({ minimum: 0, maximum: 4 })),
    userVerification: opt(Flag),
    boundAtAal: opt(Type.Integer({ minimum: 0, maximum: 3, description: 'level of the session that enrolled it' })),
    digits: opt(Type.Integer({ minimum: 1, maximum: 64 })),
    bits: opt(Type.Integer({ minimum: 0, maximum: 4096 })),
    periodSeconds: opt(Seconds),
    lifetimeSeconds: opt(Seconds),
    minLength: opt(Type.Integer({ minimum: 0, maximum: 4096 })),
    breachedListChecked: opt(Flag),
    compositionRules: opt(Flag),
    rotationDays: opt(Type.Integer({ minimum: 0, maximum: 100_000 })),
    maxFailures: opt(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    singleUse: opt(Flag),
    duties: opt(
      Type.Object(
        {
          alternativeOffered: opt(Flag),
          noticeGiven: opt(Flag),
          riskAssessment: opt(Text),
          migrationPlan: opt(Text),
        },
        Closed,
      ),
    ),
    enrolledAt: opt(Day),
    lastUsed: opt(Day),
  },
  Closed,
)

const WayInFact = Type.Object(
  {
    fact: Type.Literal('wayIn'),
    id: Id,
    account: Id,
    purpose: words(PURPOSES, 'what it is for'),
    name: opt(Name),
    requires: FormulaField,
    yields: opt(Ids),
    enrols: opt(Type.Array(words(AUTHENTICATOR_KINDS, 'what an enrolment binds'))),
    session: opt(Session),
    controls: opt(Type.Array(words(CONTROLS, 'a control that holds for this way in'))),
    riskAnalysis: opt(Text),
    holdSeconds: opt(Seconds),
    lastUsed: opt(Day),
  },
  Closed,
)

const EntitlementFact = Type.Object(
  {
    fact: Type.Literal('entitlement'),
    id: opt(Id),
    holder: Id,
    on: Id,
    capabilities: Type.Array(words(CAPABILITIES, 'what the right amounts to')),
    right: opt(Name),
    resets: opt(Type.Array(words(AUTHENTICATOR_KINDS, 'what `reset_authenticators` may reset; all when absent'))),
    grantedAt: opt(Day),
    expiresAt: opt(Day),
    lastUsed: opt(Day),
    needed: opt(Type.Boolean({ description: 'whether the job needs it' })),
  },
  Closed,
)

const RuleFact = Type.Object(
  {
    fact: Type.Literal('rule'),
    id: Id,
    then: Id,
    when: FormulaField,
    reason: Text,
    confidence: opt(Type.Number({ minimum: 0, maximum: 1 })),
    effort: opt(Type.Integer({ minimum: 0, maximum: 1000 })),
  },
  Closed,
)

const SessionFact = Type.Object(
  {
    fact: Type.Literal('session'),
    id: Id,
    account: Id,
    on: opt(Id),
    aal: opt(Type.Integer({ minimum: 0, maximum: 3 })),
    binding: opt(words(['none', 'dpop', 'mtls', 'dbsc'] as const, 'what ties the session to a key')),
    exposed: opt(Type.Object({ where: opt(Text), at: opt(Day) }, Closed)),
    startedAt: opt(Day),
    overallSeconds: opt(Seconds),
    idleSeconds: opt(Seconds),
  },
  Closed,
)

const ExceptionFact = Type.Object(
  {
    fact: Type.Literal('exception'),
    id: Id,
    for: Type.Array(Id, { minItems: 1, description: 'accounts or groups' }),
    waysIn: opt(Ids),
    capabilities: opt(Type.Array(words(CAPABILITIES, 'capabilities the approver knew of'))),
    reason: Text,
    owner: Id,
    approver: Id,
    start: Day,
    end: Day,
    review: opt(Day),
    rationale: Text,
    comparability: Text,
    residualRisk: Text,
    migrationPlan: Text,
    safeguards: opt(
      Type.Object(
        {
          device_binding: opt(Flag),
          anomaly_detection: opt(Flag),
          rate_limiting: opt(Flag),
          monitored_recovery: opt(Flag),
          privilege_separation: opt(Flag),
        },
        Closed,
      ),
    ),
  },
  Closed,
)

/** One schema per kind of fact, by the word in its `fact` field. */
export const FACT_SCHEMAS = {
  system: SystemFact,
  account: AccountFact,
  group: GroupFact,
  role: RoleFact,
  resource: ResourceFact,
  secret: SecretFact,
  channel: ChannelFact,
  authenticator: AuthenticatorFact,
  wayIn: WayInFact,
  entitlement: EntitlementFact,
  rule: RuleFact,
  session: SessionFact,
  exception: ExceptionFact,
} as const

export type FactKind = keyof typeof FACT_SCHEMAS
export type FactOf<K extends FactKind> = Static<(typeof FACT_SCHEMAS)[K]>
export type Fact = { [K in FactKind]: FactOf<K> }[FactKind]

/** Where a fact was read: a file, and a line (NDJSON, YAML) or a JSON pointer. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly pointer?: string
}

export interface PlacedFact<F extends Fact = Fact> {
  readonly fact: F
  readonly place: Place
}

/** Something the reader must know about the input. An `error` stops the analysis; a `warning` is printed with the report. */
export interface Diagnostic {
  readonly code: string
  readonly level: 'error' | 'warning' | 'info'
  readonly message: string
  readonly place?: Place
  readonly remedy: string
}

/** Everything read from the given files, before identity is resolved. */
export interface Inventory {
  readonly name?: string
  /** RFC 3339 time at which the facts held; the analysis has no other clock. */
  readonly at?: string
  readonly sources: readonly { readonly file: string; readonly importer: string; readonly facts: number }[]
  readonly facts: readonly PlacedFact[]
  readonly diagnostics: readonly Diagnostic[]
}
