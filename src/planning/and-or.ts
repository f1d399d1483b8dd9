import { AmbitError } from '#lib/errors.ts'
import type { RuleSystem } from '#graph/rules.ts'
import type { CutProblem } from './cut.ts'

/** An AND/OR graph as META4ICS writes it (github.com/mbarrere/meta4ics), with the names of its nodes. */
export interface AndOrGraph extends CutProblem {
  readonly names: readonly string[]
}

interface FileNode {
  readonly id: string
  readonly type?: string | null
  readonly value?: string | number
  readonly measures?: readonly { readonly id: string; readonly type?: string }[] | null
}
interface FileEdge {
  readonly source: string
  readonly target: string
}

/**
 * Reads the text of an AND/OR graph: `graph.nodes` with `id`, `type` (`and` needs all that lead to it, any other type
 * one of them) and `value` (what cutting it costs; `inf` or `none` where it cannot be), `graph.edges`, `graph.target`,
 * and `graph.source`; without a source, nodes that nothing leads to hold by themselves.
 *
 * A node with `measures` is cut when its own value and every measure on it are paid for, and a measure that guards
 * several nodes is paid for once; `graph.measures` has the cost of each type. Values of edges are not read.
 *
 * @throws {AmbitError} `input_invalid`
 */
export function readAndOr(text: string, file: string): AndOrGraph {
  const { nodes, edges, target, source, measures } = graphOf(text, file)
  const names: string[] = []
  const costs: number[] = []
  const indexOf = new Map<string, number>()
  const add = (name: string, cost: number): number => {
    indexOf.set(name, names.length)
    costs.push(cost)
    return names.push(name) - 1
  }
  const rules: { head: number; needs: number; body: readonly number[] }[] = []
  for (const node of nodes) {
    if (indexOf.has(node.id)) refuse(file, `node \`${node.id}\` is there twice`)
    add(node.id, costOf(node.value, `node \`${node.id}\``, file))
  }
  const nodeOf = (id: string, what: string): number => indexOf.get(id) ?? refuse(file, `${what} \`${id}\` is no node`)
  const bodies: Set<number>[] = nodes.map(() => new Set<number>())
  for (const edge of edges) {
    const from = nodeOf(edge.source, 'the source of an edge,')
    const to = nodeOf(edge.target, 'the target of an edge,')
    bodies[to]!.add(from)
  }
  const goal = nodeOf(target, 'the target')
  const given = source === undefined ? null : nodeOf(source, 'the source')
  const priceOf = new Map(measures.map(({ id, cost }) => [id, costOf(cost, `measure \`${id}\``, file)]))
  nodes.forEach((node, head) => {
    const body = [...bodies[head]!]
    const holds = given === null ? body.length === 0 : head === given
    const guards = (node.measures ?? []).map((measure) => {
      const name = `measure ${measure.id}`
      const known = indexOf.get(name)
      if (known !== undefined) return known
      const cost = priceOf.get(measure.type ?? measure.id)
      if (cost === undefined) return refuse(file, `measure \`${measure.id}\` has no cost under \`graph.measures\``)
      const guard = add(name, cost)
      rules.push({ head: guard, needs: 0, body: [] })
      return guard
    })
    const needs = holds ? 0 : node.type?.toLowerCase() === 'and' ? body.length : 1
    const own = costs[head]!
    if (guards.length === 0 || own === Infinity) {
      if (holds || body.length > 0) rules.push({ head, needs, body: holds ? [] : body })
      return
    }
    // the node holds while what leads to it does and something that guards it, or the node itself, is not paid for
    costs[head] = Infinity
    const unpaid = add(`guards of ${node.id}`, Infinity)
    if (own > 0) {
      const itself = add(`${node.id} itself`, own)
      rules.push({ head: itself, needs: 0, body: [] })
      guards.push(itself)
    }
    rules.push({ head: unpaid, needs: 1, body: guards })
    if (holds) rules.push({ head, needs: 1, body: [unpaid] })
    else if (body.length > 0) {
      const led = add(`what leads to ${node.id}`, Infinity)
      rules.push({ head: led, needs, body }, { head, needs: 2, body: [led, unpaid] })
    }
  })
  return { names, costs, goal, system: systemOf(names.length, rules) }
}

function graphOf(text: string, file: string) {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return refuse(file, `it is not JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  const graph = isRecord(value) ? value['graph'] : undefined
  if (!isRecord(graph)) return refuse(file, 'it has no `graph`')
  const { nodes, edges, target } = graph
  const source = graph['source'] ?? undefined // some writers put null where nothing is stated
  const measures = graph['measures'] ?? []
  if (!Array.isArray(nodes) || !nodes.every((each) => isRecord(each) && typeof each['id'] === 'string')) {
    return refuse(file, '`graph.nodes` is no list of nodes with an `id`')
  }
  for (const node of nodes as readonly Record<string, unknown>[]) {
    const { id, type, measures: guards } = node
    if (type !== undefined && type !== null && typeof type !== 'string') {
      return refuse(file, `the \`type\` of node \`${String(id)}\` is no text`)
    }
    const named = (each: unknown) => isRecord(each) && typeof each['id'] === 'string'
    if (guards !== undefined && guards !== null && !(Array.isArray(guards) && guards.every(named))) {
      return refuse(file, `\`measures\` of node \`${String(id)}\` is no list of measures with an \`id\``)
    }
  }
  const isEdge = (each: unknown) =>
    isRecord(each) && typeof each['source'] === 'string' && typeof each['target'] === 'string'
  if (!Array.isArray(edges) || !edges.every(isEdge))
    return refuse(file, '`graph.edges` is no list of `source` and `target`')
  if (typeof target !== 'string') return refuse(file, '`graph.target` is not stated')
  if (source !== undefined && typeof source !== 'string') return refuse(file, '`graph.source` is no text')
  if (!Array.isArray(measures)) return refuse(file, '`graph.measures` is no list')
  return {
    nodes: nodes as FileNode[],
    edges: edges as FileEdge[],
    target,
    source,
    measures: measures as { id: string; cost?: string | number }[],
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function refuse(file: string, why: string): never {
  throw new AmbitError('input_invalid', `\`${file}\` is no AND/OR graph: ${why}; docs/plan.md shows the format`, {
    file,
  })
}

function costOf(value: unknown, what: string, file: string): number {
  if (value === undefined || value === null) return Infinity
  if (typeof value === 'string' && /^(?:inf|infinity|none)$/i.test(value)) return Infinity
  const cost =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  if (!(cost >= 0)) return refuse(file, `${what} has the cost ${JSON.stringify(value).slice(0, 40)}`)
  return cost
}

function systemOf(
  nodeCount: number,
  rules: readonly { readonly head: number; readonly needs: number; readonly body: readonly number[] }[],
): RuleSystem {
  const bodyOffsets = new Uint32Array(rules.length + 1)
  rules.forEach(({ body }, r) => (bodyOffsets[r + 1] = bodyOffsets[r]! + body.length))
  return {
    nodeCount,
    heads: Uint32Array.from(rules, ({ head }) => head),
    needs: Uint16Array.from(rules, ({ needs }) => needs),
    bodyOffsets,
    bodies: Uint32Array.from(rules.flatMap(({ body }) => body)),
  }
}
