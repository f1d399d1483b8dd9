/** The JSON Schema of an inventory document, for editors, and the field tables of its documentation. */
import { FACT_SCHEMAS, Id, ID_PATTERN, type FactKind } from '#model/facts.ts'
import { AUTHENTICATOR_KINDS, CAPABILITIES, CONTROLS } from '#contract/vocabulary.ts'
import { REFERENCES } from '#model/inventory-references.ts'
import { INLINE_FIELDS } from './native-inline.ts'
import { LISTS } from './native.ts'
import { FACT_KINDS, isFactKind } from './read-fact.ts'

type Json = Readonly<Record<string, unknown>>

const CONDITION = '#/$defs/condition'

/** What one item of each list is. */
const KIND_NOTES: Readonly<Record<FactKind, string>> = {
  system: 'what accounts belong to: an identity provider, an application, a bank',
  account: 'a record by which someone, or something, acts in one system',
  group: 'a set of accounts and groups that has rights',
  role: 'a bundle of rights that accounts, groups and roles have',
  resource: 'what rights are on: a server, a repository, a table, a payment run',
  secret: 'what opens an account to whoever knows it, or a copy of an authenticator; never its value',
  channel: 'what a code travels through or a key lives in, with who holds it',
  authenticator: 'what proves that it is the holder',
  wayIn: 'one complete method of becoming the account: sign-in, recovery, the help desk, an enrolment',
  entitlement: 'a right on something, as its source grants it',
  rule: 'a lead of your own: whoever has all of `when` gains `then`',
  session: 'a session that is open, or a token that stands for one',
  exception: 'a time-boxed leave to keep a way in that is too weak',
}

/** The fields that hold a condition; its schema is recursive and carries no description of its own. */
const CONDITION_NOTES: Readonly<Record<string, string>> = {
  requires: 'everything that this way in asks for',
  when: 'what must be had',
}

/** Fields filled in for an inline fact; its `id` may be left out, and is then made from the account's. */
const FILLED_IN: Readonly<Partial<Record<FactKind, string>>> = {
  authenticator: 'of',
  wayIn: 'account',
  entitlement: 'holder',
}

/** The JSON Schema (draft 2020-12) that `docs/schema/inventory.schema.json` publishes. */
export function inventorySchemaText(): string {
  const inline = FACT_KINDS.filter((kind) => FILLED_IN[kind] !== undefined)
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ambit inventory',
    description: 'Systems, accounts, what proves who they are, how they are entered and what they may do.',
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      ambit: { const: 1, description: 'version of this format' },
      name: { type: 'string', maxLength: 512, description: 'what the inventory is called in reports' },
      at: {
        ...dateSchema(),
        description: 'RFC 3339 date or time at which the facts held; the analysis has no other clock',
      },
      defaults: {
        type: 'object',
        description: 'values for fields that a fact of a kind leaves out',
        properties: Object.fromEntries(FACT_KINDS.map((kind) => [kind, defaultsSchema(kind)])),
        additionalProperties: false,
      },
      ...Object.fromEntries(
        FACT_KINDS.map((kind) => [LISTS[kind], { type: 'array', items: { $ref: `#/$defs/${kind}` } }]),
      ),
    },
    required: ['ambit'],
    additionalProperties: false,
    allOf: requiredUnlessDefault(),
    $defs: {
      condition: conditionSchema(),
      ...Object.fromEntries(FACT_KINDS.map((kind) => [kind, factSchema(kind)])),
      ...Object.fromEntries(inline.map((kind) => [`inline_${kind}`, inlineSchema(kind)])),
    },
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

const dateSchema = () => FACT_SCHEMAS.account.properties.createdAt

/** The recursive condition, once, where the schemas of facts carry it inside each field. */
function conditionSchema(): Json {
  const parts = { type: 'array', minItems: 1, items: { $ref: CONDITION } }
  const form = (properties: Json) => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  })
  return {
    description: 'an id, or all of, any of, or at least k of several conditions',
    anyOf: [
      { ...Id, description: 'the id of an authenticator, channel, account, group, role, secret or session' },
      form({ all: parts }),
      form({ any: parts }),
      form({ atLeast: { type: 'integer', minimum: 1, maximum: 64 }, of: parts }),
    ],
  }
}

/** Fields of a kind but `fact`; conditions by reference. */
function fieldsOf(kind: FactKind): Map<string, Json> {
  const fields = new Map<string, Json>()
  for (const [field, schema] of Object.entries(FACT_SCHEMAS[kind].properties)) {
    if (field === 'fact') continue
    if ('$defs' in schema) fields.set(field, { $ref: CONDITION, description: CONDITION_NOTES[field] })
    else fields.set(field, { ...schema })
  }
  return fields
}

const objectSchema = (fields: ReadonlyMap<string, Json>, required: readonly string[], description: string): Json => ({
  type: 'object',
  description,
  properties: Object.fromEntries(fields),
  required,
  additionalProperties: false,
})

/** Required fields of a kind that `defaults` may fill in: all but its id. */
const defaultableOf = (kind: FactKind) =>
  FACT_SCHEMAS[kind].required.filter((field) => field !== 'fact' && field !== 'id')

/** What must be stated of a fact whatever the defaults are. */
const statedOf = (kind: FactKind) => FACT_SCHEMAS[kind].required.filter((field) => field === 'id')

