/**
 * A BloodHound OpenGraph payload, read leniently: what strays from the format is counted and reported, and what the
 * edges refer to outside the file gets a place of its own.
 * Source: BloodHound documentation, "OpenGraph: nodes and edges"; JSON schema v8.
 */
import Type, { type Static } from 'typebox'
import type { Imported } from './importer.ts'
import { BY_NAME, KIND_TABLES } from './opengraph-kinds.ts'
import type { EdgeMeaning, NodeMeaning } from './opengraph-meaning.ts'

const Properties = Type.Optional(Type.Union([Type.Null(), Type.Record(Type.String(), Type.Unknown())]))
const End = Type.Object({
  value: Type.Optional(Type.Unknown()),
  match_by: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  property_matchers: Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: Type.Unknown() }))),
})

/** The fields used; everything else is allowed. */
export const Payload = Type.Object({
  metadata: Type.Optional(Type.Unknown()),
  graph: Type.Object({
    nodes: Type.Array(Type.Object({ id: Type.String(), kinds: Type.Array(Type.String()), properties: Properties })),
    edges: Type.Array(Type.Object({ kind: Type.String(), start: End, end: End, properties: Properties })),
  }),
})
export type Payload = Static<typeof Payload>
type End = Static<typeof End>

/** A node of the file, or one that its edges refer to and another collector declares. */
export interface GraphNode {
  readonly id: string
  /** undefined where neither the file nor the edge says what it is */
  readonly meaning: NodeMeaning | undefined
  readonly kinds: readonly string[]
  readonly properties: Readonly<Record<string, unknown>>
  readonly pointer: string
  readonly foreign: boolean
}

export interface GraphEdge {
  readonly kind: string
  readonly start: GraphNode
  readonly end: GraphNode
  readonly traversable: boolean | undefined
  /** undefined: no table knows the kind */
  readonly meaning: EdgeMeaning | undefined
  readonly pointer: string
}

const NODE_MEANINGS = new Map(KIND_TABLES.flatMap(({ nodes }) => Object.entries(nodes)))
const EDGE_MEANINGS = new Map(KIND_TABLES.flatMap(({ edges }) => Object.entries(edges)))
const SOURCE_ID = (id: string) => `opengraph:${id}`

/** Nodes and edges, each edge once, with everything that strays from the format. */
export function readGraph(payload: Payload): { nodes: GraphNode[]; edges: GraphEdge[]; reports: Imported[] } {
  const tally = new Tally()
  strays(payload, tally)
  const nodes = new Map<string, GraphNode>()
  for (const [i, { id, kinds, properties }] of payload.graph.nodes.entries()) {
    const pointer = `/graph/nodes/${i}`
    if (nodes.has(id)) tally.add('node_repeated', `node ids occur more than once; the first is taken`, pointer)
    else
      nodes.set(id, {
        id: SOURCE_ID(id),
        meaning: meaningOf(kinds, pointer, tally),
        kinds,
        properties: properties ?? {},
        pointer,
        foreign: false,
      })
  }
  const find = finder(nodes, tally)
  const seen = new Set<string>()
  const edges: GraphEdge[] = []
  for (const [i, { kind, start, end, properties }] of payload.graph.edges.entries()) {
    const pointer = `/graph/edges/${i}`
    const from = find(start, `${pointer}/start`)
    const to = find(end, `${pointer}/end`)
    if (from === undefined || to === undefined) continue
    const key = `${kind}\n${from.id}\n${to.id}`
    if (seen.has(key)) {
      tally.add('edge_repeated', 'edges repeat an earlier one; each is taken once', pointer)
      continue
    }
    seen.add(key)
    if (from === to) {
      tally.add('edge_to_itself', 'edges lead from a node to itself; they give nothing', pointer)
      continue
    }
    const given = properties?.['traversable']
    const traversable = typeof given === 'boolean' ? given : undefined
    edges.push({ kind, start: from, end: to, traversable, meaning: EDGE_MEANINGS.get(kind), pointer })
  }
  return { nodes: [...nodes.values(), ...find.foreign.values()], edges, reports: tally.reports() }
}

