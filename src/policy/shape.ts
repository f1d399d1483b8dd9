/**
 * Holds a value against a schema and lists everything that is wrong, with the path and a remedy in plain words.
 * It reads the part of JSON Schema that `schema.ts` uses.
 */
import { nearest } from './nearest.ts'

export type Path = readonly (string | number)[]

export interface ShapeProblem {
  readonly path: Path
  /** the problem is the last key of the path itself, not the value under it */
  readonly onKey?: boolean
  readonly message: string
  readonly remedy: string
}

interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  /** of a record: what every key may hold; only the first pattern is read */
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly items?: Schema
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly description?: string
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}
const WORD_FOR: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: '`true` or `false`',
  null: 'empty',
}
const wordFor = (type: string) => WORD_FOR[type] ?? type
const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\``
}
const isRecord = (value: unknown): value is Record<string, unknown> => typeOf(value) === 'object'

/** Returns all problems of `value` under a JSON Schema, in the order of the file. */
export const problemsOf = (schema: object, value: unknown): ShapeProblem[] => under(schema, value, [])

function under(schema: Schema, value: unknown, path: Path): ShapeProblem[] {
  if (schema.anyOf) return under(branchFor(schema.anyOf, value), value, path)
  if (schema.const !== undefined) {
    if (value === schema.const) return []
    return [{ path, message: `${shown(value)} is not allowed here`, remedy: `write ${shown(schema.const)}` }]
  }
  const type = typeOf(value)
  if (schema.type !== undefined && schema.type !== type && !(schema.type === 'number' && type === 'integer')) {
    return [{ path, message: `expected ${wordFor(schema.type)}, found ${wordFor(type)}`, remedy: remedyFor(schema) }]
  }
  if (schema.enum && !schema.enum.some((word) => word === value)) {
    const guess = typeof value === 'string' ? nearest(value, schema.enum) : undefined
    const remedy = guess === undefined ? remedyFor(schema) : `did you mean \`${guess}\`?`
    return [{ path, message: `unknown word ${shown(value)}`, remedy }]
  }
  // a schema that says nothing of types takes anything
  if (isRecord(value)) return schema.type === undefined ? [] : inRecord(schema, value, path)
  if (Array.isArray(value)) return inList(schema, value, path)
  return inScalar(schema, value, path)
}

/** The branch of the value's own type, of several the one whose keys are there, else the first. */
function branchFor(branches: readonly Schema[], value: unknown): Schema {
  const alike = branches.filter((branch) => branch.type === typeOf(value))
  const whole = alike.find(({ required = [] }) => isRecord(value) && required.every((key) => Object.hasOwn(value, key)))
  return whole ?? alike[0] ?? branches[0] ?? {}
}

function remedyFor({ enum: list, description, type }: Schema): string {
  if (list) return `one of ${list.map((word) => `\`${word}\``).join(', ')}`
  return description ?? `write ${wordFor(type ?? 'string')}`
}

function inRecord(schema: Schema, value: Record<string, unknown>, path: Path): ShapeProblem[] {
  const known = schema.properties ?? {}
  const [ofEvery] = Object.values(schema.patternProperties ?? {})
  const found: ShapeProblem[] = []
  for (const key of schema.required ?? []) {
    if (value[key] !== undefined) continue
    const source = key === 'source'
    const message = source ? 'a threshold without a source' : `\`${key}\` is missing`
    found.push({ path, message, remedy: source ? 'add `source: standard §section`' : `add \`${key}\`` })
  }
  for (const [key, each] of Object.entries(value)) {
    const schemaOfKey = Object.hasOwn(known, key) ? known[key] : ofEvery
    if (schemaOfKey !== undefined) {
      found.push(...under(schemaOfKey, each, [...path, key]))
      continue
    }
    const guess = nearest(key, Object.keys(known))
    const remedy = guess === undefined ? `known here: ${Object.keys(known).join(', ')}` : `did you mean \`${guess}\`?`
    found.push({ path: [...path, key], onKey: true, message: `unknown key ${shown(key)}`, remedy })
  }
  if (Object.keys(value).length < (schema.minProperties ?? 0)) {
    found.push({ path, message: 'nothing is stated here', remedy: `state one of ${Object.keys(known).join(', ')}` })
  }
  return found
}

function inList(schema: Schema, value: readonly unknown[], path: Path): ShapeProblem[] {
  const { items = {}, minItems = 0, uniqueItems = false } = schema
  const found = value.flatMap((each, index) => under(items, each, [...path, index]))
  if (value.length < minItems) found.push({ path, message: 'the list is empty', remedy: 'name at least one' })
  if (uniqueItems && new Set(value).size < value.length) {
    found.push({ path, message: 'the list names something twice', remedy: 'name each once' })
  }
  return found
}

function inScalar(schema: Schema, value: unknown, path: Path): ShapeProblem[] {
  const remedy = remedyFor(schema)
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity } = schema
    if (value >= minimum && value <= maximum) return []
    return [{ path, message: `${value} is out of range`, remedy: `between ${minimum} and ${maximum}` }]
  }
  if (typeof value !== 'string') return []
  if (value.length < (schema.minLength ?? 0)) return [{ path, message: 'an empty text', remedy }]
  if (value.length > (schema.maxLength ?? Infinity)) {
    return [{ path, message: `a text of ${value.length} characters`, remedy: `at most ${schema.maxLength}` }]
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
    return [{ path, message: `${shown(value)} is not of the form asked for`, remedy }]
  }
  return []
}
