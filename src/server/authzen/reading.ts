/**
 * Reads AuthZEN 1.0 requests (§4 to §8). Fields that are not known are ignored, properties that are null count as absent
 * (I-JSON), and everything that is required is there, or the request is refused with a sentence that says what is missing.
 */
import type { AccessRequest, Properties } from '#contract/access-request.ts'
import type { Page } from '#decision/search.ts'
import { AmbitError } from '#lib/errors.ts'

/** Longest type, id or name, in characters; what the audit log keeps. */
const MAX_WORD = 2048
/** Evaluations in one request, at most; ours. */
export const MAX_EVALUATIONS = 1000

export const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const
export type Semantic = (typeof SEMANTICS)[number]

type Json = Readonly<Record<string, unknown>>

/** Which parts have to be named whole; the part that a search leaves open needs a type at most. */
export type Open = 'subject' | 'resource' | 'action' | null

const fail = (message: string): never => {
  throw new AmbitError('request_invalid', message)
}

/** @throws {AmbitError} `request_invalid` */
export function bodyOf(value: unknown): Json {
  return isObject(value) ? value : fail('the body must be a JSON object')
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A part that may be absent or null, but is otherwise an object. */
function partOf(of: Json, name: string): Json | null {
  const value = Object.hasOwn(of, name) ? of[name] : undefined
  if (value === undefined || value === null) return null
  return isObject(value) ? value : fail(`\`${name}\` must be an object`)
}

function wordOf(part: Json, path: string, name: string): string {
  const value = Object.hasOwn(part, name) ? part[name] : undefined
  if (value === undefined || value === null) return fail(`\`${path}.${name}\` is missing`)
  if (typeof value !== 'string') return fail(`\`${path}.${name}\` must be a string`)
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (value === '' || value.length > MAX_WORD || /[\u0000-\u001f\u007f]/.test(value)) {
    return fail(`\`${path}.${name}\` must have 1 to ${MAX_WORD} characters, none of them a control character`)
  }
  return value
}

function propertiesOf(part: Json): { properties?: Properties } {
  const properties = partOf(part, 'properties')
  if (properties === null) return {}
  return { properties: withoutNulls(properties) }
}

/** I-JSON asks to leave null out; a condition that asks `has()` must not see a difference. */
const withoutNulls = (value: Json): Properties =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null))

/**
 * Returns the question in a body.
 *
 * @throws {AmbitError} `request_invalid`
 */
export function questionOf(body: Json, open: Open = null): AccessRequest {
  const named = (name: Part): Json | null => partOf(body, name)
  const context = named('context')
  return {
    subject: entityOf(named('subject'), 'subject', open),
    action: open === 'action' ? { name: '' } : actionOf(named('action')),
    resource: entityOf(named('resource'), 'resource', open),
    ...(context === null ? {} : { context: withoutNulls(context) }),
  }
}

function entityOf(part: Json | null, path: 'subject' | 'resource', open: Open = null): AccessRequest['subject'] {
  if (part === null) return fail(`\`${path}\` is missing`)
  const type = wordOf(part, path, 'type')
  // what a search leaves open is ignored where it is named (§8.4, §8.5)
  return { type, id: open === path ? '' : wordOf(part, path, 'id'), ...propertiesOf(part) }
}

function actionOf(part: Json | null): AccessRequest['action'] {
  return part === null ? fail('`action` is missing') : { name: wordOf(part, 'action', 'name'), ...propertiesOf(part) }
}

/** A request for several evaluations; null where it is one for a single one (§7.1: none, or an empty list). */
export function batchOf(
  body: Json,
): { readonly items: readonly (() => AccessRequest)[]; readonly semantic: Semantic } | null {
  const listed = Object.hasOwn(body, 'evaluations') ? body['evaluations'] : undefined
  const semantic = semanticOf(body)
  if (listed === undefined || listed === null) return null
  if (!Array.isArray(listed)) return fail('`evaluations` must be a list')
  if (listed.length === 0) return null
  if (listed.length > MAX_EVALUATIONS)
    return fail(`\`evaluations\` may have ${MAX_EVALUATIONS} items; send several requests`)
  const read = itemReader(body)
  return { items: listed.map((item: unknown) => () => read(item)), semantic }
}

type Part = 'subject' | 'action' | 'resource' | 'context'

/** Reads items. A default that several take is read once, and is one object in all of them; so is an action by its name alone. */
function itemReader(standard: Json): (item: unknown) => AccessRequest {
  const known = new Map<Json, unknown>()
  const actions = new Map<unknown, AccessRequest['action']>()
  function action(part: Json | null): AccessRequest['action'] {
    if (part === null || !Object.hasOwn(part, 'name') || Object.hasOwn(part, 'properties')) return actionOf(part)
    let found = actions.get(part['name'])
    if (found === undefined) actions.set(part['name'], (found = actionOf(part)))
    return found
  }
  // an item's entity takes the place of the whole default, never of parts of it (§7.1)
  function read<T>(item: Json, name: Part, of: (part: Json | null) => T): T {
    const own = partOf(item, name)
    if (own !== null) return of(own)
    const part = partOf(standard, name)
    if (part === null) return of(null)
    const found = known.get(part)
    if (found !== undefined) return found as T
    const value = of(part)
    known.set(part, value)
    return value
  }
  return (item) => {
    if (!isObject(item)) return fail('an evaluation must be an object')
    const context = read(item, 'context', (part) => (part === null ? null : withoutNulls(part)))
    return {
      subject: read(item, 'subject', (part) => entityOf(part, 'subject')),
      action: read(item, 'action', action),
      resource: read(item, 'resource', (part) => entityOf(part, 'resource')),
      ...(context === null ? {} : { context }),
    }
  }
}

function semanticOf(body: Json): Semantic {
  const options = partOf(body, 'options')
  const said = options === null ? undefined : options['evaluations_semantic']
  if (said === undefined || said === null) return 'execute_all'
  return (
    SEMANTICS.find((each) => each === said) ??
    fail(`\`options.evaluations_semantic\` must be one of ${SEMANTICS.join(', ')}`)
  )
}

/** @throws {AmbitError} `request_invalid` */
export function pageOf(body: Json): Page {
  const page = partOf(body, 'page')
  if (page === null) return {}
  const [limit, token] = [page['limit'] ?? undefined, page['token'] ?? undefined]
  // none at all is a limit too (AuthZEN §8.2: a non-negative integer)
  if (limit !== undefined && (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 0))
    return fail('`page.limit` must be a whole number, 0 or more')
  if (token !== undefined && typeof token !== 'string') return fail('`page.token` must be a string')
  return { ...(limit === undefined ? {} : { limit }), ...(token === undefined ? {} : { token }) }
}
