/** The shape of formulas: told in a formula's own words, where a schema would recite every branch of a union. */
import { ID_PATTERN } from '#model/facts.ts'
import { shown, type Problem } from './read-problems.ts'

/** Deepest nesting of a formula; people write three, generated ones stay under ten. */
export const MAX_FORMULA_DEPTH = 32

const FORMS = 'an id, or one of `all: […]`, `any: […]`, `atLeast: k` with `of: […]`'
const ID = new RegExp(ID_PATTERN, 'u')

/** Everything wrong with the shape of a formula at `pointer`; empty when it has one. */
export function formulaShapeProblems(value: unknown, pointer: string, depth = 0): Problem[] {
  if (typeof value === 'string') return idProblems(value, pointer)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ pointer, message: `a condition is ${shown(value)}`, remedy: `write ${FORMS}` }]
  }
  if (depth >= MAX_FORMULA_DEPTH) {
    const message = `a condition is nested deeper than ${MAX_FORMULA_DEPTH} levels`
    return [{ pointer, message, remedy: 'flatten it, or give its parts ways in of their own' }]
  }
  const form = Object.keys(value).toSorted().join(' ')
  if (form !== 'all' && form !== 'any' && form !== 'atLeast of') {
    return [{ pointer, message: `a condition has the fields \`${form.slice(0, 60)}\``, remedy: `write ${FORMS}` }]
  }
  const problems: Problem[] = []
  if ('atLeast' in value && !isThreshold(value.atLeast)) {
    const message = `\`atLeast\` is ${shown(value.atLeast)}`
    problems.push({ pointer: `${pointer}/atLeast`, message, remedy: 'write a whole number from 1 to 64' })
  }
  const field = form === 'atLeast of' ? 'of' : form
  const parts: unknown = Reflect.get(value, field)
  if (!Array.isArray(parts)) {
    const message = `\`${field}\` is ${shown(parts)}, where a list belongs`
    return [...problems, { pointer: `${pointer}/${field}`, message, remedy: `write \`${field}: [first, second]\`` }]
  }
  for (const [index, part] of parts.entries()) {
    for (const problem of formulaShapeProblems(part, `${pointer}/${field}/${index}`, depth + 1)) problems.push(problem)
  }
  return problems
}

const isThreshold = (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 64

function idProblems(value: string, pointer: string): Problem[] {
  if (ID.test(value)) return []
  const remedy = 'use 1 to 512 characters without control characters, not starting with `right:`, `gate:` or `via:`'
  return [{ pointer, message: `${shown(value)} cannot be an id`, remedy }]
}
