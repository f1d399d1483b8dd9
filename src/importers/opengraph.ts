/**
 * BloodHound OpenGraph: nodes and edges from any collector that writes the format (GitHub, Okta, Entra and others).
 * https://bloodhound.specterops.io/opengraph/developer/nodes-and-edges
 *
 * Kinds are read through the tables of `opengraph-kinds.ts`. A kind that no table knows is reported; it is followed
 * only where the file itself says that it can be traversed.
 */
import type { Capability } from '#contract/vocabulary.ts'
import type { Fact, FactOf } from '#model/facts.ts'
import type { ImportDiagnostic, Imported, Importer } from './importer.ts'
import { INSTALLATION_PERMISSIONS } from './opengraph-kinds.ts'
import type { EdgeMeaning, Shape } from './opengraph-meaning.ts'
import { type GraphEdge, type GraphNode, Payload, Tally, readGraph } from './opengraph-graph.ts'
import { type Draft, nodeFacts } from './opengraph-nodes.ts'

export const opengraph: Importer<typeof Payload> = {
  source: 'opengraph',
  title: 'BloodHound OpenGraph payload',
  recognises: (root) =>
    typeof root === 'object' &&
    root !== null &&
    'graph' in root &&
    typeof root.graph === 'object' &&
    root.graph !== null &&
    'nodes' in root.graph &&
    'edges' in root.graph,
  schema: Payload,
  facts: factsOf,
}

interface Work {
  readonly drafts: ReadonlyMap<GraphNode, Draft>
  /** entitlements by holder, target and kinds that may be reset */
  readonly rights: Map<
    string,
    { readonly fact: FactOf<'entitlement'>; readonly pointer: string; readonly labels: Set<string> }
  >
  readonly rules: Imported[]
  /** edges of kinds that give nothing, counted by kind */
  readonly quiet: Map<string, number>
  readonly tally: Tally
}

function* factsOf(payload: Payload): Iterable<Imported> {
  const { nodes, edges, reports } = readGraph(payload)
  const work: Work = {
    drafts: new Map(
      nodes.map((node) => [
        node,
        {
          memberOf: new Set(),
          runsAs: new Set(),
          uses: new Set(),
          deploysTo: new Set(),
          opens: new Set(),
          governs: new Set(),
          in: undefined,
        },
      ]),
    ),
    rights: new Map(),
    rules: [],
    quiet: new Map(),
    tally: new Tally(),
  }
  for (const edge of edges) addEdge(work, edge)
  addGoverned(work, nodes)
  for (const node of nodes) yield* nodeFacts(node, work.drafts.get(node)!)
  for (const { fact, pointer, labels } of work.rights.values()) {
    yield { fact: { ...fact, right: [...labels].join(', ').slice(0, 512) }, pointer }
  }
  yield* work.rules
  yield* reports
  yield* work.tally.reports()
  if (work.quiet.size > 0) yield { diagnostic: quietOf(work.quiet), pointer: '/graph/edges' }
}

function addEdge(work: Work, edge: GraphEdge): void {
  const { kind, start, end, meaning, traversable, pointer } = edge
  if (meaning === undefined) {
    const followed = traversable === true && addShape(work, edge, { shape: 'implies' })
    const does = followed ? 'followed, for the file says that it can be traversed' : 'not followed'
    work.tally.add(
      'edge_kind_unknown',
      `edges of kind \`${kind}\`, which Ambit does not know, are ${does}`,
      pointer,
      'warning',
    )
    return
  }
  if (kind === 'GH_CanAccess') {
    for (const one of installationRights(start)) addShape(work, edge, one)
    return
  }
  if (meaning.shape === 'nothing') {
    work.quiet.set(kind, (work.quiet.get(kind) ?? 0) + 1)
  } else if (!addShape(work, edge, meaning)) {
    const ends = `${start.kinds[0] ?? 'unknown'} and ${end.kinds[0] ?? 'unknown'}`
    work.tally.add('edge_misfit', `edges of kind \`${kind}\` between ${ends} say nothing that Ambit counts`, pointer)
  }
}

/** Kinds of edge that give nothing that Ambit counts, all in one report. */
function quietOf(quiet: ReadonlyMap<string, number>): ImportDiagnostic {
  const list = Array.from(quiet, ([kind, count]) => `${kind} (${count})`).toSorted()
  const message = `edges of these kinds give nothing that Ambit counts: ${list.join(', ')}`
  return {
    code: 'edges_without_reach',
    level: 'info',
    message,
    remedy: 'state what they give as facts of your own, if it matters',
  }
}

