import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { componentsOf, condense } from './scc.ts'
import type { Rows } from './scc.ts'

type Edge = readonly [number, number]

function rowsOf(nodeCount: number, edges: readonly Edge[]): Rows {
  const byRow = Array.from({ length: nodeCount }, (_, u) => edges.filter(([from]) => from === u).map(([, to]) => to))
  const offsets = new Uint32Array(nodeCount + 1)
  byRow.forEach((row, u) => (offsets[u + 1] = offsets[u]! + row.length))
  return { offsets, targets: Uint32Array.from(byRow.flat()) }
}

/** Who reaches whom, by the definition: Warshall's three loops. */
function reachable(nodeCount: number, edges: readonly Edge[]): boolean[][] {
  const reach = Array.from({ length: nodeCount }, (_, u) => Array.from({ length: nodeCount }, (_unused, v) => u === v))
  for (const [u, v] of edges) reach[u]![v] = true
  for (let k = 0; k < nodeCount; k++)
    for (let u = 0; u < nodeCount; u++)
      for (let v = 0; v < nodeCount; v++) if (reach[u]![k] && reach[k]![v]) reach[u]![v] = true
  return reach
}

const arbitraryGraph = fc.integer({ min: 1, max: 12 }).chain((nodeCount) => {
  const node = fc.nat(nodeCount - 1)
  return fc.record({ nodeCount: fc.constant(nodeCount), edges: fc.array(fc.tuple(node, node), { maxLength: 30 }) })
})

suite('strongly connected components', () => {
  test('two nodes share a component exactly if each reaches the other', () => {
    fc.assert(
      fc.property(arbitraryGraph, ({ nodeCount, edges }) => {
        const { of, count } = componentsOf(nodeCount, rowsOf(nodeCount, edges))
        const reach = reachable(nodeCount, edges)
        for (let u = 0; u < nodeCount; u++) {
          for (let v = 0; v < nodeCount; v++) assert.equal(of[u] === of[v], reach[u]![v]! && reach[v]![u]!)
        }
        assert.deepEqual(
          [...new Set(of)].toSorted((a, b) => a - b),
          Array.from({ length: count }, (_, c) => c),
        )
      }),
      { numRuns: 3_000 },
    )
  })

  test('the condensed graph has each edge between components once, and edges lead to smaller numbers', () => {
    fc.assert(
      fc.property(arbitraryGraph, ({ nodeCount, edges }) => {
        const rows = rowsOf(nodeCount, edges)
        const components = componentsOf(nodeCount, rows)
        const { of, count } = components
        const { offsets, targets } = condense(nodeCount, rows, components)
        const found: string[] = []
        for (let c = 0; c < count; c++) {
          for (let i = offsets[c]!; i < offsets[c + 1]!; i++) {
            assert.ok(targets[i]! < c)
            found.push(`${c} ${targets[i]}`)
          }
        }
        const expected = new Set(edges.filter(([u, v]) => of[u] !== of[v]).map(([u, v]) => `${of[u]} ${of[v]}`))
        assert.deepEqual(found.toSorted(), [...expected].toSorted())
      }),
      { numRuns: 3_000 },
    )
  })
})
