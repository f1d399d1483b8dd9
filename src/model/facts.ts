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
/** RFC 3339 date or date-time. */
export const DATE_PATTERN = '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2}))?$'

// one helper per shape; each takes the sentence that docs/inventory.md and the published schema print for the field
const id = (description: string) => Type.String({ pattern: ID_PATTERN, description })
const ids = (description: string) => Type.Array(Type.String({ pattern: ID_PATTERN }), { description })
const name = (description: string) => Type.String({ maxLength: 512, description })
const names = (description: string) => Type.Array(Type.String({ maxLength: 512 }), { description })
const text = (description: string) => Type.String({ maxLength: 4000, description })
const whole = (minimum: number, maximum: number, description: string) => Type.Integer({ minimum, maximum, description })
const seconds = (description: string) => whole(0, 10_000_000_000, description)
const day = (description: string) => Type.String({ pattern: DATE_PATTERN, description })
const flag = (description: string) => Type.Boolean({ description })

export const Id = id('names this one thing in the whole inventory; `source:native`')
const Name = name('what people call it')
const System = id('the system it belongs to')
const Sensitivity = words(
  SENSITIVITIES,
  'what its loss is worth by itself; unstated is not `none`, but as the policy says',
)
const Binding = words(
  ['none', 'dpop', 'mtls', 'dbsc'] as const,
  'what ties the session to a key; with `none` it can be copied',
)
const OverallSeconds = seconds('longest life of a session, however busy')
const IdleSeconds = seconds('life of a session that nobody uses')

/** All of, any of, or k of several conditions; a string is the id of an authenticator, channel, account, group, secret or session. */
export type Formula = string | { all: Formula[] } | { any: Formula[] } | { atLeast: number; of: Formula[] }
const FormulaId = id('an authenticator, channel, account, group, role, secret or session that must be had')
const Parts = Type.Array(Type.Ref('Formula'))
const FormulaSchema = Type.Cyclic(
  {
    Formula: Type.Union([
      FormulaId,
      Type.Object({ all: Parts }, { ...Closed, description: 'all of these' }),
      Type.Object({ any: Parts }, { ...Closed, description: 'any one of these' }),
      Type.Object({ atLeast: whole(1, 64, 'how many'), of: Parts }, { ...Closed, description: 'so many of these' }),
    ]),
  },
  'Formula',
)
const FormulaField = Type.Unsafe<Formula>(FormulaSchema)

const Session = Type.Object(
  { overallSeconds: opt(OverallSeconds), idleSeconds: opt(IdleSeconds), binding: opt(Binding) },
  { ...Closed, description: 'limits of the sessions that it opens' },
)

const AccountFact = Type.Object(
  {
    fact: Type.Literal('account'),
    id: Id,
    kind: words(ACCOUNT_KINDS, 'who acts through it'),
    name: opt(Name),
    population: opt(words(POPULATIONS, 'whose account it is; for people')),
    subject: opt(name('the person, workload or service that owns it; equal texts are one subject')),
    system: opt(System),
    enabled: opt(flag('`false` for an account that nobody can enter; absent counts as enabled')),
    memberOf: opt(ids('the groups and roles it is in directly; it has what they have')),
    job: opt(name('what the holder does, for reviews and for rules of the policy')),
    manager: opt(name('who the holder reports to: a subject or an account')),
    owner: opt(name('who answers for a non-human account: a subject or an account')),
    ownerActive: opt(flag('whether that owner is still there')),
    environments: opt(names('where a non-human account is used (production, staging)')),
    consumers: opt(names('the programs that use a non-human account')),
    interactive: opt(flag('a non-human account that people sign in with')),
    thirdParty: opt(flag('the account of an outside company or product')),
    emergency: opt(flag('kept for the day on which nothing else works; that nobody uses it is how it should be')),
    proofed: opt(words(['none', 'ial1', 'ial2', 'ial3'] as const, 'identity proofing of the holder (SP 800-63A)')),
    notificationAddresses: opt(whole(0, 100, 'validated addresses that learn of recoveries and new authenticators')),
    controls: opt(Type.Array(words(CONTROLS, 'a control'), { description: 'controls that hold for every way in' })),
    createdAt: opt(day('when it was made')),
    lastUsed: opt(day('when it was last entered')),
  },
  Closed,
)

const GroupFact = Type.Object(
  {
    fact: Type.Literal('group'),
    id: Id,
    name: opt(Name),
    system: opt(System),
    memberOf: opt(ids('groups and roles that this group is in; they may nest and contain each other')),
  },
  Closed,
)
const RoleFact = Type.Object(
  {
    fact: Type.Literal('role'),
    id: Id,
    name: opt(Name),
    system: opt(System),
    memberOf: opt(ids('groups and roles that whoever has this role has too')),
  },
  Closed,
)

