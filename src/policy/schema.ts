/**
 * The policy file as it is written. `docs/schema/policy.schema.json` is generated from {@link policySchema}, so that
 * editors complete and check the file; `parse.ts` holds files against the same schema.
 */
import { Type, type Static, type TSchema } from 'typebox'
import {
  ACCOUNT_KINDS,
  AUTHENTICATOR_KINDS,
  CAPABILITIES,
  CHANGE_KINDS,
  CHANNEL_KINDS,
  CONTROLS,
  IMPACTS,
  POPULATIONS,
  SAFEGUARDS,
  SENSITIVITIES,
  STRENGTHS,
  VERDICTS,
} from '#contract/vocabulary.ts'
import { RISK_LEVELS } from '#contract/decision.ts'

/** Standards that conformance is computed for, each apart (`assurance/conformance/`). */
export const PROFILES = ['nist-63b-4', 'asvs-5', 'pci-4.0.1', 'psd2', 'm-22-09'] as const

const Closed = { additionalProperties: false } as const
const words = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list], description })
const opt = <S extends TSchema>(schema: S) => Type.Optional(schema)

/** `standard §section`. */
export const SOURCE_PATTERN = '^[^§]{2,120} §[^§]{1,120}$'
const SourceText = Type.String({
  pattern: SOURCE_PATTERN,
  description: '`standard §section`; `Ambit §…` for a judgement',
})
const Source = Type.Union([SourceText, Type.Array(SourceText, { minItems: 1 })])
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_.-]{0,63}$', description: 'lower case, digits, `_`, `-`, `.`' })
const Text = Type.String({ minLength: 1, maxLength: 1000 })
const Cel = Type.String({ minLength: 1, maxLength: 2000, description: 'a CEL condition' })
const Seconds = Type.Integer({ minimum: 0, maximum: 10_000_000_000 })
const Flag = Type.Boolean()
const Limits = Type.Object({ overallSeconds: opt(Seconds), idleSeconds: opt(Seconds) }, Closed)

const strength = words(STRENGTHS, 'rising from none to hardware')
const impact = words(IMPACTS, 'what is lost')
const codes = words(['allowed', 'refused'] as const, 'whether a way in may rest on a code')
const controls = Type.Array(words(CONTROLS, 'a control'))

const HeldBelow = {
  heldBelow: opt(
    words(STRENGTHS, 'only where an account that holds it signs in more weakly than this, or nobody knows how'),
  ),
}

const Defeat = <const W extends readonly string[], const More extends Record<string, TSchema>>(kinds: W, more: More) =>
  Type.Array(
    Type.Object(
      {
        kinds: Type.Array(words(kinds, 'what is defeated'), { minItems: 1 }),
        when: opt(Cel),
        ...more,
        effort: Type.Integer({ minimum: 1, maximum: 100, description: '1 is a script, 100 a laboratory' }),
        basis: words(['measurement', 'judgement'] as const, 'whether a study measured the effort'),
        source: Source,
      },
      Closed,
    ),
  )

const Attacker = Type.Object(
  {
    name: Name,
    title: Text,
    tier: Type.Integer({ minimum: 1, maximum: 9, description: 'rising with skill and nearness' }),
    populations: Type.Array(words(POPULATIONS, 'whom the attacker is expected to attack'), { minItems: 1 }),
    source: Source,
    starts: opt(
      Type.Array(Type.String({ maxLength: 512 }), { description: 'ids of what the attacker holds at the start' }),
    ),
    authenticators: opt(Defeat(AUTHENTICATOR_KINDS, {})),
    channels: opt(Defeat(CHANNEL_KINDS, HeldBelow)),
    sessions: opt(Defeat(['none', 'dpop', 'mtls', 'dbsc', 'unstated'] as const, {})),
    secrets: opt(Defeat(['leaked', 'unsanctioned', 'stored'] as const, {})),
  },
  Closed,
)

/** Has no field that lowers anything: each can only ask for more. */
const Rule = Type.Object(
  {
    code: Name,
    when: Cel,
    reportOnly: opt(Type.Literal(true, { description: 'decides nothing yet; what it would change is told' })),
    requires: Type.Object(
      {
        strength: opt(strength),
        codes: opt(Type.Literal('refused')),
        phishingResistant: opt(Type.Literal(true)),
        hardwareBacked: opt(Type.Literal(true)),
        session: opt(Limits),
        codeSession: opt(Limits),
        controls: opt(controls),
      },
      { ...Closed, minProperties: 1 },
    ),
    reason: Text,
    source: Source,
  },
  Closed,
)

