/**
 * Inline forms, for writing by hand: an account may carry its authenticators, ways in and entitlements, a group or
 * role its entitlements. Each becomes a fact of its own, with the owner filled in and an id made from the owner's.
 */
import type { FactKind } from '#model/facts.ts'
import { AUTHENTICATOR_KINDS } from '#contract/vocabulary.ts'
import { MAX_FORMULA_DEPTH } from './read-formula.ts'
import { shown, type Problem } from './read-problems.ts'

/** Lists that a fact of a kind may carry inline. */
export const INLINE_FIELDS: Readonly<Partial<Record<FactKind, readonly string[]>>> = {
  account: ['authenticators', 'waysIn', 'entitlements'],
  group: ['entitlements'],
  role: ['entitlements'],
}

type Fields = Readonly<Record<string, unknown>>

/** Fields that claim to be a fact, and their JSON pointer within the record they came from. */
export interface RawFact {
  readonly fields: Fields
  readonly pointer: string
}

/** The account's own authenticators, as its inline ways in may name them. */
interface OwnAuthenticators {
  readonly byKind: Map<string, string[]>
  readonly byName: Map<string, string>
}

const KIND_WORDS: ReadonlySet<string> = new Set(AUTHENTICATOR_KINDS)

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Takes a record with inline lists apart. Ids of inline authenticators are `<owner>/<name>`, or `<owner>/<kind>` where
 * they have no name; those of ways in `<owner>/<name>` or `<owner>/<purpose>`; an explicit `id` stands as it is. In an
 * inline way in, the word of an authenticator kind names the account's own inline authenticator of that kind, and the
 * `name` of an inline authenticator names that one; any other word is an id.
 *
 * @returns the record without its lists, then what was in them; what is wrong with them goes to `problems`
 */
export function expandInline(kind: FactKind, record: Fields): { facts: RawFact[]; problems: Problem[] } {
  const owned = new Set(INLINE_FIELDS[kind])
  const bare = Object.fromEntries(Object.entries(record).filter(([field]) => !owned.has(field)))
  const facts: RawFact[] = [{ fields: bare, pointer: '' }]
  const problems: Problem[] = []
  const owner = record['id']
  if (typeof owner !== 'string' || owner === '') return { facts, problems } // the owner's own error says so
  const itemsOf = (field: string) => inlineItems(record, field, problems)

  const own: OwnAuthenticators = { byKind: new Map(), byName: new Map() }
  for (const { item, pointer } of itemsOf('authenticators')) {
    const fields = typeof item === 'string' ? { kind: item } : item
    const { kind: word, name } = fields
    const id = fields['id'] ?? `${owner}/${String(name ?? word)}`
    if (Object.hasOwn(fields, 'of')) {
      const message = '`of` has no place in an inline authenticator, which is its account’s own'
      problems.push({
        pointer: `${pointer}/of`,
        message,
        remedy: 'move it to the list `authenticators` of the document',
      })
      continue
    }
    facts.push({ fields: { ...fields, fact: 'authenticator', id, of: [owner] }, pointer })
    if (typeof id !== 'string') continue
    if (typeof word === 'string') own.byKind.set(word, [...(own.byKind.get(word) ?? []), id])
    if (typeof name === 'string') own.byName.set(name, id)
  }
  for (const { item, pointer } of itemsOf('waysIn')) {
    if (typeof item === 'string') {
      problems.push({ pointer, message: `a way in is ${shown(item)}`, remedy: 'write its `purpose` and `requires`' })
      continue
    }
    const id = item['id'] ?? `${owner}/${String(item['name'] ?? item['purpose'])}`
    const resolve = (value: unknown, at: string) => ownIds(value, pointer + at, { own, problems, depth: 0 })
    const fields: Record<string, unknown> = { ...item, fact: 'wayIn', id, account: owner }
    if (Object.hasOwn(item, 'requires')) fields['requires'] = resolve(item['requires'], '/requires')
    if (Object.hasOwn(item, 'yields')) fields['yields'] = resolve(item['yields'], '/yields')
    refuseOwner(item, 'account', pointer, problems)
    facts.push({ fields, pointer })
  }
  for (const { item, pointer } of itemsOf('entitlements')) {
    if (typeof item === 'string') {
      problems.push({ pointer, message: `an entitlement is ${shown(item)}`, remedy: 'write `on` and `capabilities`' })
      continue
    }
    refuseOwner(item, 'holder', pointer, problems)
    facts.push({ fields: { ...item, fact: 'entitlement', holder: owner }, pointer })
  }
  refuseSharedIds(facts, problems)
  return { facts, problems }
}

