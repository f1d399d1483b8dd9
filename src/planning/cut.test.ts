import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { arbitrarySystem, systemOf } from '#graph/arbitrary.ts'
import { ranksByDefinition } from '#graph/reference.ts'
import type { RuleSystem } from '#graph/rules.ts'
import { readAndOr } from './and-or.ts'
import { cheapestCut, type CutProblem } from './cut.ts'
import { cutByProgram, type ProgramNode } from './cut-program.ts'
import { derivable, derivationOf } from './derivation.ts'
import { minimumFlowCut } from './flow.ts'
import { loadSolver } from './solver.ts'
import type { Limits } from './search.ts'

const solver = await loadSolver()
const limits: Limits = { solver, now: () => 0, until: 10_000 }

/** The system without the rules that give the cut nodes. */
function without(system: RuleSystem, cut: ReadonlySet<number>): RuleSystem {
  const kept = Array.from(system.heads.keys()).filter((rule) => !cut.has(system.heads[rule]!))
  const bodies = kept.map((rule) =>
    Array.from(system.bodies.slice(system.bodyOffsets[rule], system.bodyOffsets[rule + 1])),
  )
  const bodyOffsets = new Uint32Array(kept.length + 1)
  bodies.forEach((body, i) => (bodyOffsets[i + 1] = bodyOffsets[i]! + body.length))
  return {
    nodeCount: system.nodeCount,
    heads: Uint32Array.from(kept, (rule) => system.heads[rule]!),
    needs: Uint16Array.from(kept, (rule) => system.needs[rule]!),
    bodyOffsets,
    bodies: Uint32Array.from(bodies.flat()),
  }
}

/** Whether the goal falls, by the definition of R3, when some nodes are cut. */
const falls = ({ system, goal }: CutProblem, cut: Iterable<number>): boolean =>
  ranksByDefinition(without(system, new Set(cut)), []).has(goal)

/** Every subset of the nodes that can be cut, tried in turn. */
function cheapestByTrial(problem: CutProblem): number {
  const nodes = Array.from({ length: problem.system.nodeCount }, (_, v) => v).filter(
    (v) => problem.costs[v] !== Infinity,
  )
  let least = Infinity
  for (let set = 0; set < 2 ** nodes.length; set++) {
    const cut = nodes.filter((_, i) => (set >>> i) & 1)
    const cost = cut.reduce((sum, v) => sum + problem.costs[v]!, 0)
    if (cost < least && !falls(problem, cut)) least = cost
  }
  return least
}

/** Things that can be cut, shared by conditions that are nested; what reductions cannot fold. */
const arbitraryTangle: fc.Arbitrary<CutProblem> = fc
  .record({
    costs: fc.array(fc.constantFrom(1, 2, 3, 5, 8), { minLength: 7, maxLength: 7 }),
    gates: fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.array(fc.nat(), { minLength: 3, maxLength: 4 })), {
      minLength: 4,
      maxLength: 9,
    }),
  })
  .map(({ costs, gates }) => ({
    system: systemOf(costs.length + gates.length, [
      ...costs.map((_, head) => ({ head, needs: 0, body: [] })),
      ...gates.map(([needs, body], i) => {
        const head = costs.length + i
        return {
          head,
          needs: Math.min(needs, new Set(body.map((v) => v % head)).size),
          body: body.map((v) => v % head),
        }
      }),
    ]),
    costs: [...costs, ...gates.map(() => Infinity)],
    goal: costs.length + gates.length - 1,
  }))

/** A system as the program takes it: what several rules give is any one of them, each a node of its own. */
function nodesOf({ system, costs }: CutProblem): ProgramNode[] {
  const rulesOf: number[][] = Array.from({ length: system.nodeCount }, () => [])
  system.heads.forEach((head, rule) => rulesOf[head]!.push(rule))
  return [
    ...rulesOf.map((rules, v) => ({ needs: 1, body: rules.map((rule) => system.nodeCount + rule), cost: costs[v]! })),
    ...Array.from(system.needs, (needs, rule) => ({
      needs,
      body: [...new Set(system.bodies.slice(system.bodyOffsets[rule], system.bodyOffsets[rule + 1]))],
      cost: Infinity,
    })),
  ]
}

const arbitraryProblem = fc.oneof(arbitraryTangle, arbitraryPlain())

function arbitraryPlain(): fc.Arbitrary<CutProblem> {
  return arbitrarySystem(9).chain((system) =>
    fc.record({
      system: fc.constant(withGiven(system)),
      costs: fc.array(fc.constantFrom(1, 2, 3, 5, 8, Infinity), {
        minLength: system.nodeCount,
        maxLength: system.nodeCount,
      }),
      goal: fc.nat({ max: system.nodeCount - 1 }),
    }),
  )
}