/** Writes down what the edge means; false when its ends are not what the shape asks for. */
function addShape(work: Work, edge: GraphEdge, meaning: EdgeMeaning): boolean {
  const { start, end } = edge
  const [from, to] = [start.meaning?.fact, end.meaning?.fact]
  // a right may name what another file declares; every other shape is a field of the start or the end
  if (meaning.shape === 'right' && from !== 'resource' && from !== 'secret') return addRight(work, edge, meaning)
  if (from === undefined || to === undefined) return false
  const [first, last] = [work.drafts.get(start)!, work.drafts.get(end)!]
  const shape: Shape = from === 'resource' && meaning.ofResource !== undefined ? meaning.ofResource : meaning.shape
  const joins = (a: string, b: string) => from === a && to === b
  const acts = from === 'account' || from === 'group' || from === 'role'
  // what is said of a node of another file cannot be a field of it here: a rule says the same of members and secrets
  const field = (node: GraphNode, add: () => true): boolean => {
    if (!node.foreign) return add()
    const [body, head] = shape === 'openedBy' ? [end, start] : [start, end]
    const sayable = shape === 'member' || shape === 'opens' || shape === 'openedBy'
    if (sayable) work.rules.push(ruleOf(edge, body, head))
    return sayable
  }
  switch (shape) {
    case 'member':
      return acts && (to === 'group' || to === 'role') && field(start, () => added(first.memberOf, end.id))
    case 'contains':
      if (joins('resource', 'resource')) return !end.foreign && placed(work, start, end)
      // a secret given to whatever runs there; a token kept there for somebody cannot be read back
      if (joins('resource', 'secret')) return isGiven(end) && field(start, () => added(first.uses, end.id))
      return (
        from === 'group' && (to === 'account' || to === 'group') && field(end, () => added(last.memberOf, start.id))
      )
    case 'runsAs':
      return joins('resource', 'account') && field(start, () => added(first.runsAs, end.id))
    case 'uses':
      return joins('resource', 'secret') && field(start, () => added(first.uses, end.id))
    case 'deploysTo':
      return joins('resource', 'resource') && field(start, () => added(first.deploysTo, end.id))
    case 'builtFrom':
      return joins('resource', 'resource') && field(end, () => added(last.deploysTo, start.id))
    case 'opens':
      return joins('secret', 'account') && field(start, () => added(first.opens, end.id))
    case 'openedBy':
      return joins('account', 'secret') && field(end, () => added(last.opens, start.id))
    case 'implies':
      work.rules.push(ruleOf(edge, start, end))
      return true
    case 'right': // its holder is a resource or a secret
      return false
    case 'nothing':
      return true
  }
}

const isGiven = ({ meaning }: GraphNode) => meaning?.fact === 'secret' && meaning.kind === 'other'

function added(set: Set<string>, id: string): true {
  set.add(id)
  return true
}

/** Puts the end into the start, unless it lies elsewhere already or the start lies in it. */
function placed({ drafts }: Work, start: GraphNode, end: GraphNode): boolean {
  const inside = drafts.get(end)!
  if (inside.in !== undefined) return inside.in === start
  for (let above: GraphNode | undefined = start; above !== undefined; above = drafts.get(above)!.in) {
    if (above === end) return false
  }
  inside.in = start
  return true
}

function addRight(
  { rights }: Work,
  { kind, start, end, pointer }: GraphEdge,
  { gives = [], resets }: EdgeMeaning,
): true {
  const key = `${start.id}\n${end.id}\n${resets?.join(',') ?? ''}`
  const known = rights.get(key)
  const capabilities = new Set<Capability>([...(known?.fact.capabilities ?? []), ...gives])
  const fact: FactOf<'entitlement'> = {
    fact: 'entitlement',
    holder: start.id,
    on: end.id,
    capabilities: [...capabilities],
    ...(resets === undefined ? {} : { resets: [...resets] }),
  }
  rights.set(key, { fact, pointer: known?.pointer ?? pointer, labels: new Set([...(known?.labels ?? []), kind]) })
  return true
}

/** Whoever has the body has the head, because of the edge. */
function ruleOf({ kind, pointer }: GraphEdge, body: GraphNode, head: GraphNode): Imported {
  const local = ({ id }: GraphNode) => id.slice('opengraph:'.length)
  const id = `opengraph:edge/${kind}/${local(body)}/${local(head)}`
  const fact: Fact = { fact: 'rule', id, then: head.id, when: body.id, reason: kind }
  return { fact, pointer }
}

/** What the permissions of an app installation amount to; the node carries them as JSON, e.g. `{"contents":"write"}`. */
function installationRights({ properties }: GraphNode): EdgeMeaning[] {
  try {
    const text = properties['permissions']
    const permissions: unknown = JSON.parse(typeof text === 'string' ? text : '{}')
    if (typeof permissions !== 'object' || permissions === null) return []
    return Object.entries(permissions).flatMap(
      ([name, level]) => INSTALLATION_PERMISSIONS[`${name}:${String(level)}`] ?? [],
    )
  } catch {
    return []
  }
}

/** An authentication policy decides over the users of its tenant. */
function addGoverned({ drafts }: Work, nodes: readonly GraphNode[]): void {
  for (const policy of nodes) {
    if (!policy.kinds.includes('AZAuthenticationPolicy')) continue
    for (const user of nodes) {
      const same = user.kinds.includes('AZUser') && user.properties['tenantid'] === policy.properties['tenantid']
      if (same && policy.properties['tenantid'] !== undefined) drafts.get(policy)!.governs.add(user.id)
    }
  }
}
