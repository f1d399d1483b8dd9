/** Checks one fact against the schema of its kind; the same check for every importer. */
import { Compile } from 'typebox/compile'
import { FACT_SCHEMAS, type Fact, type FactKind } from '#model/facts.ts'
import { formulaShapeProblems } from './read-formula.ts'
import { problemsOf, shown, type Problem, type Validator } from './read-problems.ts'

/** Every kind of fact, in the order of the schemas. */
export const FACT_KINDS = Object.keys(FACT_SCHEMAS).filter(isFactKind)

export function isFactKind(word: unknown): word is FactKind {
  return typeof word === 'string' && Object.hasOwn(FACT_SCHEMAS, word)
}

/** Field that holds a formula, by kind. Formulas are recursive, and their misfits are told in words of their own. */
const FORMULA_FIELDS: Readonly<Partial<Record<FactKind, string>>> = { wayIn: 'requires', rule: 'when' }

const validators = new Map<FactKind, Validator>()

function validatorOf(kind: FactKind): Validator {
  let validator = validators.get(kind)
  if (!validator) validators.set(kind, (validator = Compile(FACT_SCHEMAS[kind])))
  return validator
}

/** Everything wrong with a value that claims to be a fact; empty when it is one. Never throws, however deep the value. */
export function factProblems(value: unknown): readonly Problem[] {
  const kind = typeof value === 'object' && value !== null && 'fact' in value ? value.fact : undefined
  if (!isFactKind(kind)) {
    return [
      {
        pointer: kind === undefined ? '' : '/fact',
        message: kind === undefined ? '`fact` is missing' : `${shown(kind)} is not a kind of fact`,
        remedy: `write \`fact\` as one of ${FACT_KINDS.map((word) => `\`${word}\``).join(', ')}`,
      },
    ]
  }
  const field = FORMULA_FIELDS[kind]
  if (field !== undefined && typeof value === 'object' && value !== null && Object.hasOwn(value, field)) {
    const problems = formulaShapeProblems(Reflect.get(value, field), `/${field}`)
    // a misshapen formula is replaced, so that the schema speaks of the other fields only, and never recurses deeply
    if (problems.length > 0) return [...problems, ...problemsOf(validatorOf(kind), { ...value, [field]: 'x' })]
  }
  return problemsOf(validatorOf(kind), value)
}

/** Narrows a value to a fact, by what {@link factProblems} found wrong with it. */
export function isFact(value: unknown, problems: readonly Problem[] = factProblems(value)): value is Fact {
  return problems.length === 0
}
