import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { flawOf, systemOf } from './arbitrary.ts'
import { closure, proofOf } from './closure.ts'
import { buildProgram } from './program.ts'
import { reachLanes, witness } from './reach.ts'

/** Instances of META4ICS (Barrère et al.), with the cheapest cuts that its MaxSAT solver proved optimal. */
const shared = process.env['AMBIT_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url))
const folder = `${shared}/data/meta4ics-andor`

interface Instance {
  readonly graph: {
    readonly source: string
    readonly target: string
    readonly nodes: readonly { readonly id: string; readonly type: string }[]
    readonly edges: readonly { readonly source: string; readonly target: string }[]
  }
  readonly cut?: { readonly nodes: readonly { readonly id: string; readonly value: string }[] }
}

/** The instance as rules: a node of type `and` needs all of its predecessors, any other one of them. */
function rulesOf({ graph }: Instance, removed: ReadonlySet<string>) {
  const indexOf = new Map(graph.nodes.map(({ id }, index) => [id, index]))
  const bodies = new Map<string, number[]>(graph.nodes.map(({ id }) => [id, []]))
  for (const { source, target } of graph.edges) bodies.get(target)!.push(indexOf.get(source)!)
  const rules = graph.nodes
    .filter(({ id }) => bodies.get(id)!.length > 0 && !removed.has(id))
    .map(({ id, type }) => {
      const body = bodies.get(id)!
      return { head: indexOf.get(id)!, needs: type === 'and' ? new Set(body).size : 1, body }
    })
  const system = systemOf(graph.nodes.length, rules)
  return { system, source: indexOf.get(graph.source)!, target: indexOf.get(graph.target)! }
}

function isDerivable(instance: Instance, removed: ReadonlySet<string>): boolean {
  const { system, source, target } = rulesOf(instance, removed)
  const program = buildProgram(system)
  const seeds = new Uint32Array(system.nodeCount)
  seeds[source] = 1
  const found = closure(program, seeds, 1)
  const laneMasks = new Uint32Array(system.nodeCount)
  laneMasks[target] = 1
  const { masks, hops } = reachLanes(program, laneMasks, Uint32Array.of(source))
  assert.equal(masks[0], found.masks[target], 'reach and takeover agree')
  assert.equal(hops[0], found.ranks[target * 32])
  if (masks[0] === 0) return false
  const isGiven = (node: number): boolean => node === source
  assert.equal(flawOf(system, proofOf(program, found, target, 0), target, isGiven), null)
  assert.equal(flawOf(system, witness(program, source, { lane: 0, laneMasks }), target, isGiven), null)
  return true
}

/** Instance file → its row in `optima.csv`. That file numbers nodes in the solver's way; the instance names them. */
const published: readonly [file: string, instance: string][] = [
  ['b1-test1--n-5000.json', 'test1--n-5000'],
  ['b1-test11--n-5000.json', 'test11--n-5000'],
]

function costOf(instance: string): number {
  const rows = readFileSync(`${folder}/optima.csv`, 'utf8').split('\n')
  const row = rows.map((line) => line.split(',')).find((fields) => fields[1] === instance)
  return Number(row?.[3])
}

suite('META4ICS', { skip: !existsSync(folder) }, () => {
  const read = (file: string): Instance => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Instance

  for (const [file, row] of published) {
    test(`${file}: its optimum cut protects the target, and none of the cut can be spared`, () => {
      const instance = read(file)
      const cut = instance.cut!.nodes
      assert.equal(
        cut.reduce((sum, { value }) => sum + Number(value), 0),
        costOf(row),
      )
      checkCut(
        instance,
        cut.map(({ id }) => id),
      )
    })
  }

  test('example1.json: two of the three agents must fall, and the one they share protects alone', () => {
    checkCut(read('example1.json'), ['a', 'c'])
    checkCut(read('example1.json'), ['b'])
  })
})

function checkCut(instance: Instance, cut: readonly string[]): void {
  assert.equal(isDerivable(instance, new Set()), true)
  assert.equal(isDerivable(instance, new Set(cut)), false)
  for (let some = 1; some < 2 ** cut.length - 1; some++) {
    assert.equal(isDerivable(instance, new Set(cut.filter((_, i) => (some >> i) & 1))), true)
  }
}
