/**
 * Breach patterns as they are written: chains of what falls, each stage led to by the one before. `docs/breaches.md`
 * explains them; `breach-patterns.yaml` holds those of the incidents that Ambit knows.
 */
import { Type, type Static, type TSchema } from 'typebox'
import { CAPABILITIES, CONTROLS, IMPACTS, PURPOSES } from '#contract/vocabulary.ts'
import { RULE_KINDS, type RuleKindName } from '#model/kinds.ts'

const Closed = { additionalProperties: false } as const
const words = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Array(Type.Unsafe<W[number]>({ type: 'string', enum: [...list], description }), { minItems: 1, description })
const opt = <S extends TSchema>(schema: S) => Type.Optional(schema)
const Text = Type.String({ minLength: 1, maxLength: 1000 })
const Cel = Type.String({ minLength: 1, maxLength: 2000, description: 'a CEL condition' })
const impact = Type.Unsafe<(typeof IMPACTS)[number]>({ type: 'string', enum: [...IMPACTS], description: 'at least' })

export const NODE_SORTS = [
  'account',
  'group',
  'role',
  'resource',
  'secret',
  'channel',
  'authenticator',
  'session',
  'right',
] as const

/** Conditions on a thing by itself; all must hold. */
const Thing = {
  is: opt(words(NODE_SORTS, 'what it is')),
  kind: opt(Type.Array(Type.String(), { minItems: 1, description: 'its own kind: mailbox, totp, human …' })),
  where: opt(Cel),
}

const Stage = Type.Object(
  {
    says: Text,
    ...Thing,
    right: opt(words(CAPABILITIES, 'it is a right to one of these')),
    on: opt(Type.Object(Thing, { ...Closed, description: 'what the right is on' })),
    impact: opt(impact),
    by: opt(words(Object.keys(RULE_KINDS) as RuleKindName[], 'the rule that gives it is of one of these kinds')),
    purpose: opt(words(PURPOSES, 'the way in that gives it is for one of these')),
    without: opt(words(CONTROLS, 'the way in that gives it has none of these')),
  },
  Closed,
)

const Pattern = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9_]{0,63}$' }),
    title: Text,
    incidents: Type.Array(Text, { minItems: 1, description: 'what happened, and when' }),
    factor: Type.Unsafe<'beaten' | 'not_asked' | 'absent'>({
      type: 'string',
      enum: ['beaten', 'not_asked', 'absent'],
      description: 'whether a factor was beaten, none was asked on the way, or none was there',
    }),
    attackers: opt(Type.Array(Type.String(), { description: 'attackers of the policy who act together' })),
    suppose: opt(
      Type.Object(Thing, { ...Closed, description: 'one such thing is in other hands, whoever the attackers are' }),
    ),
    chain: Type.Array(Stage, { minItems: 1, maxItems: 16 }),
    lesson: Text,
    controls: Type.Array(Text, { minItems: 1, description: 'what would have cut the chain' }),
  },
  Closed,
)

export const PatternFile = Type.Object(
  { patterns: Type.Literal(1, { description: 'version of the format' }), chains: Type.Array(Pattern, { minItems: 1 }) },
  Closed,
)

export type ThingText = Static<typeof Stage>['on'] & {}
export type StageText = Static<typeof Stage>
export type PatternText = Static<typeof Pattern>
