/**
 * Ambit's own inventory format: a document with one list per kind of fact, or NDJSON with one fact a line.
 * `docs/inventory.md` explains it to people, `docs/schema/inventory.schema.json` to editors.
 */
import { FACT_SCHEMAS, type Diagnostic, type FactKind, type Place, type PlacedFact } from '#model/facts.ts'
import { instantOf } from '#model/inventory-dates.ts'
import { pointerOf } from './importer.ts'
import { expandInline, INLINE_FIELDS, type RawFact } from './native-inline.ts'
import { FACT_KINDS, factProblems, isFact, isFactKind } from './read-fact.ts'
import { shown } from './read-problems.ts'

/** Name of the list of each kind of fact. */
export const LISTS = {
  system: 'systems',
  account: 'accounts',
  group: 'groups',
  role: 'roles',
  resource: 'resources',
  secret: 'secrets',
  channel: 'channels',
  authenticator: 'authenticators',
  wayIn: 'waysIn',
  entitlement: 'entitlements',
  rule: 'rules',
  session: 'sessions',
  exception: 'exceptions',
} as const satisfies Record<FactKind, string>

/** What a document or the first line of an NDJSON file says of the whole. */
export interface NativeHeader {
  readonly name?: string
  readonly at?: string
  /** number of fact lines that follow (NDJSON), so that a cut-off file is noticed */
  readonly facts?: number
}

/** Receives what reading finds, in order. */
export interface NativeSink {
  readonly fact: (placed: PlacedFact) => void
  readonly diagnostic: (diagnostic: Diagnostic) => void
}

type Fields = Readonly<Record<string, unknown>>

/** Whether a parsed document claims to be an Ambit inventory: it has the key `ambit`. */
export function recognisesNative(root: unknown): root is Fields {
  return isFields(root) && Object.hasOwn(root, 'ambit')
}

/** Whether a parsed first line is a header with fact lines to follow, and not a whole document. */
export function isNativeHeader(root: unknown): root is Fields {
  return recognisesNative(root) && !Object.values(LISTS).some((list) => Object.hasOwn(root, list))
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The place of a JSON pointer within what is being read. */
export type PlaceOf = (pointer: string) => Place

/** Reads facts one by one, with the defaults of one header. */
export interface NativeReader {
  readonly header: NativeHeader
  /**
   * Takes one record, with its `fact` field, and hands on its facts or what is wrong with it: at least one of the two.
   */
  readonly take: (record: unknown, pointer: string, placeOf: PlaceOf) => void
}

/** Checks a header and returns a reader with its defaults; what is wrong with the header goes to the sink. */
export function nativeReader(root: Fields, placeOf: PlaceOf, sink: NativeSink): NativeReader {
  const report = (pointer: string, code: string, message: string, remedy: string) =>
    sink.diagnostic({ code, level: 'error', message, place: placeOf(pointer), remedy })
  if (root['ambit'] !== 1) {
    const message = `\`ambit\` is ${shown(root['ambit'])}; this version reads inventories of format 1`
    report('/ambit', 'version_unsupported', message, 'write `ambit: 1`')
  }
  const header: { name?: string; at?: string; facts?: number } = {}
  const { name, at, facts } = root
  if (typeof name === 'string' && name.length <= 512) header.name = name
  else if (name !== undefined) report('/name', 'header_invalid', `\`name\` is ${shown(name)}`, 'write a short text')
  if (typeof at === 'string' && instantOf(at) !== undefined) header.at = at
  else if (at !== undefined) {
    const remedy = 'write a date such as `2026-01-31` or a time such as `2026-01-31T12:00:00Z`'
    report('/at', 'header_invalid', `\`at\` is ${shown(at)}, which is no RFC 3339 date or time that exists`, remedy)
  }
  if (typeof facts === 'number' && Number.isSafeInteger(facts) && facts >= 0) header.facts = facts
  else if (facts !== undefined) {
    report(
      '/facts',
      'header_invalid',
      `\`facts\` is ${shown(facts)}`,
      'write the number of fact lines, or leave it out',
    )
  }
  const defaults = readDefaults(root['defaults'], report)
  return { header, take: (record, pointer, place) => takeRecord(record, { pointer, placeOf: place, defaults, sink }) }
}

type Report = (pointer: string, code: string, message: string, remedy: string) => void
type Defaults = Partial<Record<FactKind, Fields>>

/** The usable defaults. A default is usable when it is a field of its kind, other than `fact` and `id`. */
function readDefaults(value: unknown, report: Report): Defaults {
  const defaults: Defaults = {}
  if (value === undefined) return defaults
  if (!isFields(value)) {
    report('/defaults', 'defaults_invalid', `\`defaults\` is ${shown(value)}`, 'write fields per kind of fact')
    return defaults
  }
  for (const [kind, fields] of Object.entries(value)) {
    const pointer = pointerOf('defaults', kind)
    if (!isFactKind(kind)) {
      const remedy = `write one of ${FACT_KINDS.map((word) => `\`${word}\``).join(', ')}`
      report(pointer, 'defaults_invalid', `${shown(kind)} is not a kind of fact`, remedy)
    } else if (!isFields(fields)) {
      report(pointer, 'defaults_invalid', `the defaults of \`${kind}\` are ${shown(fields)}`, 'write fields and values')
    } else {
      const known = Object.keys(FACT_SCHEMAS[kind].properties)
      const usable = Object.entries(fields).filter(([field]) => {
        if (field !== 'fact' && field !== 'id' && known.includes(field)) return true
        const message = `${shown(field)} cannot be a default of \`${kind}\``
        report(`${pointer}${pointerOf(field)}`, 'defaults_invalid', message, 'correct the spelling, or leave it out')
        return false
      })
      defaults[kind] = Object.fromEntries(usable)
    }
  }
  return defaults
}