interface InlineItem {
  readonly item: Fields | string
  readonly pointer: string
}

function inlineItems(record: Fields, field: string, problems: Problem[]): InlineItem[] {
  const list = Object.hasOwn(record, field) ? record[field] : []
  if (!Array.isArray(list)) {
    const message = `\`${field}\` is ${shown(list)}, where a list belongs`
    problems.push({ pointer: `/${field}`, message, remedy: 'begin each item with `- `, or leave the field out' })
    return []
  }
  const items: InlineItem[] = []
  for (const [index, item] of list.entries()) {
    const pointer = `/${field}/${index}`
    if (isFields(item) && Object.hasOwn(item, 'fact')) {
      const message = `\`fact\` has no place in the list \`${field}\`, which says the kind`
      problems.push({ pointer: `${pointer}/fact`, message, remedy: 'remove the field' })
    } else if (isFields(item) || typeof item === 'string') items.push({ item, pointer })
    else {
      const message = `an item of \`${field}\` is ${shown(item)}, where a set of fields belongs`
      problems.push({ pointer, message, remedy: 'write `field: value` pairs' })
    }
  }
  return items
}

/** The owner of an inline fact is the account that carries it; a second statement could only repeat or contradict it. */
function refuseOwner(item: Fields, field: string, pointer: string, problems: Problem[]): void {
  if (!Object.hasOwn(item, field)) return
  const message = `\`${field}\` has no place here, since it is the fact around it`
  problems.push({ pointer: `${pointer}/${field}`, message, remedy: 'remove the field' })
}

/** Two inline facts must not share a derived id: merged, one of them would be lost. */
function refuseSharedIds(facts: readonly RawFact[], problems: Problem[]): void {
  const seen = new Set<unknown>()
  for (const { fields, pointer } of facts) {
    const id = fields['id']
    if (id === undefined) continue
    if (seen.has(id)) {
      const message = `a second inline fact would be called ${shown(id)}`
      problems.push({ pointer, message, remedy: 'give it a `name` of its own, or an `id`' })
    }
    seen.add(id)
  }
}

interface Resolution {
  readonly own: OwnAuthenticators
  readonly problems: Problem[]
  readonly depth: number
}

/** Replaces kind words and names by ids, through any nesting of a formula or list. */
function ownIds(value: unknown, pointer: string, context: Resolution): unknown {
  const { own, problems, depth } = context
  if (typeof value === 'string') {
    if (!KIND_WORDS.has(value)) return own.byName.get(value) ?? value
    const ids = own.byKind.get(value) ?? []
    if (ids.length === 1) return ids[0]
    const none = ids.length === 0
    const message = none
      ? `the account has no inline authenticator of kind \`${value}\``
      : `the account has ${ids.length} inline authenticators of kind \`${value}\``
    const remedy = none
      ? `add \`${value}\` to the account’s \`authenticators\`, or write an id`
      : 'write its name or id'
    problems.push({ pointer, message, remedy })
    return value
  }
  if (depth > 2 * MAX_FORMULA_DEPTH) return value // a level is a mapping and its list; the check of its shape refuses it
  const deeper = { own, problems, depth: depth + 1 }
  if (Array.isArray(value)) return value.map((part, index) => ownIds(part, `${pointer}/${index}`, deeper))
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([field, part]) => [
      field,
      field === 'all' || field === 'any' || field === 'of' ? ownIds(part, `${pointer}/${field}`, deeper) : part,
    ]),
  )
}
