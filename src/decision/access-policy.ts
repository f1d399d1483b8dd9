/**
 * Access policies: rules that permit or forbid by what the request and the snapshot say, for what no entitlement of an
 * inventory can say (the owner of this very order). They say who may; how well he has to prove it, the policy says.
 */
import { Type, type Static } from 'typebox'
import { compileAccess, type AccessFacts, type Outcome } from '#policy/cel.ts'
import { fail, lineAt, pointerOf, readYaml, type PolicyProblem } from '#policy/parse.ts'
import { problemsOf, type Path } from '#policy/shape.ts'

const Closed = { additionalProperties: false } as const
const Word = Type.String({ minLength: 1, maxLength: 512 })
const Words = (description: string) => Type.Optional(Type.Array(Word, { minItems: 1, description }))
const Id = Type.String({
  pattern: '^[a-z0-9][a-z0-9_.-]{0,63}$',
  description: 'lower case, digits, `_`, `-`, `.`; named in the reasons of a decision',
})

export const ACCESS_POLICY = Type.Object(
  {
    access: Type.Literal(1, { description: 'version of the format' }),
    name: Id,
    rules: Type.Array(
      Type.Object(
        {
          id: Id,
          effect: Type.Unsafe<'permit' | 'forbid'>({
            type: 'string',
            enum: ['permit', 'forbid'],
            description: 'one rule that forbids outweighs all that permit',
          }),
          actions: Words('names of actions; any when absent'),
          resources: Words('types of resources; any when absent'),
          subjects: Words('types of subjects; any when absent'),
          when: Type.Optional(
            Type.String({ minLength: 1, maxLength: 2000, description: 'a CEL condition; always when absent' }),
          ),
          reportOnly: Type.Optional(
            Type.Literal(true, { description: 'decides nothing yet; what it would change is told' }),
          ),
          reason: Type.Optional(
            Type.String({ minLength: 1, maxLength: 1000, description: 'told to whoever is refused' }),
          ),
        },
        Closed,
      ),
      { minItems: 1 },
    ),
  },
  { ...Closed, title: 'Access policy' },
)
type AccessPolicyFile = Static<typeof ACCESS_POLICY>

export interface AccessRule {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  /** null for any; as are the next two */
  readonly actions: ReadonlySet<string> | null
  readonly resources: ReadonlySet<string> | null
  readonly subjects: ReadonlySet<string> | null
  readonly evaluate: (facts: AccessFacts) => Outcome
  readonly reason: string | null
}
export interface AccessPolicy {
  readonly name: string
  /** what was read, for the hash of what a decision rests on */
  readonly text: string
  readonly rules: readonly AccessRule[]
  /** rules that are tried and decide nothing */
  readonly tried: readonly AccessRule[]
}

/**
 * Returns the access policy that a YAML text states.
 * @throws {AmbitError} `policy_invalid`, with every problem and its place
 */
export function parseAccessPolicy(text: string, file: string): AccessPolicy {
  const { document, lines, value } = readYaml(text, file)
  const problems: PolicyProblem[] = []
  const report = (path: Path, message: string, remedy: string, onKey = false) => {
    const line = lineAt(document, lines, path, onKey)
    problems.push({ ...(line === undefined ? {} : { line }), pointer: pointerOf(path), message, remedy })
  }
  for (const { path, message, remedy, onKey } of problemsOf(ACCESS_POLICY, value)) report(path, message, remedy, onKey)
  if (problems.length > 0) fail(file, problems)
  const { name, rules } = value as AccessPolicyFile // the schema was just held against it
  const seen = new Set<string>()
  const read = rules.flatMap((rule, index): AccessRule[] => {
    if (seen.has(rule.id)) report(['rules', index, 'id'], `\`${rule.id}\` is already taken`, 'give it an id of its own')
    seen.add(rule.id)
    const compiled = rule.when === undefined ? null : compileAccess(rule.when)
    if (compiled !== null && 'error' in compiled) {
      report(['rules', index, 'when'], compiled.error, 'docs/decide.md lists what a condition may say')
      return []
    }
    const { id, effect, actions, resources, subjects, reason } = rule
    const evaluate = compiled === null ? () => ({ holds: true }) : compiled.condition.evaluate
    const [named, types, who] = [actions, resources, subjects].map((list) =>
      list === undefined ? null : new Set(list),
    )
    return [{ id, effect, actions: named!, resources: types!, subjects: who!, evaluate, reason: reason ?? null }]
  })
  if (problems.length > 0) fail(file, problems)
  const isTried = ({ id }: AccessRule) => rules.some((rule) => rule.id === id && rule.reportOnly === true)
  return { name, text, rules: read.filter((rule) => !isTried(rule)), tried: read.filter(isTried) }
}
