import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryMasks, arbitrarySystem, systemOf, type WrittenRule } from './arbitrary.ts'
import { closure } from './closure.ts'
import { applyEdits, buildIncremental, type Asked, type Edit, type Incremental } from './incremental.ts'
import { allRanks } from './incremental-ranks.ts'
import { buildProgram } from './program.ts'
import { reachLanes } from './reach.ts'
import { hopsByDefinition } from './reference.ts'
import type { RuleSystem } from './rules.ts'

const NODES = 12
const LANES = [0, 1, 5, 30, 31]

/** Rules and questions as they change, each of them written down. */
interface World {
  nodeCount: number
  readonly rules: WrittenRule[]
  laneMasks: Uint32Array
  seeds: Uint32Array
  starts: Set<number>
}

function worldOf(system: RuleSystem, laneMasks: Uint32Array, seeds: Uint32Array): World {
  const rules = Array.from(system.heads, (head, r) => ({
    head,
    needs: system.needs[r]!,
    body: Array.from(system.bodies.subarray(system.bodyOffsets[r], system.bodyOffsets[r + 1])),
  }))
  const { nodeCount } = system
  const starts = new Set(Array.from({ length: nodeCount }, (_, v) => v).filter((v) => v % 3 !== 1))
  return { nodeCount, rules, laneMasks: laneMasks.slice(0, nodeCount), seeds: seeds.slice(0, nodeCount), starts }
}

function build({ nodeCount, rules, laneMasks, seeds, starts }: World, limit?: number): Incremental {
  const asked: Asked = { laneMasks, seeds, starts: Uint32Array.from(starts), ...(limit === undefined ? {} : { limit }) }
  return buildIncremental(buildProgram(systemOf(nodeCount, rules)), asked)
}

/** Any change, said with numbers that mean something in any world. */
const arbitraryChange = fc.record({
  what: fc.constantFrom('add', 'add', 'add', 'remove', 'remove', 'remove', 'again', 'lanes', 'seeds', 'start', 'node'),
  which: fc.nat(1000),
  node: fc.nat(NODES - 1),
  needs: fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 3, 5, 0),
  body: fc.array(fc.nat(NODES - 1), { maxLength: 4 }),
  mask: fc.subarray(LANES).map((lanes) => lanes.reduce((mask, lane) => mask | (1 << lane), 0) >>> 0),
})
type Change = typeof arbitraryChange extends fc.Arbitrary<infer C> ? C : never

/** Makes a change in the world, and says it as edits. */
function editsOf(world: World, { what, which, node, needs, body, mask }: Change): Edit[] {
  const { rules, nodeCount } = world
  const at = which % Math.max(1, rules.length)
  const here = node % nodeCount
  switch (what) {
    case 'add': {
      const rule = { head: here, needs, body: body.map((v) => v % nodeCount) }
      rules.push(rule)
      return [{ edit: 'add', rule }]
    }
    case 'again': {
      const rule = rules[at]
      if (rule === undefined) return []
      rules.push(rule)
      return [{ edit: 'add', rule }]
    }
    case 'remove': {
      const [rule] = rules.splice(at, 1)
      return rule === undefined ? [] : [{ edit: 'remove', rule: { ...rule, body: rule.body.toReversed() } }]
    }
    case 'lanes':
      world.laneMasks[here] = mask
      return [{ edit: 'lanes', node: here, mask }]
    case 'seeds':
      world.seeds[here] = mask
      return [{ edit: 'seeds', node: here, mask }]
    case 'start': {
      const isStart = which % 2 === 0
      if (isStart) world.starts.add(here)
      else world.starts.delete(here)
      return [{ edit: 'start', node: here, isStart }]
    }
    case 'node': {
      const rule = { head: world.nodeCount++, needs: 1, body: [here] }
      rules.push(rule)
      world.laneMasks = Uint32Array.from({ length: world.nodeCount }, (_, v) => world.laneMasks[v] ?? 0)
      world.seeds = Uint32Array.from({ length: world.nodeCount }, (_, v) => world.seeds[v] ?? 0)
      return [{ edit: 'add', rule }]
    }
  }
}

const startsAndMasks = ({ masks }: Incremental, starts: Iterable<number>): number[][] =>
  [...starts].map((start) => [start, masks[start]!])

function assertAsAnew(it: Incremental, world: World): void {
  const program = buildProgram(systemOf(world.nodeCount, world.rules))
  const { masks, ranks } = closure(program, world.seeds)
  const { nodeCount } = world
  assert.deepEqual(it.takeover.masks.slice(0, nodeCount), masks)
  assert.deepEqual(allRanks(it.takeover, nodeCount), ranks)
  const starts = Uint32Array.from(world.starts)
  const reach = reachLanes(program, world.laneMasks, starts)
  assert.deepEqual(
    startsAndMasks(it, starts),
    Array.from(starts, (start, i) => [start, reach.masks[i]!]),
  )
  const anew = build(world)
  for (const bound of ['lower', 'upper'] as const) {
    assert.deepEqual(it[bound].masks.slice(0, nodeCount), anew[bound].masks)
    assert.deepEqual(allRanks(it[bound], nodeCount), allRanks(anew[bound], nodeCount))
  }
}

const arbitraryWorld = fc.tuple(arbitrarySystem(NODES), arbitraryMasks(NODES, LANES), arbitraryMasks(NODES, LANES))