const SystemFact = Type.Object(
  {
    fact: Type.Literal('system'),
    id: Id,
    name: opt(Name),
    kind: opt(name('what sort of system, in your own words')),
    offers: opt(
      Type.Array(words(AUTHENTICATOR_KINDS, 'a kind of authenticator'), {
        description: 'authenticator kinds that a person may enrol here',
      }),
    ),
    federal: opt(flag('a system of a US federal agency: OMB M-22-09 applies')),
    cardholderData: opt(flag('it stores or handles cardholder data: PCI DSS applies')),
    paymentService: opt(flag('people make payments with it in the EU: PSD2 applies')),
    session: opt(Session),
  },
  Closed,
)

const ResourceFact = Type.Object(
  {
    fact: Type.Literal('resource'),
    id: Id,
    name: opt(Name),
    kind: opt(name('what sort of thing, in your own words')),
    system: opt(System),
    sensitivity: opt(Sensitivity),
    in: opt(id('the resource that it lies in; a right on that one is a right on this one')),
    runsAs: opt(ids('accounts that code placed here acts as')),
    uses: opt(ids('secrets given to code that runs here')),
    deploysTo: opt(ids('resources that what is built here is rolled out to')),
    governs: opt(ids('accounts and groups whose factors the policy of this resource decides')),
    secretStore: opt(flag('a place where secrets are meant to lie')),
    environment: opt(name('production, staging, and the like')),
  },
  Closed,
)

const SecretFact = Type.Object(
  {
    fact: Type.Literal('secret'),
    id: Id,
    kind: words(SECRET_KINDS, 'what sort of secret'),
    name: opt(Name),
    opens: opt(ids('accounts that it alone opens')),
    proves: opt(ids('authenticators that it is a copy of: a seed, a recovery code, the password itself')),
    storedIn: opt(ids('where it lies; whoever reads the place has the secret')),
    leaked: opt(
      Type.Object(
        { where: opt(text('where it was found')), at: opt(day('when')), by: opt(name('who or what found it')) },
        { ...Closed, description: 'that it got out; the attackers of the policy have it' },
      ),
    ),
    ephemeral: opt(flag('made for one use, and worthless soon after')),
    conditions: opt(
      words(
        ['strict', 'wildcard', 'none'] as const,
        'for a federated trust: how exactly it says whose tokens it takes',
      ),
    ),
    issuedAt: opt(day('when it was issued')),
    rotatedAt: opt(day('when it was last replaced')),
    expiresAt: opt(day('when it ends by itself')),
    lastUsed: opt(day('when it was last used')),
  },
  Closed,
)

const ChannelFact = Type.Object(
  {
    fact: Type.Literal('channel'),
    id: Id,
    kind: words(CHANNEL_KINDS, 'what a code travels through or a key lives in'),
    name: opt(Name),
    system: opt(System),
    heldBy: opt(ids('accounts that read it: the mail account of a mailbox, the sync account of a phone')),
    carriedBy: opt(ids('what it depends on and can be redirected by: a domain, a provider, a device')),
    person: opt(name('the subject who physically holds it')),
    shared: opt(flag('several people hold it: a desk telephone, a counter token')),
    sensitivity: opt(Sensitivity),
    secretStore: opt(flag('a place where secrets are meant to lie; a vault is one unless this is `false`')),
    managed: opt(flag('a device or mailbox that the organisation administers')),
    syncs: opt(flag('what lies here is copied to other devices')),
  },
  Closed,
)

const AuthenticatorFact = Type.Object(
  {
    fact: Type.Literal('authenticator'),
    id: Id,
    kind: words(AUTHENTICATOR_KINDS, 'what proves'),
    name: opt(Name),
    of: opt(ids('the accounts it is enrolled for; whoever may reset them may reset it')),
    on: opt(ids('the channels it lives on or travels through; whoever holds one has it')),
    pushMode: opt(
      words(
        ['transfer', 'pick_list', 'approve'] as const,
        'how a push is answered: a number typed over, picked, or a mere yes',
      ),
    ),
    synced: opt(flag('a key that is copied to other devices')),
    attestation: opt(
      words(['none', 'self', 'verified', 'failed'] as const, 'what the maker vouched for at enrolment (WebAuthn)'),
    ),
    keyProtection: opt(words(['software', 'hardware', 'tee', 'secure_element'] as const, 'where the key lives')),
    fips140Level: opt(whole(0, 4, 'FIPS 140 validation of the module; 0 for none')),
    userVerification: opt(flag('it asks for a PIN or biometric each time')),
    boundAtAal: opt(whole(0, 3, 'assurance level of the session that enrolled it')),
    digits: opt(whole(1, 64, 'length of a code')),
    bits: opt(whole(0, 4096, 'entropy of a code or secret')),
    periodSeconds: opt(seconds('time step of a TOTP')),
    lifetimeSeconds: opt(seconds('how long a code or link is valid')),
    minLength: opt(whole(0, 4096, 'shortest password accepted')),
    breachedListChecked: opt(flag('passwords known from breaches are refused')),
    compositionRules: opt(flag('digits, capitals and the like are demanded')),
    rotationDays: opt(whole(0, 100_000, 'days after which a change is forced; 0 for never')),
    maxFailures: opt(whole(0, 1_000_000, 'wrong tries until it locks; 0 for no limit')),
    singleUse: opt(flag('a code is refused when it comes a second time')),
    duties: opt(
      Type.Object(
        {
          alternativeOffered: opt(flag('an unrestricted authenticator is offered')),
          noticeGiven: opt(flag('the holder has been told of the risk')),
          riskAssessment: opt(text('where the assessment of the risk is')),
          migrationPlan: opt(text('how and when it will go')),
        },
        { ...Closed, description: 'for a restricted kind (SMS and voice codes): what SP 800-63B-4 §3.2.9 asks for' },
      ),
    ),
    enrolledAt: opt(day('when it was enrolled')),
    lastUsed: opt(day('when it was last used')),
  },
  Closed,
)

