import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitrarySystem } from './arbitrary.ts'
import { buildProgram } from './program.ts'
import { ranksByDefinition } from './reference.ts'
import type { RuleSystem } from './rules.ts'
import { buildWorldScratch, reachWithout } from './without.ts'

const NODES = 9

/** The same rules, some of them made impossible. */
const lacking = (system: RuleSystem, rules: ReadonlySet<number>): RuleSystem => ({
  ...system,
  needs: system.needs.map((needs, rule) => (rules.has(rule) ? 1000 : needs)),
})

suite('what is reached without some rules', () => {
  test('each world reaches what the definition says when its rules are taken away, call after call', () => {
    const worlds = fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { minLength: 1, maxLength: 32 })
    fc.assert(
      fc.property(arbitrarySystem(NODES), worlds, (system, lost) => {
        const program = buildProgram(system)
        const scratch = buildWorldScratch(program)
        const gone = lost.map((rules) => new Set(rules.filter((rule) => rule < system.heads.length)))
        gone.forEach((rules, world) => rules.forEach((rule) => (scratch.absent[rule] |= 1 << world)))
        for (let start = 0; start < system.nodeCount; start++) {
          reachWithout(program, scratch, [start])
          gone.forEach((rules, world) => {
            const expected = ranksByDefinition(lacking(system, rules), [start])
            for (let node = 0; node < system.nodeCount; node++)
              assert.equal((scratch.masks[node] >>> world) & 1, expected.has(node) ? 1 : 0, `${start} → ${node}`)
          })
        }
      }),
      { numRuns: 400 },
    )
  })
})
