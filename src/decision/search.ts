/** AuthZEN searches: who may do this, on what may he do it, what may he do. Each result is one that {@link decide} permits. */
import { createHash } from 'node:crypto'
import type { AccessRequest } from '#contract/access-request.ts'
import type { Evaluation } from '#contract/decision.ts'
import { CAPABILITIES } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { decide, standingOf, targetOf } from './decide.ts'
import type { World } from './world.ts'

/** The question that a search repeats with one part left open; what stands in that part is not looked at. */
export type Template = Evaluation

export interface Page {
  /** results wanted at most; where absent, as many as on the page before, or {@link PAGE} */
  readonly limit?: number
  /** of the page before */
  readonly token?: string
}
/** Results on one page: where nobody says, and at most. Ours. */
export const PAGE = 100
export const MAX_PAGE = 1000
export interface Found<T> {
  readonly results: readonly T[]
  /** empty at the end */
  readonly nextToken: string
}
export interface FoundEntity {
  readonly type: string
  readonly id: string
}

/** Candidates looked at for one page, at most; a page may be short for it, and is the last only if its token is empty. */
const LOOKED_AT = 20_000

/** Subjects of a type that may. An unknown type, action or resource finds nobody. */
export function searchSubjects(world: World, template: Template, page: Page): Found<FoundEntity> {
  const { type } = template.request.subject
  const known = Object.hasOwn(world.settings.subjects, type) ? world.settings.subjects[type] : undefined
  const prefix = known?.prefix ?? ''
  const ids = known === undefined ? [] : idsOf(world).accounts
  const request = (id: string): AccessRequest => ({ ...template.request, subject: { ...template.request.subject, id } })
  return pageOf(world, template, page, 'subject', ids, (account) => {
    if (!account.startsWith(prefix)) return undefined
    const id = account.slice(prefix.length)
    return { request: request(id), result: { type, id } }
  })
}

/** Resources of a type on which the subject may. */
export function searchResources(world: World, template: Template, page: Page): Found<FoundEntity> {
  const { subject, resource } = template.request
  const { type } = resource
  const ids = standingOf(world, subject) === undefined ? [] : idsOf(world).targets
  return pageOf(world, template, page, 'resource', ids, (id) => {
    if (targetOf(world, { type, id }) === null) return undefined
    return { request: { ...template.request, resource: { ...resource, id } }, result: { type, id } }
  })
}

/** Actions that the subject may do there, by every name by which one is known. */
export function searchActions(world: World, template: Template, page: Page): Found<{ readonly name: string }> {
  const { subject, resource } = template.request
  const names = new Set<string>([...Object.keys(world.settings.actions), ...CAPABILITIES])
  for (const { rules } of world.accessPolicies)
    for (const { actions } of rules) actions?.forEach((name) => names.add(name))
  const standing = standingOf(world, subject)
  const target = targetOf(world, resource)
  if (standing !== undefined && target !== null) {
    for (const { right } of world.rights(standing, target, template.at)) if (right !== null) names.add(right)
  }
  const candidates = standing === undefined ? [] : [...names].toSorted()
  return pageOf(world, template, page, 'action', candidates, (name) => ({
    request: { ...template.request, action: { ...template.request.action, name } },
    result: { name },
  }))
}

interface Sorted {
  readonly accounts: readonly string[]
  readonly targets: readonly string[]
}
const SORTED = new WeakMap<World, Sorted>()

/** In order of their characters, so that a page goes on where the one before ended, on whatever snapshot. */
function idsOf(world: World): Sorted {
  let sorted = SORTED.get(world)
  if (sorted === undefined) {
    sorted = { accounts: [...world.accounts()].toSorted(), targets: [...world.targets()].toSorted() }
    SORTED.set(world, sorted)
  }
  return sorted
}

type Candidate<T> = (id: string) => { readonly request: AccessRequest; readonly result: T } | undefined

/**
 * One page of those that are permitted.
 *
 * @throws {AmbitError} `request_invalid` if the token is none, or of another search
 */
function pageOf<T>(
  world: World,
  template: Template,
  page: Page,
  open: 'subject' | 'resource' | 'action',
  ids: readonly string[],
  candidateOf: Candidate<T>,
): Found<T> {
  const search = nameOf(template, open)
  const { limit, after } = placeOf(page, search)
  let at = after === null ? 0 : firstAfter(ids, after)
  const results: T[] = []
  const end = Math.min(ids.length, at + LOOKED_AT)
  for (; at < end; at++) {
    const candidate = candidateOf(ids[at]!)
    if (candidate === undefined) continue
    if (decide({ ...template, request: candidate.request }, world).outcome !== 'permit') continue
    // one more than fits: so there is a next page, which begins with it
    if (results.length === limit) break
    results.push(candidate.result)
  }
  return { results, nextToken: at >= ids.length ? '' : tokenOf(search, limit, ids[at - 1] ?? '') }
}

/** All that has to be the same from page to page (AuthZEN §8.2) beside the limit, without what the search leaves open. */
function nameOf({ request, session }: Template, open: 'subject' | 'resource' | 'action'): string {
  const { [open]: left, ...asked } = request
  const type = 'type' in left ? left.type : null
  const said = JSON.stringify([open, type, left.properties ?? null, asked, session?.subject ?? null])
  return createHash('sha256').update(said).digest('base64url')
}

const tokenOf = (search: string, limit: number, after: string): string =>
  `${search}.${limit}.${Buffer.from(after).toString('base64url')}`

/** Where a page begins, and how long it is: whoever goes on with the token alone has pages as long as the first. */
function placeOf({ limit, token }: Page, search: string): { readonly limit: number; readonly after: string | null } {
  if (token === undefined || token === '') return { limit: Math.min(limit ?? PAGE, MAX_PAGE), after: null }
  const [of, size = '', after = ''] = token.split('.')
  const before = /^\d{1,4}$/.test(size) ? Number(size) : MAX_PAGE + 1
  if (of === search && before <= MAX_PAGE && (limit === undefined || Math.min(limit, MAX_PAGE) === before))
    return { limit: before, after: Buffer.from(after, 'base64url').toString() }
  const message = '`page.token` is of another search; leave everything but the token as it was, or start without one'
  throw new AmbitError('request_invalid', message)
}

/** Position of the first id after one, whether or not that one is still there. */
function firstAfter(ids: readonly string[], id: string): number {
  let [low, high] = [0, ids.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ids[middle]! <= id) low = middle + 1
    else high = middle
  }
  return low
}