/** One authenticator of a case's way in; the fields that decide what it is worth (fact `authenticator`). */
const CaseAuthenticator = Type.Object(
  {
    kind: words(AUTHENTICATOR_KINDS, 'what proves'),
    id: opt(Type.String({ maxLength: 512 })),
    on: opt(Type.Array(Type.String({ maxLength: 512 }))),
    pushMode: opt(words(['transfer', 'pick_list', 'approve'] as const, 'how a push is answered')),
    synced: opt(Flag),
    attestation: opt(words(['none', 'self', 'verified', 'failed'] as const, 'attestation class')),
    keyProtection: opt(words(['software', 'hardware', 'tee', 'secure_element'] as const, 'where the key lives')),
    fips140Level: opt(Type.Integer({ minimum: 0, maximum: 4 })),
    userVerification: opt(Flag),
    boundAtAal: opt(Type.Integer({ minimum: 0, maximum: 3 })),
    singleUse: opt(Flag),
  },
  Closed,
)

/** One case: a way in, what lies behind it, and what the policy is to say. */
export const Case = Type.Object(
  {
    name: Text,
    impact: opt(impact),
    rights: opt(
      Type.Array(
        Type.Object(
          {
            capability: words(CAPABILITIES, 'what the right amounts to'),
            sensitivity: opt(words(SENSITIVITIES, 'of what it is a right on')),
            on: opt(
              words(['resource', 'account', 'group', 'role', 'channel', 'secret'] as const, 'what it is a right on'),
            ),
          },
          Closed,
        ),
      ),
    ),
    account: opt(
      Type.Object(
        {
          kind: opt(words(ACCOUNT_KINDS, 'who acts through it')),
          population: opt(words(POPULATIONS, 'whose account it is')),
          id: opt(Text),
          job: opt(Text),
          thirdParty: opt(Flag),
          memberOf: opt(Type.Array(Text)),
        },
        Closed,
      ),
    ),
    system: opt(
      Type.Object(
        {
          id: opt(Text),
          name: opt(Text),
          kind: opt(Text),
          federal: opt(Flag),
          cardholderData: opt(Flag),
          paymentService: opt(Flag),
        },
        Closed,
      ),
    ),
    reach: opt(Type.Object({ nodes: Type.Integer({ minimum: 0 }), accounts: Type.Integer({ minimum: 0 }) }, Closed)),
    wayIn: Type.Object(
      {
        authenticators: Type.Array(CaseAuthenticator),
        session: opt(Limits),
        controls: opt(controls),
        dutiesMet: opt(Flag),
      },
      Closed,
    ),
    expect: Type.Object(
      {
        verdict: opt(words(VERDICTS, 'of the way in')),
        impact: opt(impact),
        requiredStrength: opt(strength),
        strength: opt(Type.Union([strength, Type.Null()])),
        reasons: opt(Type.Array(Type.String(), { description: 'codes that must be among the reasons' })),
      },
      { ...Closed, minProperties: 1 },
    ),
  },
  Closed,
)
export type Case = Static<typeof Case>
export const CasesFile = Type.Object({ cases: Type.Array(Case) }, Closed)

/**
 * Returns the schema of a policy file. `partial` is that of a file with `extends`, in which whatever is left out is
 * taken from the policy that it extends; a number that is stated needs its source either way.
 */
