/** OpenGraph nodes as facts, with what the edges said of them. */
import type { FactOf } from '#model/facts.ts'
import type { Imported } from './importer.ts'
import type { GraphNode } from './opengraph-graph.ts'

/** What the edges say of one node; ids, in the order met. */
export interface Draft {
  readonly memberOf: Set<string>
  readonly runsAs: Set<string>
  readonly uses: Set<string>
  readonly deploysTo: Set<string>
  readonly opens: Set<string>
  readonly governs: Set<string>
  in: GraphNode | undefined
}

/**
 * The fact of one node; none where nobody says what it is. How an account of a person is entered is in no payload, so
 * each gets one unknown way in. A node of another collector is declared bare, so that the collector's own file may
 * say more of it.
 */
export function* nodeFacts(node: GraphNode, draft: Draft): Iterable<Imported> {
  const { id, meaning, pointer, foreign } = node
  if (meaning === undefined) return
  const named = nameOf(node)
  const memberOf = draft.memberOf.size > 0 ? { memberOf: [...draft.memberOf] } : {}
  switch (meaning.fact) {
    case 'account': {
      const enabled =
        node.properties['enabled'] === false || node.properties['accountenabled'] === false ? { enabled: false } : {}
      yield { fact: { fact: 'account', id, kind: meaning.kind, ...named, ...enabled, ...memberOf }, pointer }
      if (meaning.kind === 'human' && !foreign) yield* unknownWayIn(id, pointer)
      return
    }
    case 'group':
    case 'role':
      yield { fact: { fact: meaning.fact, id, ...named, ...memberOf }, pointer }
      return
    case 'secret':
      yield {
        fact: { fact: 'secret', id, kind: meaning.kind, ...named, ...listOf('opens', draft.opens), ...stateOf(node) },
        pointer,
      }
      return
    case 'resource':
      yield { fact: resourceOf(node, draft), pointer }
  }
}

function resourceOf(node: GraphNode, draft: Draft): FactOf<'resource'> {
  const [kind] = node.kinds
  return {
    fact: 'resource',
    id: node.id,
    ...nameOf(node),
    ...(kind === undefined || node.foreign ? {} : { kind }),
    ...(draft.in === undefined ? {} : { in: draft.in.id }),
    ...listOf('runsAs', draft.runsAs),
    ...listOf('uses', draft.uses),
    ...listOf('deploysTo', draft.deploysTo),
    ...listOf('governs', draft.governs),
  }
}

const listOf = <K extends string>(field: K, ids: ReadonlySet<string>) =>
  (ids.size > 0 ? { [field]: [...ids] } : {}) as { [F in K]?: string[] } // one optional field, named by the caller

function nameOf({ properties }: GraphNode): { readonly name?: string } {
  const name = properties['name'] ?? properties['displayname'] ?? properties['login']
  if ((typeof name !== 'string' && typeof name !== 'number') || name === '') return {}
  return { name: String(name).slice(0, 512) }
}

function* unknownWayIn(account: string, pointer: string): Iterable<Imported> {
  const id = `${account}#sign-in`
  yield { fact: { fact: 'authenticator', id, kind: 'unknown', of: [account] }, pointer }
  yield { fact: { fact: 'wayIn', id: `${account}#way/sign-in`, account, purpose: 'sign_in', requires: id }, pointer }
}

/** When a token ends and was last used; and that a secret scanning alert which nobody closed means a leak. */
function stateOf({ kinds, properties }: GraphNode): Partial<FactOf<'secret'>> {
  if (kinds.includes('GH_SecretScanningAlert')) {
    const at = dayOf(properties['created_at'])
    const open = properties['state'] === 'open' && properties['validity'] !== 'inactive'
    return open ? { leaked: { by: 'secret scanning', ...(at === undefined ? {} : { at }) } } : {}
  }
  const expiresAt = dayOf(properties['token_expires_at'])
  const lastUsed = dayOf(properties['token_last_used_at'])
  return { ...(expiresAt === undefined ? {} : { expiresAt }), ...(lastUsed === undefined ? {} : { lastUsed }) }
}

/** An RFC 3339 time in UTC, as the GitHub API writes it; undefined for anything else. */
function dayOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/u.test(value)) return undefined
  const time = new Date(value)
  return Number.isNaN(time.getTime()) || !time.toISOString().startsWith(value.slice(0, 10)) ? undefined : value
}
