import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AmbitError } from '#lib/errors.ts'
import { readAndOr } from './and-or.ts'
import { cheapestCut, type CutAnswer } from './cut.ts'
import { loadSolver } from './solver.ts'

const solver = await loadSolver()

const node = (id: string, type: string, value: unknown, more: object = {}) => ({ id, type, value, ...more })
const edge = (source: string, target: string) => ({ source, target })
const cutOf = (graph: object): CutAnswer & { readonly ids: readonly string[] } => {
  const read = readAndOr(JSON.stringify({ graph }), 'graph.json')
  const answer = cheapestCut(read, { solver, now: () => 0, until: 10_000 })
  return { ...answer, ids: (answer.nodes ?? []).map((v) => read.names[v]!) }
}

const door = { source: 's', target: 't' }
const two = [node('a', 'atomic', '2'), node('b', 'atomic', '3'), node('t', 'actuator', 'inf'), node('s', 'init', 'inf')]
const leads = [edge('s', 'a'), edge('s', 'b'), edge('a', 't'), edge('b', 't')]

test('of a target that several nodes lead to, each alone is enough, so all are cut', () => {
  assert.deepEqual(cutOf({ ...door, nodes: two, edges: leads }).ids, ['a', 'b'])
})

test('what a writer leaves empty as null is as if it were not there', () => {
  const nodes = two.map((each) => ({ ...each, measures: null, icon: null, label: null }))
  const edges = leads.map((each) => ({ ...each, value: null, label: null }))
  assert.equal(cutOf({ ...door, nodes, edges, measures: null }).cost, 5)
  const rooted = cutOf({ target: 't', source: null, nodes: two.slice(0, 3), edges: leads.slice(2), measures: null })
  assert.equal(rooted.cost, 5)
})

test('a cost that is infinite may be written in several ways, and as none', () => {
  for (const value of ['inf', 'Inf', 'INF', 'infinity', 'Infinity', 'none', 'None', null, undefined]) {
    const nodes = [node('a', 'atomic', value), ...two.slice(1)]
    assert.deepEqual(cutOf({ ...door, nodes, edges: leads }), {
      nodes: null,
      cost: Infinity,
      bound: Infinity,
      method: cutOf({ ...door, nodes, edges: leads }).method,
      ids: [],
    })
  }
})

test('types are read without regard to case, edges that stand twice count once, and nodes that lead nowhere not at all', () => {
  const nodes = [...two.slice(0, 2), node('t', 'AND', 'inf'), node('s', 'init', 'inf'), node('x', 'atomic', '1')]
  assert.deepEqual(cutOf({ ...door, nodes, edges: [...leads, ...leads] }).ids, ['a'])
})

test('a measure that guards several nodes is paid for once', () => {
  const nodes = [
    node('a', 'atomic', '0', { measures: [{ id: 'fence-1', type: 'fence' }] }),
    node('b', 'atomic', '1', { measures: [{ id: 'fence-1', type: 'fence' }] }),
    node('t', 'actuator', 'inf'),
    node('s', 'init', 'inf'),
  ]
  const { cost, ids } = cutOf({ ...door, nodes, edges: leads, measures: [{ id: 'fence', cost: '4' }] })
  assert.deepEqual([cost, ids.toSorted()], [5, ['b itself', 'measure fence-1']])
})

test('what is no graph is refused with the file and the place', () => {
  const broken: readonly [graph: object, message: RegExp][] = [
    [{ ...door, nodes: two }, /`graph\.edges`/],
    [{ ...door, edges: leads }, /`graph\.nodes`/],
    [{ nodes: two, edges: leads }, /`graph\.target`/],
    [{ ...door, nodes: [...two, two[0]!], edges: leads }, /node `a` is there twice/],
    [{ ...door, nodes: two, edges: [edge('s', 'z')] }, /the target of an edge, `z` is no node/],
    [{ ...door, nodes: [node('a', 'atomic', 'dear'), ...two.slice(1)], edges: leads }, /node `a` has the cost "dear"/],
    [{ ...door, nodes: [node('a', 'atomic', -1), ...two.slice(1)], edges: leads }, /node `a` has the cost -1/],
    [
      { ...door, nodes: [node('a', 'atomic', 1, { measures: 'm' }), ...two.slice(1)], edges: leads },
      /`measures` of node `a`/,
    ],
    [{ ...door, nodes: [{ ...two[0], type: 7 }, ...two.slice(1)], edges: leads }, /the `type` of node `a`/],
    [
      { ...door, nodes: [node('a', 'atomic', 1, { measures: [{ id: 'm' }] }), ...two.slice(1)], edges: leads },
      /measure `m` has no cost/,
    ],
  ]
  for (const [graph, message] of broken) {
    assert.throws(
      () => readAndOr(JSON.stringify({ graph }), 'graph.json'),
      (error) =>
        error instanceof AmbitError &&
        error.code === 'input_invalid' &&
        message.test(error.message) &&
        /graph\.json/.test(error.message),
      JSON.stringify(graph).slice(0, 80),
    )
  }
})
