import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryMasks, arbitrarySystem, flawOf, systemOf } from './arbitrary.ts'
import { closure, LATEST, NEVER, proofOf } from './closure.ts'
import { buildProgram } from './program.ts'
import { ranksByDefinition } from './reference.ts'
import type { RuleSystem } from './rules.ts'

const NODES = 9

/** Compares one lane with the definition, and checks a proof of everything that holds in it. */
function checkLane(system: RuleSystem, seeds: Uint32Array, lanes: number, lane: number): void {
  const program = buildProgram(system)
  const found = closure(program, seeds, lanes)
  const isSeeded = (node: number): boolean => ((seeds[node] >>> lane) & 1) === 1
  const axiomless = ((lanes >>> lane) & 1) === 0
  const own = axiomless ? withoutAxioms(system) : system
  const expected = ranksByDefinition(own, [...seeds.keys()].filter(isSeeded))
  for (let node = 0; node < system.nodeCount; node++) {
    const rank = expected.get(node)
    assert.equal((found.masks[node] >>> lane) & 1, rank === undefined ? 0 : 1)
    assert.equal(found.ranks[node * 32 + lane], rank === undefined ? NEVER : Math.min(rank, LATEST))
    if (rank === undefined) assert.throws(() => proofOf(program, found, node, lane), RangeError)
    else assert.equal(flawOf(own, proofOf(program, found, node, lane), node, isSeeded), null)
  }
}

/** The same rules, those that need nothing made impossible. */
function withoutAxioms(system: RuleSystem): RuleSystem {
  return { ...system, needs: system.needs.map((needs) => (needs === 0 ? 1000 : needs)) }
}

suite('what follows from the seeds', () => {
  test('R3: every attacker gets what the definition says, at the step it says, with a proof', () => {
    const lanes = [0, 5, 31]
    fc.assert(
      fc.property(
        arbitrarySystem(NODES),
        arbitraryMasks(NODES, lanes),
        fc.constantFrom(...lanes),
        (system, masks, lane) => {
          checkLane(system, masks.subarray(0, system.nodeCount), 0xffffffff, lane)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('R6: every owner gets back in as the definition says, whichever lanes are in use', () => {
    const lanes = [1, 30]
    fc.assert(
      fc.property(
        arbitrarySystem(NODES),
        arbitraryMasks(NODES, lanes),
        fc.constantFrom(...lanes),
        (system, masks, lane) => {
          checkLane(system, masks.subarray(0, system.nodeCount), 1 << 30, lane)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('lanes do not disturb each other', () => {
    const lanes = Array.from({ length: 32 }, (_, lane) => lane)
    fc.assert(
      fc.property(arbitrarySystem(NODES), arbitraryMasks(NODES, lanes), (system, masks) => {
        const seeds = masks.subarray(0, system.nodeCount)
        const together = closure(buildProgram(system), seeds)
        for (const lane of lanes) {
          const alone = closure(
            buildProgram(system),
            seeds.map((mask) => mask & (1 << lane)),
            1 << lane,
          )
          for (let v = 0; v < system.nodeCount; v++) {
            assert.equal(together.ranks[v * 32 + lane], alone.ranks[v * 32 + lane])
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a rule over many body nodes fires with the last that it needs', () => {
    for (const needs of [2, 3, 4, 5, 7, 8, 9, 31, 40]) {
      const size = 40
      const body = Array.from({ length: size }, (_, v) => v)
      const chain = body.slice(1).map((head) => ({ head, needs: 1, body: [head - 1] }))
      const program = buildProgram(systemOf(size + 1, [{ head: size, needs, body: [...body, ...body] }, ...chain]))
      const seeds = new Uint32Array(size + 1)
      seeds[0] = 0b11
      assert.equal(closure(program, seeds).ranks[size * 32], needs)
    }
  })

  test('a proof is right beyond the last rank that is told apart', () => {
    const length = 600
    const chain = Array.from({ length: length - 1 }, (_, v) => ({ head: v + 1, needs: 1, body: [v] }))
    const backwards = Array.from({ length: length - 1 }, (_, v) => ({ head: v, needs: 1, body: [v + 1] }))
    const system = systemOf(length + 1, [...backwards, ...chain, { head: length, needs: 2, body: [400, length - 1] }])
    const program = buildProgram(system)
    const seeds = new Uint32Array(length + 1)
    seeds[0] = 1 << 7
    const found = closure(program, seeds)
    assert.equal(found.ranks[length * 32 + 7], LATEST)
    const steps = proofOf(program, found, length, 7)
    assert.equal(steps.length, length)
    assert.equal(
      flawOf(system, steps, length, (node) => node === 0),
      null,
    )
  })

  test('seeds that do not match the nodes are refused', () => {
    assert.throws(() => closure(buildProgram(systemOf(2, [])), new Uint32Array(3)), RangeError)
  })
})