const WayInFact = Type.Object(
  {
    fact: Type.Literal('wayIn'),
    id: Id,
    account: id('the account that it leads into'),
    purpose: words(PURPOSES, 'what it is for'),
    name: opt(Name),
    requires: FormulaField,
    yields: opt(ids('for recovery that does not sign in: the authenticators it sets anew, instead of the account')),
    enrols: opt(
      Type.Array(words(AUTHENTICATOR_KINDS, 'a kind of authenticator'), {
        description: 'the kinds that an enrolment binds',
      }),
    ),
    session: opt(Session),
    controls: opt(Type.Array(words(CONTROLS, 'a control'), { description: 'controls that hold for this way in' })),
    riskAnalysis: opt(text('where the risk analysis of a recovery is (SP 800-63B-4 §4.2)')),
    holdSeconds: opt(seconds('how long it waits, after notice to the holder, before it lets in')),
    lastUsed: opt(day('when it was last used')),
  },
  Closed,
)

const EntitlementFact = Type.Object(
  {
    fact: Type.Literal('entitlement'),
    id: opt(Id),
    holder: id('who has the right'),
    on: id('what it is a right on'),
    capabilities: Type.Array(words(CAPABILITIES, 'a capability'), { description: 'what the right amounts to' }),
    right: opt(name('the right as its source calls it')),
    resets: opt(
      Type.Array(words(AUTHENTICATOR_KINDS, 'a kind of authenticator'), {
        description: 'what `reset_authenticators` may reset; all kinds when absent',
      }),
    ),
    grantedAt: opt(day('when it was granted')),
    grantedBy: opt(name('who granted it: a subject or an account')),
    expiresAt: opt(day('when it ends by itself; one that ended before `at` counts no more')),
    lastUsed: opt(day('when it was last used')),
    usageSince: opt(day('the day from which on its use is recorded; without `lastUsed`, it was not used since')),
    needed: opt(flag('whether the job needs it')),
  },
  Closed,
)

const RuleFact = Type.Object(
  {
    fact: Type.Literal('rule'),
    id: Id,
    then: id('what is gained'),
    when: FormulaField,
    reason: text('why; printed in every proof that uses it'),
    confidence: opt(Type.Number({ minimum: 0, maximum: 1, description: 'how sure you are; for the reader' })),
    effort: opt(whole(0, 1000, 'work it takes; among equal attackers the least effort counts as the weakest way')),
  },
  Closed,
)

const SessionFact = Type.Object(
  {
    fact: Type.Literal('session'),
    id: Id,
    account: id('the account that it is a session of'),
    on: opt(id('the device it lives on')),
    aal: opt(whole(0, 3, 'assurance level at which it was opened')),
    binding: opt(Binding),
    exposed: opt(
      Type.Object(
        { where: opt(text('where it was found')), at: opt(day('when')) },
        { ...Closed, description: 'that its token got out; the attackers of the policy have it' },
      ),
    ),
    startedAt: opt(day('when it was opened')),
    overallSeconds: opt(OverallSeconds),
    idleSeconds: opt(IdleSeconds),
  },
  Closed,
)

const ExceptionFact = Type.Object(
  {
    fact: Type.Literal('exception'),
    id: Id,
    for: Type.Array(Type.String({ pattern: ID_PATTERN }), { minItems: 1, description: 'whom it excuses' }),
    waysIn: opt(ids('the ways in that it excuses; all of theirs when absent')),
    capabilities: opt(
      Type.Array(words(CAPABILITIES, 'a capability'), { description: 'what the approver knew to be in reach' }),
    ),
    reason: text('why nothing stronger is possible yet'),
    owner: id('who answers for it'),
    approver: id('who approved it; not someone whom it excuses'),
    start: day('first day'),
    end: day('last day; the policy limits how far off it may be'),
    review: opt(day('when it is looked at again')),
    rationale: text('why this risk is acceptable'),
    comparability: text('how the safeguards come near the strength that is missing'),
    residualRisk: text('what remains'),
    migrationPlan: text('how it will end'),
    safeguards: opt(
      Type.Object(
        {
          device_binding: opt(flag('it works from known devices only')),
          anomaly_detection: opt(flag('unusual use is noticed')),
          rate_limiting: opt(flag('guesses are limited')),
          monitored_recovery: opt(flag('recoveries are watched')),
          privilege_separation: opt(flag('nothing privileged lies behind it')),
        },
        {
          ...Closed,
          description: 'the five safeguards, each as it holds now; an exception stands only while all hold',
        },
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