export function policySchema(partial: boolean) {
  const may = <S extends TSchema>(schema: S): S => (partial ? opt(schema) : schema) as S
  const each = <const W extends readonly string[], S extends TSchema>(list: W, schema: S) =>
    Object.fromEntries(list.map((word) => [word, may(schema)])) as Record<W[number], S>
  const Requirement = Type.Object(
    {
      why: may(Text),
      strength: may(strength),
      codes: may(codes),
      phishingResistant: may(Flag),
      hardwareBacked: may(Flag),
      session: may(Limits),
      codeSession: opt(Limits),
      controls: may(controls),
      source: Source,
    },
    Closed,
  )
  const KindWorth = Type.Object(
    {
      factor: may(words(['know', 'have', 'are', 'both', 'none'] as const, 'which factor it is')),
      alone: may(strength),
      combined: may(strength),
      code: may(Flag),
      restricted: may(Flag),
      phishingResistant: may(Flag),
      replayResistant: may(Flag),
      source: Source,
    },
    Closed,
  )
  const LiveAccess = Type.Object(
    {
      maxAgeSeconds: opt(Seconds),
      permitSeconds: may(Seconds),
      senderConstrained: may(Flag),
      device: may(words(['any', 'managed', 'compliant'] as const, 'what has to be shown of the device')),
      source: Source,
    },
    Closed,
  )
  const LiveRisk = Type.Object(
    {
      strength: may(strength),
      maxAgeSeconds: opt(Seconds),
      permitSeconds: opt(Seconds),
      afterSignal: may(Flag),
      blocks: may(Flag),
      source: Source,
    },
    Closed,
  )
  const Days = Type.Object({ days: Type.Integer({ minimum: 1, maximum: 36_500 }), source: Source }, Closed)
  const Row = Type.Object(each(SENSITIVITIES, impact), Closed)
  const amount = (description: string) => opt(Type.Number({ minimum: 0, maximum: 1_000_000, description }))
  const ChangeCost = Type.Object(
    {
      setup: amount('hours, once, however many accounts it covers'),
      perAccount: amount('hours for each account that it covers'),
      promptsPerWeek: amount('prompts more than today, for each account'),
      recoveriesPerYear: amount('recoveries more than today, for each account'),
      spendPerAccount: amount('what is bought or licensed, in the currency of `spendPerHour`'),
      source: Source,
    },
    Closed,
  )
  const Rates = Type.Object(
    {
      promptSeconds: may(Type.Number({ minimum: 0, maximum: 3600, description: 'seconds that one prompt takes' })),
      hoursPerRecovery: may(Type.Number({ minimum: 0, maximum: 1000, description: 'of the holder and of the desk' })),
      spendPerHour: may(Type.Number({ minimum: 0.01, maximum: 100_000, description: 'what an hour is worth' })),
      source: Source,
    },
    Closed,
  )
  const orUnknown = words([...SENSITIVITIES, 'unknown'] as const, 'taken where none is stated')
  return Type.Object(
    {
      policy: Type.Literal(1, { description: 'version of the format' }),
      extends: opt(Type.Literal('default', { description: 'what this file leaves out is taken from there' })),
      name: Name,
      version: Type.String({ minLength: 1, maxLength: 64 }),
      impact: may(Type.Object({ source: Source, ...each(CAPABILITIES, Row) }, Closed)),
      unstated: may(
        Type.Object(
          {
            source: Source,
            ...each(['resource', 'account', 'group', 'role', 'channel', 'secret'] as const, orUnknown),
          },
          Closed,
        ),
      ),
      requirements: may(Type.Object(each(IMPACTS, Requirement), Closed)),
      authenticators: may(Type.Object(each(AUTHENTICATOR_KINDS, KindWorth), Closed)),
      attackers: may(
        Type.Array(Attacker, { minItems: 1, maxItems: 32, description: 'all are followed in one pass of 32 lanes' }),
      ),
      rules: may(Type.Array(Rule)),
      exceptions: may(
        Type.Object(
          {
            safeguards: may(Type.Array(words(SAFEGUARDS, 'a safeguard'))),
            maxDays: may(Type.Integer({ minimum: 1, maximum: 3650 })),
            source: Source,
          },
          Closed,
        ),
      ),
      nonHuman: may(
        Type.Object({ maxSecretAgeDays: may(Days), maxCertificateAgeDays: may(Days), unusedDays: may(Days) }, Closed),
      ),
      costs: opt(
        Type.Object({ rates: may(Rates), changes: may(Type.Object(each(CHANGE_KINDS, ChangeCost), Closed)) }, Closed),
      ),
      profiles: may(Type.Array(words(PROFILES, 'a standard'), { uniqueItems: true })),
      live: may(
        Type.Object(
          {
            access: may(Type.Object(each(IMPACTS, LiveAccess), Closed)),
            risk: may(Type.Object(each(RISK_LEVELS, LiveRisk), Closed)),
            nonHuman: may(Type.Object({ senderConstrained: impact, source: Source }, Closed)),
            stepUps: may(Type.Object({ most: Type.Integer({ minimum: 1, maximum: 10 }), source: Source }, Closed)),
            clock: may(
              Type.Object({ skewSeconds: Type.Integer({ minimum: 0, maximum: 300 }), source: Source }, Closed),
            ),
          },
          { ...Closed, description: 'what is asked at the moment of an access' },
        ),
      ),
      cases: opt(Type.Array(Case)),
    },
    Closed,
  )
}
export type PolicyFile = Static<ReturnType<typeof policySchema>>
