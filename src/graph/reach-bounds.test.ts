import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryMasks, arbitrarySystem, systemOf } from './arbitrary.ts'
import { closure } from './closure.ts'
import { buildProgram, type Program } from './program.ts'
import { boundsOf, leastRank, sureRank } from './reach-bounds.ts'
import { turnedAll, turnedEdges } from './turned.ts'

function checkBounds(program: Program, laneMasks: Uint32Array): void {
  const bounds = boundsOf(program, laneMasks)
  const sure = closure(turnedEdges(program), laneMasks)
  const most = closure(turnedAll(program), laneMasks)
  for (let v = 0; v < program.nodeCount; v++) {
    assert.equal(bounds.lanes[2 * v], sure.masks[v])
    assert.equal(bounds.lanes[2 * v + 1], most.masks[v])
    for (let lane = 0; lane < 32; lane++) {
      assert.equal(sureRank(bounds, v, lane), sure.ranks[v * 32 + lane])
      assert.equal(leastRank(bounds, v, lane), most.ranks[v * 32 + lane])
    }
  }
}

suite('bounds on what nodes reach', () => {
  test('one pass finds what two closures do: over plain edges, and over gates as though any of their body sufficed', () => {
    const nodes = 12
    fc.assert(
      fc.property(arbitrarySystem(nodes), arbitraryMasks(nodes, [0, 7, 31]), (system, masks) => {
        checkBounds(buildProgram(system), masks.subarray(0, system.nodeCount))
      }),
      { numRuns: 5000 },
    )
  })

  test('nodes beyond the last rank that is told apart, and thousands of rows, are no exception', () => {
    const length = 3000
    const rules = Array.from({ length: length - 1 }, (_, v) => ({ head: v + 1, needs: 1, body: [v] }))
    const gates = Array.from({ length: length - 50 }, (_, v) => ({ head: v + 50, needs: 2, body: [v, v + 1] }))
    const laneMasks = new Uint32Array(length)
    laneMasks[length - 1] = 1
    laneMasks[100] = 2
    checkBounds(buildProgram(systemOf(length, [...rules, ...gates])), laneMasks)
  })
})