/** What the first known kind of a node says; else, what the name of its first kind says. */
function meaningOf(kinds: readonly string[], pointer: string, tally: Tally): NodeMeaning | undefined {
  for (const kind of kinds) if (NODE_MEANINGS.has(kind)) return NODE_MEANINGS.get(kind)
  const [first] = kinds
  if (first === undefined) return undefined
  const [, meaning] = BY_NAME.find(([pattern]) => pattern.test(first)) ?? []
  const taken = meaning === undefined ? 'nothing' : meaning.fact
  tally.add(
    'node_kind_unknown',
    `nodes of kind \`${first}\`, which Ambit does not know, are taken as ${taken}`,
    pointer,
  )
  return meaning
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** Finds what an end of an edge refers to; ends that the file does not hold are kept in `foreign`. */
function finder(nodes: ReadonlyMap<string, GraphNode>, tally: Tally) {
  const foreign = new Map<string, GraphNode>()
  const upper = new Map([...nodes].map(([id, node]) => [id.toUpperCase(), node]))
  const byProperty = propertyIndex([...nodes.values()])
  const matches = (node: GraphNode, key: string, value: unknown) =>
    typeof value === 'string' && textOf(node.properties[key])?.toLowerCase() === value.toLowerCase()
  const place = (id: string, kind: string | undefined, properties: GraphNode['properties'], pointer: string) => {
    let node = foreign.get(id)
    if (node === undefined) {
      const kinds = kind === undefined ? [] : [kind]
      node = { id: SOURCE_ID(id), meaning: meaningOf(kinds, pointer, tally), kinds, properties, pointer, foreign: true }
      foreign.set(id, node)
      const what = kind === undefined ? 'of no stated kind' : `of kind \`${kind}\``
      tally.add(
        'node_elsewhere',
        `ends of edges, ${what}, are not in this file; nothing more is known of them`,
        pointer,
      )
    }
    return node
  }
  const find = ({ value, match_by = 'id', kind, property_matchers }: End, pointer: string): GraphNode | undefined => {
    const matchers = property_matchers ?? (match_by === 'name' ? [{ key: 'name', value }] : undefined)
    if (matchers === undefined && match_by !== 'property') {
      if (typeof value === 'string')
        return nodes.get(value) ?? upper.get(value.toUpperCase()) ?? place(value, kind, {}, pointer)
    } else if (matchers !== undefined && matchers.length > 0) {
      const found = byProperty(matchers[0]!.key, matchers[0]!.value).filter(
        (node) =>
          (kind === undefined || node.kinds.includes(kind)) &&
          matchers.every((one) => matches(node, one.key, one.value)),
      )
      if (found.length === 1) return found[0]
      if (found.length === 0) {
        const name = matchers.map((one) => `${one.key}=${String(one.value)}`).join(',')
        const label =
          matchers.length === 1 && typeof matchers[0]!.value === 'string' ? { name: matchers[0]!.value } : {}
        return place(`${kind ?? 'node'}/${name}`, kind, label, pointer)
      }
      tally.add('end_ambiguous', 'ends of edges match several nodes; those edges are left out', pointer)
      return undefined
    }
    tally.add('end_unreadable', 'ends of edges name no node; those edges are left out', pointer)
    return undefined
  }
  return Object.assign(find, { foreign })
}

/** Nodes by the text of one property, whatever its case; each property is indexed when first asked for. */
function propertyIndex(nodes: readonly GraphNode[]): (key: string, value: unknown) => readonly GraphNode[] {
  const indexes = new Map<string, Map<string, GraphNode[]>>()
  return (key, value) => {
    let index = indexes.get(key)
    if (index === undefined) {
      indexes.set(key, (index = new Map()))
      for (const node of nodes) {
        const text = textOf(node.properties[key])?.toLowerCase()
        if (text === undefined) continue
        const alike = index.get(text)
        if (alike) alike.push(node)
        else index.set(text, [node])
      }
    }
    return (typeof value === 'string' && index.get(value.toLowerCase())) || []
  }
}

/** Where real payloads stray from the format: read all the same, and said. */
function strays({ metadata, graph }: Payload, tally: Tally): void {
  if (typeof metadata === 'object' && metadata !== null) {
    for (const [key, value] of Object.entries(metadata)) {
      const allowed = key === 'source_kind' && typeof value === 'string'
      if (!allowed) tally.add('metadata_stray', `\`${key}\` does not belong in the metadata`, '/metadata')
    }
  }
  for (const [i, { id, kinds, properties }] of graph.nodes.entries()) {
    const pointer = `/graph/nodes/${i}`
    if (id.includes(':'))
      tally.add('id_with_colon', 'node ids hold a colon, which BloodHound cannot search for', pointer)
    if (kinds.length > 3) tally.add('kinds_too_many', 'nodes have more than three kinds', pointer)
    if (properties != null && 'objectid' in properties)
      tally.add('property_forbidden', 'nodes carry the forbidden property `objectid`', pointer)
  }
  for (const [i, { kind }] of graph.edges.entries()) {
    const plain = /^[A-Za-z0-9_]+$/u.test(kind) && !/^tag/iu.test(kind)
    if (!plain) tally.add('edge_kind_stray', 'edge kinds are not plain words, or begin with `tag`', `/graph/edges/${i}`)
  }
}

/** Counts of what was noticed, by code and sentence, each told once with its first place. */
export class Tally {
  readonly #counts = new Map<
    string,
    { code: string; text: string; pointer: string; count: number; level: 'info' | 'warning' }
  >()

  add(code: string, text: string, pointer: string, level: 'info' | 'warning' = 'info'): void {
    const key = `${code}\n${text}`
    const known = this.#counts.get(key)
    if (known) known.count++
    else this.#counts.set(key, { code, text, pointer, count: 1, level })
  }

  reports(): Imported[] {
    return Array.from(this.#counts.values(), ({ code, text, pointer, count, level }) => ({
      diagnostic: { code, level, message: `${text} (${count})`, remedy: REMEDIES[code] ?? 'nothing need be done' },
      pointer,
    }))
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  node_elsewhere: 'give the file of the collector that declares them as well',
  node_kind_unknown: 'state what such nodes are as facts of your own',
  edge_kind_unknown: 'state what such edges give as entitlements or rules of your own',
  end_ambiguous: 'name the node by its id',
  end_unreadable: 'name the node by its id',
}