suite('Reach and takeover kept up to date', () => {
  test('are those of a full run after every edit: of rules, gates, lanes, seeds, starts and new nodes', () => {
    let edits = 0
    let anew = 0
    fc.assert(
      fc.property(arbitraryWorld, fc.array(arbitraryChange, { minLength: 1, maxLength: 8 }), (given, changes) => {
        const world = worldOf(...given)
        const it = build(world)
        for (const change of changes) {
          const old = new Map(startsAndMasks(it, world.starts) as [number, number][])
          const fell = allRanks(it.takeover, world.nodeCount)
          const { full, reach, takeover } = applyEdits(it, editsOf(world, change))
          assertAsAnew(it, world)
          const other = [...world.starts].filter((start) => (old.get(start) ?? it.masks[start]) !== it.masks[start])
          for (const start of other) assert.ok(reach.includes(start), `${start} is not told`)
          for (const start of reach) assert.ok(!old.has(start) || other.includes(start), `${start} did not change`)
          if (takeover !== null) {
            allRanks(it.takeover, world.nodeCount).forEach((rank, i) => {
              if (rank !== (fell[i] ?? 255)) assert.ok(takeover.has(i >>> 5), `${i >>> 5} is not told`)
            })
          }
          edits++
          if (full) anew++
        }
      }),
      { numRuns: 2500 },
    )
    assert.ok(anew < edits / 2, `${anew} of ${edits} edits were full runs, so nothing was tested`)
  })

  test('are those of a full run after many edits at once, and where every edit is too large to follow', () => {
    fc.assert(
      fc.property(
        arbitraryWorld,
        fc.array(arbitraryChange, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(0, 1, 5, undefined),
        (given, changes, limit) => {
          const world = worldOf(...given)
          const it = build(world, limit)
          applyEdits(
            it,
            changes.flatMap((change) => editsOf(world, change)),
          )
          assertAsAnew(it, world)
        },
      ),
      { numRuns: 600 },
    )
  })

  test('are those of the definition', () => {
    fc.assert(
      fc.property(arbitraryWorld, fc.array(arbitraryChange, { minLength: 1, maxLength: 6 }), (given, changes) => {
        const world = worldOf(...given)
        const it = build(world)
        for (const change of changes) applyEdits(it, editsOf(world, change))
        const system = systemOf(world.nodeCount, world.rules)
        for (const start of world.starts) {
          let mask = 0
          for (const lane of hopsByDefinition(system, world.laneMasks, start).keys()) mask |= 1 << lane
          assert.equal(it.masks[start], mask >>> 0)
        }
      }),
      { numRuns: 400 },
    )
  })

  test('are the same where only one of them is kept', () => {
    fc.assert(
      fc.property(arbitraryWorld, fc.array(arbitraryChange, { minLength: 1, maxLength: 8 }), (given, changes) => {
        const world = worldOf(...given)
        const both = build(world)
        const program = buildProgram(systemOf(world.nodeCount, world.rules))
        const takeover = buildIncremental(program, { seeds: world.seeds })
        const starts = Uint32Array.from(world.starts)
        const reach = buildIncremental(program, { laneMasks: world.laneMasks, starts })
        for (const change of changes) {
          const edits = editsOf(world, change)
          for (const it of [both, takeover, reach]) applyEdits(it, edits)
          const { nodeCount } = world
          assert.deepEqual(takeover.takeover.masks.slice(0, nodeCount), both.takeover.masks.slice(0, nodeCount))
          assert.deepEqual(allRanks(takeover.takeover, nodeCount), allRanks(both.takeover, nodeCount))
          assert.deepEqual(startsAndMasks(reach, world.starts), startsAndMasks(both, world.starts))
          assert.deepEqual([takeover.masks.length, takeover.lower.ranks.length, reach.takeover.ranks.length], [0, 0, 0])
        }
      }),
      { numRuns: 400 },
    )
  })

  test('follow along chains that are longer than ranks tell apart', () => {
    const chain = Array.from({ length: 400 }, (_, v) => ({ head: v + 1, needs: 1, body: [v] }))
    const laneMasks = new Uint32Array(401)
    laneMasks[400] = 1
    const seeds = new Uint32Array(401)
    seeds[0] = 2
    const world: World = { nodeCount: 401, rules: chain, laneMasks, seeds, starts: new Set([0, 200, 399]) }
    const it = build(world)
    for (const at of [390, 100, 5]) {
      const [rule] = chain.splice(at, 1)
      applyEdits(it, [{ edit: 'remove', rule: rule! }])
      assertAsAnew(it, world)
      chain.push(rule!)
      applyEdits(it, [{ edit: 'add', rule: rule! }])
      assertAsAnew(it, world)
    }
  })

  test('refuse to take away a rule that is not there, and stay as they were', () => {
    const rule = { head: 1, needs: 1, body: [0] }
    const world: World = {
      nodeCount: 3,
      rules: [rule],
      laneMasks: new Uint32Array(3),
      seeds: new Uint32Array(3),
      starts: new Set([0]),
    }
    const it = build(world)
    assert.throws(() => applyEdits(it, [{ edit: 'remove', rule: { head: 2, needs: 1, body: [0] } }]), RangeError)
    assert.throws(() => applyEdits(it, [{ edit: 'remove', rule: { head: 1, needs: 2, body: [0, 2] } }]), RangeError)
    assertAsAnew(it, world)
  })
})