/** Node 0 holds by itself, so that there is something to derive. */
function withGiven(system: RuleSystem): RuleSystem {
  return {
    ...system,
    heads: Uint32Array.from([...system.heads, 0]),
    needs: Uint16Array.from([...system.needs, 0]),
    bodyOffsets: Uint32Array.from([...system.bodyOffsets, system.bodies.length]),
  }
}

test('no exhaustive search finds a cheaper cut, nor the planner one that does not hold', () => {
  fc.assert(
    fc.property(arbitraryProblem, (problem) => {
      const answer = cheapestCut(problem, limits)
      assert.equal(answer.cost, cheapestByTrial(problem))
      if (answer.nodes === null) return
      assert.ok(answer.bound <= answer.cost && answer.bound > answer.cost - 1e-6, 'optimal, and says so')
      assert.equal(falls(problem, answer.nodes), false)
    }),
    { numRuns: 300 },
  )
})

test('where time runs out for learning derivations, the integer program over all nodes closes the gap', () => {
  fc.assert(
    fc.property(arbitraryProblem, (problem) => {
      let calls = 0
      const hasty: Limits = { solver, now: () => 6000 * calls++, until: 20_000 }
      const answer = cheapestCut(problem, hasty)
      assert.equal(answer.cost, cheapestByTrial(problem))
      assert.ok(answer.cost === Infinity || answer.bound > answer.cost - 1e-5, 'optimal, and says so')
      if (answer.nodes !== null) assert.equal(falls(problem, answer.nodes), false)
    }),
    { numRuns: 300 },
  )
})

test('the integer program finds what trying every subset finds, with k of n and cycles', () => {
  fc.assert(
    fc.property(arbitraryProblem, ({ system, costs, goal }) => {
      const answer = cutByProgram(solver, nodesOf({ system, costs, goal }), goal, 10)
      assert.equal(answer.cost, cheapestByTrial({ system, costs, goal }))
      assert.ok(answer.cost === Infinity || answer.bound > answer.cost - 1e-5)
    }),
    { numRuns: 300 },
  )
})

test('no node of the cheapest cut can be spared', () => {
  fc.assert(
    fc.property(arbitraryProblem, (problem) => {
      for (const spared of cheapestCut(problem, limits).nodes ?? []) {
        const rest = cheapestCut(problem, limits).nodes!.filter((v) => v !== spared)
        assert.equal(falls(problem, rest), true)
      }
    }),
    { numRuns: 100 },
  )
})

test('what is derivable without some rules is what the definition derives without them', () => {
  fc.assert(
    fc.property(arbitraryProblem, fc.array(fc.nat({ max: 15 })), ({ system }, cut) => {
      const holds = derivable(derivationOf(system), (rule) => cut.includes(system.heads[rule]!))
      const defined = ranksByDefinition(without(system, new Set(cut)), [])
      assert.deepEqual(
        Array.from(holds.keys()).filter((v) => holds[v] === 1),
        [...defined.keys()].toSorted((a, b) => a - b),
      )
    }),
  )
})

test('a flow is as large as the cheapest set of edges that parts source from target', () => {
  const edges = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }), fc.constantFrom(1, 2, 3, Infinity)), {
    maxLength: 9,
  })
  fc.assert(
    fc.property(edges, (list) => {
      const parts = (cut: number): boolean => {
        const seen = new Set([0])
        for (const node of seen) list.forEach(([a, b], i) => a === node && !((cut >>> i) & 1) && seen.add(b))
        return !seen.has(5)
      }
      let least = Infinity
      for (let cut = 0; cut < 2 ** list.length; cut++) {
        const cost = list.reduce((sum, [, , capacity], i) => sum + ((cut >>> i) & 1 ? capacity : 0), 0)
        if (cost < least && parts(cut)) least = cost
      }
      assert.equal(minimumFlowCut(6, list, 0, 5).value, least)
    }),
  )
})

/** Instances of META4ICS, with the cheapest cuts that its MaxSAT solver proved optimal. */
const shared = process.env['AMBIT_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url))
const folder = `${shared}/data/meta4ics-andor`

suite('META4ICS', { skip: !existsSync(folder) && 'the instances are not at hand' }, () => {
  const published: readonly [file: string, cost: number, nodes: string][] = [
    ['b1-test1--n-5000.json', 2, 'n95'],
    ['b1-test11--n-5000.json', 31, 'n1971 n31'],
    ['example1.json', 4, 'a c'],
  ]
  for (const [file, cost, nodes] of published) {
    test(`${file}: the published optimum is reached`, () => {
      const graph = readAndOr(readFileSync(`${folder}/${file}`, 'utf8'), file)
      const answer = cheapestCut(graph, limits)
      assert.equal(answer.cost, cost)
      assert.equal(answer.bound, cost)
      assert.equal(
        answer
          .nodes!.map((v) => graph.names[v])
          .toSorted()
          .join(' '),
        nodes,
      )
      assert.equal(
        derivable(derivationOf(graph.system), (rule) => answer.nodes!.includes(graph.system.heads[rule]!))[graph.goal],
        0,
      )
    })
  }
})
