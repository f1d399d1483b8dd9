import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryMasks, arbitrarySystem, flawOf, systemOf } from './arbitrary.ts'
import { buildScratch } from './explore.ts'
import { buildProgram } from './program.ts'
import { FARTHEST, reachedAmong, reachFrom, reachLanes, UNREACHED, witness } from './reach.ts'
import { hopsByDefinition, ranksByDefinition } from './reference.ts'
import type { RuleSystem } from './rules.ts'

const NODES = 9
const LANES = [0, 7, 31]

function checkReach(system: RuleSystem, laneMasks: Uint32Array, starts: readonly number[]): void {
  const reach = reachLanes(buildProgram(system), laneMasks, Uint32Array.from(starts))
  const expected = new Map(starts.map((start) => [start, hopsByDefinition(system, laneMasks, start)]))
  starts.forEach((start, i) => {
    for (let lane = 0; lane < 32; lane++) {
      const hops = expected.get(start)!.get(lane)
      assert.equal((reach.masks[i] >>> lane) & 1, hops === undefined ? 0 : 1, `start ${start} lane ${lane}`)
      const shown = hops === undefined ? UNREACHED : Math.min(hops, FARTHEST)
      assert.equal(reach.hops[i * 32 + lane], shown, `start ${start} lane ${lane}`)
    }
  })
}

suite('what an account reaches by itself', () => {
  test('R1: every start reaches the lanes that the definition says, in as many steps', () => {
    fc.assert(
      fc.property(arbitrarySystem(NODES), arbitraryMasks(NODES, LANES), (system, masks) => {
        checkReach(
          system,
          masks.subarray(0, system.nodeCount),
          Array.from({ length: system.nodeCount }, (_, v) => v),
        )
      }),
      { numRuns: 10_000 },
    )
  })

  test('R1: more starts than one pass holds, some asked for twice, in larger systems', () => {
    const nodes = 60
    const starts = fc.array(fc.nat({ max: nodes - 1 }), { maxLength: 90 })
    fc.assert(
      fc.property(arbitrarySystem(nodes), arbitraryMasks(nodes, LANES), starts, (system, masks, some) => {
        checkReach(
          system,
          masks.subarray(0, system.nodeCount),
          some.map((v) => v % system.nodeCount),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('the nodes reached are those of the definition, in order of rank, whatever was asked before', () => {
    fc.assert(
      fc.property(arbitrarySystem(NODES), (system) => {
        const program = buildProgram(system)
        const scratch = buildScratch(program)
        for (let start = 0; start < system.nodeCount; start++) {
          const { nodes, ranks } = reachFrom(program, start, scratch)
          assert.deepEqual(
            new Map(Array.from(nodes, (v, i) => [v, ranks[i]])),
            inOrder(ranksByDefinition(system, [start]), nodes),
          )
          assert.deepEqual(ranks, ranks.toSorted())
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('of some nodes, those are found that are among all that is reached, whatever was asked before', () => {
    fc.assert(
      fc.property(arbitrarySystem(NODES), fc.array(fc.nat(NODES - 1)), (system, picks) => {
        const program = buildProgram(system)
        const scratch = buildScratch(program)
        const wanted = picks.filter((node) => node < system.nodeCount)
        for (let start = 0; start < system.nodeCount; start++) {
          const all = new Set(reachFrom(program, start).nodes)
          assert.deepEqual(reachedAmong(program, start, wanted, scratch), new Set(wanted).intersection(all))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a witness derives a nearest goal from the start alone, the same where it searches only what may lead there', () => {
    fc.assert(
      fc.property(arbitrarySystem(NODES), arbitraryMasks(NODES, [3]), fc.nat(), (system, masks, any) => {
        const program = buildProgram(system)
        const laneMasks = masks.subarray(0, system.nodeCount)
        const start = any % system.nodeCount
        const hops = hopsByDefinition(system, laneMasks, start).get(3)
        if (hops === undefined) {
          assert.throws(() => witness(program, start, { lane: 3, laneMasks }), RangeError)
          return
        }
        const steps = witness(program, start, { lane: 3, laneMasks })
        const scratch = buildScratch(program)
        const goals = new Set([...laneMasks.keys()].filter((v) => laneMasks[v] !== 0))
        assert.deepEqual(witness(program, start, { nodes: goals }), steps)
        const { mayReach } = reachLanes(program, laneMasks, Uint32Array.of(start))
        assert.deepEqual(witness(program, start, { lane: 3, laneMasks, mayReach }, scratch), steps)
        const led = scratch.queue.subarray(0, scratch.size).filter((v) => v !== start && !program.axioms.includes(v))
        assert.ok(led.every((v) => mayReach[v] !== 0))
        const goal = steps.at(-1)?.node ?? start
        if (goals.has(goal)) {
          assert.equal(
            flawOf(system, steps, goal, (v) => v === start),
            null,
          )
          assert.equal(ranksByDefinition(system, [start]).get(goal), hops)
        } else assert.fail(`node ${goal} is no goal`)
      }),
      { numRuns: 10_000 },
    )
  })

  test('the diamond: having asked for the whole does not shorten the answer for a part', () => {
    const edges = [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
      [3, 4],
    ]
    const program = buildProgram(
      systemOf(
        5,
        edges.map(([body, head]) => ({ head, needs: 1, body: [body] })),
      ),
    )
    const scratch = buildScratch(program)
    assert.deepEqual([...reachFrom(program, 0, scratch).nodes].sort(), [0, 1, 2, 3, 4])
    assert.deepEqual([...reachFrom(program, 2, scratch).nodes], [2, 3, 4])
    const laneMasks = Uint32Array.from([0, 0, 0, 0, 1])
    assert.deepEqual([...reachLanes(program, laneMasks, Uint32Array.of(0, 2)).masks], [1, 1])
  })

  test('distances beyond the last that is told apart still count as reached', () => {
    const length = 700
    const chain = Array.from({ length: length - 1 }, (_, v) => ({ head: v + 1, needs: 1, body: [v] }))
    const system = systemOf(length + 1, [...chain, { head: length, needs: 2, body: [100, length - 1] }])
    const laneMasks = new Uint32Array(length + 1)
    laneMasks[length] = 1
    laneMasks[length - 1] = 2
    checkReach(system, laneMasks, [0, 100, 101, 445, 446, 447, length])
  })

  test('starts and masks that do not match the nodes are refused', () => {
    const program = buildProgram(systemOf(2, []))
    assert.throws(() => reachLanes(program, new Uint32Array(2), Uint32Array.of(2)), RangeError)
    assert.throws(() => reachLanes(program, new Uint32Array(1), Uint32Array.of(0)), RangeError)
    assert.throws(() => reachFrom(program, 2), RangeError)
  })
})

/** The same entries, first those of `nodes` in their order, so that maps can be compared with their order. */
function inOrder(ranks: ReadonlyMap<number, number>, nodes: Uint32Array): Map<number, number> {
  return new Map([...Array.from(nodes, (v) => [v, ranks.get(v) ?? -1] as const), ...ranks])
}
