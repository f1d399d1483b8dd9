/** Turns the errors of a schema into sentences that say what is wrong, where, and what to write instead. */
import { DATE_PATTERN, ID_PATTERN } from '#model/facts.ts'

/** One thing wrong with a value: the place inside it, what is wrong, what to do. */
export interface Problem {
  /** JSON pointer within the value that was checked */
  readonly pointer: string
  readonly message: string
  readonly remedy: string
}

/** As much of a compiled TypeBox schema as is needed here. */
export interface Validator {
  Check(value: unknown): boolean
  Errors(value: unknown): Iterable<SchemaError>
}

interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

/** Problems printed per value; more would only repeat the first. */
const MAX_PROBLEMS = 20

/** Everything wrong with a value, or an empty list. A misfit inside a union is told once, at the union. */
export function problemsOf(validator: Validator, value: unknown): readonly Problem[] {
  if (validator.Check(value)) return []
  const problems = new Map<string, Problem>()
  for (const error of validator.Errors(value)) {
    if (problems.size >= MAX_PROBLEMS) break
    const problem = problemOf(error, value)
    if (problem && !problems.has(problem.pointer)) problems.set(problem.pointer, problem)
  }
  return [...problems.values()]
}

function problemOf(error: SchemaError, root: unknown): Problem | undefined {
  const { instancePath: pointer } = error
  const params: Record<string, unknown> = { ...error.params }
  const value = valueAt(root, pointer)
  const name = pointer === '' ? 'it' : `\`${pointer.slice(1)}\``
  switch (error.keyword) {
    case 'boolean': // an unknown field, said by additionalProperties as well, which names the field
    case 'anyOf': // the parts of the union have said it
      return undefined
    case 'additionalProperties': {
      const fields = words(params['additionalProperties'])
      const first = pointer === '' ? `/${escaped(fields[0] ?? '')}` : `${pointer}/${escaped(fields[0] ?? '')}`
      return {
        pointer: first,
        message: `unknown field${fields.length > 1 ? 's' : ''} ${list(fields)}`,
        remedy: 'correct the spelling, or leave the field out',
      }
    }
    case 'required': {
      const fields = words(params['requiredProperties'])
      return {
        pointer,
        message: `${list(fields)} ${fields.length > 1 ? 'are' : 'is'} missing${pointer === '' ? '' : ` in ${name}`}`,
        remedy: `add ${list(fields)}`,
      }
    }
    case 'enum': {
      const allowed = words(params['allowedValues'])
      return {
        pointer,
        message: `${name} is ${shown(value)}, which is not a word it may be`,
        remedy: `write one of ${list(allowed)}`,
      }
    }
    case 'pattern':
      return {
        pointer,
        message: `${name} is ${shown(value)}, ${patternMessage(params['pattern'])}`,
        remedy: patternRemedy(params['pattern']),
      }
    case 'type':
      return {
        pointer,
        message: `${name} is ${shown(value)}, where ${TYPE_WORDS[String(params['type'])] ?? error.message} belongs`,
        remedy: typeRemedy(params['type'], value),
      }
    default:
      return {
        pointer,
        message: `${name} is ${shown(value)}; it ${error.message}`,
        remedy: 'correct the value, or leave the field out',
      }
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'a set of fields',
  boolean: '`true` or `false`',
  integer: 'a whole number',
  number: 'a number',
}

function typeRemedy(type: unknown, value: unknown): string {
  if (value === null) return 'fill it in, or leave the field out'
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return 'put it in quotes'
  if (type === 'array' && typeof value === 'string') return `write \`[${clipped(value)}]\``
  return `write ${TYPE_WORDS[String(type)] ?? 'another value'}`
}

function patternMessage(pattern: unknown): string {
  if (pattern === ID_PATTERN) return 'which cannot be an id'
  if (pattern === DATE_PATTERN) return 'which is not an RFC 3339 date or time'
  return `which does not match ${String(pattern)}`
}

function patternRemedy(pattern: unknown): string {
  if (pattern === ID_PATTERN)
    return 'use 1 to 512 characters without control characters, not starting with `right:`, `gate:` or `via:`'
  if (pattern === DATE_PATTERN) return 'write a date such as `2026-01-31` or a time such as `2026-01-31T12:00:00Z`'
  return 'correct the value'
}

/** A value as it is quoted in a message: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a set of fields'
  return `\`${clipped(typeof value === 'string' ? value : JSON.stringify(value))}\``
}

function clipped(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return short.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD').replaceAll('`', "'")
}

/** The value at a JSON pointer, or undefined. */
function valueAt(root: unknown, pointer: string): unknown {
  let value = root
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    value = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
  }
  return value
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')
const words = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
const list = (fields: readonly string[]) => fields.map((field) => `\`${clipped(field)}\``).join(', ')
