/** What whoever runs the decision point says of his own systems: not policy, but the names that they use. */
import { Type, type Static } from 'typebox'
import { ACCOUNT_KINDS, CAPABILITIES, STRENGTHS } from '#contract/vocabulary.ts'

const Closed = { additionalProperties: false } as const
const words = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list], description })
const opt = Type.Optional
const Name = Type.String({ minLength: 1, maxLength: 512 })
const listOf = (description: string) => Type.Array(Name, { description })

/** Whether a subject has to be entitled, to prove enough, or both. */
export const MODES = ['entitled_and_assured', 'assurance_only', 'entitled_only'] as const
export type Mode = (typeof MODES)[number]

const Shown = {
  strength: words(STRENGTHS, 'the least that it vouches for'),
  code: opt(
    Type.Boolean({
      description: 'whether it rests on what can be relayed; true below phishing_resistant unless stated',
    }),
  ),
  vouches: opt(
    words(['hardware'] as const, 'that the key lies in hardware, so that the session itself need not say so'),
  ),
}

/** One issuer speaks `acr` or `amr`, never both, so that leaving one out of a token cannot make the other count. */
const Issuer = Type.Union(
  [
    Type.Object(
      { acr: Type.Record(Name, Type.Object(Shown, Closed), { description: 'what each value of `acr` stands for' }) },
      Closed,
    ),
    Type.Object(
      {
        amr: Type.Array(
          Type.Object(
            { all: Type.Array(Name, { minItems: 1, description: 'all of these methods' }), ...Shown },
            Closed,
          ),
          { description: 'what methods stand for together; the strongest that is met counts' },
        ),
      },
      Closed,
    ),
  ],
  { description: 'how to read what its sessions show' },
)

const SubjectType = Type.Object(
  {
    kinds: opt(Type.Array(words(ACCOUNT_KINDS, 'a kind of account'), { description: 'all kinds when absent' })),
    prefix: opt(Type.String({ maxLength: 256, description: 'what stands before it in the ids of the inventory' })),
  },
  Closed,
)

export const DECISION_SETTINGS = Type.Object(
  {
    mode: opt(words(MODES, 'what a permit takes')),
    gated: opt(listOf('systems and resources of which every access is asked here; they leave the floor')),
    actions: opt(
      Type.Record(Name, words(CAPABILITIES, 'what the action amounts to'), {
        description: 'capability by action name',
      }),
    ),
    subjects: opt(Type.Record(Name, SubjectType, { description: 'accounts by type of subject in a request' })),
    issuers: opt(Type.Record(Name, Issuer, { description: 'by `iss`' })),
  },
  { ...Closed, description: 'how requests name things, and what is asked on every access' },
)
export type DecisionSettingsFile = Static<typeof DECISION_SETTINGS>
export type IssuerTable = Static<typeof Issuer>
export type ShownBy = {
  readonly strength: (typeof STRENGTHS)[number]
  readonly code?: boolean
  readonly vouches?: 'hardware'
}
export type SubjectType = Static<typeof SubjectType>

/** Settings with every default filled in. */
export interface DecisionSettings {
  readonly mode: Mode
  readonly gated: readonly string[]
  readonly actions: Readonly<Record<string, (typeof CAPABILITIES)[number]>>
  readonly subjects: Readonly<Record<string, SubjectType>>
  readonly issuers: Readonly<Record<string, IssuerTable>>
}

/** `token`, which is there always, is whoever the token in the session is of. */
const SUBJECTS: DecisionSettings['subjects'] = {
  account: {},
  identity: {},
  user: { kinds: ['human'] },
  service: { kinds: ['service'] },
  workload: { kinds: ['workload'] },
}

/** Fills in what is left out: both halves are asked, nothing is gated, and no issuer is believed but those that are known anyway. */
export function settingsFrom(
  file: DecisionSettingsFile = {},
  known: DecisionSettings['issuers'] = {},
): DecisionSettings {
  return {
    mode: file.mode ?? 'entitled_and_assured',
    gated: file.gated ?? [],
    actions: file.actions ?? {},
    subjects: { token: {}, ...(file.subjects ?? SUBJECTS) },
    issuers: { ...known, ...file.issuers },
  }
}

/**
 * How the names of {@link ACR_OF_STRENGTH} are read, for an issuer that says them as Ambit does: `phrh` only where the
 * session also says that its key lies in hardware.
 */
export const AMBIT_ISSUER: IssuerTable = {
  acr: {
    'urn:ambit:loa:1': { strength: 'single_factor' },
    'urn:ambit:loa:2': { strength: 'two_factor' },
    'urn:ambit:loa:2:phr': { strength: 'phishing_resistant' },
    'urn:ambit:loa:3': { strength: 'hardware' },
    phr: { strength: 'phishing_resistant' },
    phrh: { strength: 'hardware' },
  },
}