/** For each field that a default may fill in: where there is no such default, every fact of the kind must state it. */
function requiredUnlessDefault(): Json[] {
  return FACT_KINDS.flatMap((kind) =>
    defaultableOf(kind).map((field) => {
      const given = { required: [kind], properties: { [kind]: { required: [field] } } }
      const stated = { items: { required: [field] } } // says nothing of an item that is one word
      const lists: [string, Json][] = [[LISTS[kind], stated]]
      for (const owner of FACT_KINDS) {
        if (field === FILLED_IN[kind] || !INLINE_FIELDS[owner]?.includes(LISTS[kind])) continue
        lists.push([LISTS[owner], { items: { properties: { [LISTS[kind]]: stated } } }])
      }
      return {
        if: { required: ['defaults'], properties: { defaults: given } },
        else: { properties: Object.fromEntries(lists) },
      }
    }),
  )
}

function factSchema(kind: FactKind): Json {
  const fields = fieldsOf(kind)
  for (const list of INLINE_FIELDS[kind] ?? []) {
    const inner = FACT_KINDS.find((word) => LISTS[word] === list)
    fields.set(list, {
      type: 'array',
      items: { $ref: `#/$defs/inline_${inner}` },
      description: `its own ${list}, written in place`,
    })
  }
  return objectSchema(fields, statedOf(kind), KIND_NOTES[kind])
}

function inlineSchema(kind: FactKind): Json {
  const filled = FILLED_IN[kind]
  const fields = fieldsOf(kind)
  if (filled !== undefined) fields.delete(filled)
  const object = objectSchema(fields, [], KIND_NOTES[kind])
  if (kind !== 'authenticator') return object
  return { anyOf: [{ enum: AUTHENTICATOR_KINDS, description: 'its kind, where nothing else is known' }, object] }
}

function defaultsSchema(kind: FactKind): Json {
  const fields = fieldsOf(kind)
  fields.delete('id')
  return objectSchema(fields, [], `values for every ${kind} that leaves the field out`)
}

/** The Markdown table of one kind's fields, those of nested fields included, for `docs/inventory.md`. */
export function fieldTable(kind: FactKind): string {
  const required: readonly string[] = FACT_SCHEMAS[kind].required
  const rows = Array.from(fieldsOf(kind)).flatMap(([field, schema]) => {
    const name = required.includes(field) ? `**\`${field}\`**` : `\`${field}\``
    return [
      `| ${name} | ${valueText(kind, field, schema)} | ${textOf(schema['description'])} |`,
      ...nestedRows(kind, field, schema),
    ]
  })
  const inline = (INLINE_FIELDS[kind] ?? []).map((list) => `| \`${list}\` | list, in place | its own ${list} |`)
  return ['| field | holds | means |', '|---|---|---|', ...rows, ...inline].join('\n')
}

function nestedRows(kind: FactKind, field: string, schema: Json): string[] {
  const properties = isJson(schema['properties']) ? schema['properties'] : {}
  return Object.entries(properties).flatMap(([inner, own]) =>
    isJson(own) ? [`| \`${field}.${inner}\` | ${valueText(kind, inner, own)} | ${textOf(own['description'])} |`] : [],
  )
}

/** A page with the table of its kind put between each `<!-- fields of KIND -->` and the `<!-- end -->` after it. */
export function withFieldTables(page: string): string {
  return page.replace(/<!-- fields of (\w+) -->[^]*?<!-- end -->/g, (whole, kind: string) =>
    isFactKind(kind) ? `<!-- fields of ${kind} -->\n\n${fieldTable(kind)}\n\n<!-- end -->` : whole,
  )
}

/** Vocabularies too long for a table, and the section of the page that explains their words. */
const LONG_LISTS: readonly { readonly words: readonly string[]; readonly link: string }[] = [
  { words: CAPABILITIES, link: '[capability](#capabilities)' },
  { words: AUTHENTICATOR_KINDS, link: '[kind of authenticator](#kinds-of-authenticator)' },
  { words: CONTROLS, link: '[control](#controls)' },
]

/** What a field holds, in a few words; of a reference, what it may name. */
function valueText(kind: FactKind, field: string, schema: Json): string {
  const kinds = REFERENCES[kind].find((reference) => reference.field === field)?.kinds.map((word) => `\`${word}\``)
  const of = kinds
    ? ` of ${kinds.length < 2 ? kinds.join('') : `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`}`
    : ''
  if ('$ref' in schema) return `condition over ids${of}`
  const { enum: words, type, pattern, items, minimum, maximum } = schema
  if (Array.isArray(words)) {
    const long = LONG_LISTS.find((list) => list.words.join() === words.join())
    return long?.link ?? words.map((word) => `\`${String(word)}\``).join(' ')
  }
  if (pattern === ID_PATTERN) return `id${of}`
  if (pattern !== undefined) return 'date'
  if (type === 'array') return kinds ? `ids${of}` : `list: ${valueText(kind, field, isJson(items) ? items : {})}`
  if (type === 'object') return 'fields'
  if (type === 'integer' && field.endsWith('Seconds')) return 'seconds'
  if (type === 'integer') return `whole number, ${String(minimum)} to ${String(maximum)}`
  if (type === 'number') return `number, ${String(minimum)} to ${String(maximum)}`
  return type === 'boolean' ? '`true` or `false`' : 'text'
}

const textOf = (value: unknown) => (typeof value === 'string' ? value.replaceAll('|', '\\|') : '')

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