interface RecordContext {
  readonly pointer: string
  readonly placeOf: PlaceOf
  readonly defaults: Defaults
  readonly sink: NativeSink
}

function takeRecord(record: unknown, context: RecordContext): void {
  const { pointer, placeOf, sink } = context
  if (!isFields(record)) {
    const message = `a fact is ${shown(record)}, where a set of fields belongs`
    sink.diagnostic({ code: 'fact_invalid', level: 'error', message, place: placeOf(pointer), remedy: FIELDS_REMEDY })
    return
  }
  const kind = record['fact']
  if (isFactKind(kind) && INLINE_FIELDS[kind]?.some((field) => Object.hasOwn(record, field))) {
    const { facts, problems } = expandInline(kind, record)
    for (const problem of problems) {
      const { message, remedy } = problem
      const place = placeOf(pointer + problem.pointer)
      sink.diagnostic({ code: 'fact_invalid', level: 'error', message, place, remedy })
    }
    for (const fact of facts) takeFact(fact, context)
  } else takeFact({ fields: record, pointer: '' }, context)
}

const FIELDS_REMEDY = 'write `field: value` pairs, such as `id: okta:alice`'

function takeFact({ fields, pointer: inner }: RawFact, context: RecordContext): void {
  const { placeOf, defaults, sink } = context
  const pointer = context.pointer + inner
  const kind = fields['fact']
  const own = isFactKind(kind) ? defaults[kind] : undefined
  const fact = own ? { ...own, ...fields } : fields
  const problems = factProblems(fact)
  if (isFact(fact, problems)) {
    sink.fact({ fact, place: placeOf(pointer) })
    return
  }
  const name = typeof fields['id'] === 'string' && fields['id'] !== '' ? ` ${shown(fields['id'])}` : ''
  for (const problem of problems) {
    const message = `${isFactKind(kind) ? `${kind}${name}: ` : ''}${problem.message}`
    const place = placeOf(pointer + problem.pointer)
    sink.diagnostic({ code: 'fact_invalid', level: 'error', message, place, remedy: problem.remedy })
  }
}

const HEADER_FIELDS = new Set(['ambit', 'name', 'at', 'defaults', '$schema'])

/** Reads one whole document; returns its header. Every list item becomes a fact or a diagnostic. */
export function readNativeDocument(root: Fields, placeOf: PlaceOf, sink: NativeSink): NativeHeader {
  const { header, take } = nativeReader(root, placeOf, sink)
  for (const [field, value] of Object.entries(root)) {
    if (HEADER_FIELDS.has(field)) continue
    const kind = FACT_KINDS.find((word) => LISTS[word] === field)
    const report = (pointer: string, code: string, message: string, remedy: string) =>
      sink.diagnostic({ code, level: 'error', message, place: placeOf(pointer), remedy })
    if (!kind) {
      const near = isFactKind(field) ? `write \`${LISTS[field]}\`` : `the lists are ${Object.values(LISTS).join(', ')}`
      report(pointerOf(field), 'field_unknown', `unknown field ${shown(field)} in an inventory`, near)
    } else if (!Array.isArray(value)) {
      const remedy = value === null ? `write \`${field}: []\`, or leave it out` : 'begin each item with `- `'
      report(pointerOf(field), 'list_invalid', `\`${field}\` is ${shown(value)}, where a list belongs`, remedy)
    } else {
      for (const [index, item] of value.entries()) {
        const pointer = `/${field}/${index}`
        if (isFields(item) && Object.hasOwn(item, 'fact')) {
          const message = `\`fact\` has no place in the list \`${field}\`, which says the kind`
          report(`${pointer}/fact`, 'fact_invalid', message, 'remove the field')
        } else take(isFields(item) ? { fact: kind, ...item } : item, pointer, placeOf)
      }
    }
  }
  return header
}
