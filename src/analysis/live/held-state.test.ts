import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { readPolicyFile } from '#cli/read-policy.ts'
import { checkInventory } from '#model/inventory.ts'
import { arbitraryFacts } from '../live.fixture.ts'
import type { AccountState } from './account-state.ts'
import { holdState, isAlike, stateHeld } from './held-state.ts'
import { statesAnew } from './states.ts'

const policy = await readPolicyFile()
const arbitraryName = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '__proto__', 'a', 'a:', 'ä'))

suite('States as they are held', () => {
  test('are the states that were held, whatever the names in them, and alike only where those are the same', () => {
    let seen = 0
    fc.assert(
      fc.property(arbitraryFacts(), fc.infiniteStream(arbitraryName), ({ at, facts }, names) => {
        const placed = facts.map((fact) => ({ fact, place: { file: 'facts.yaml' } }))
        const stated = at === undefined ? {} : { at }
        const inventory = checkInventory({ ...stated, sources: [], diagnostics: [], facts: placed })
        const name = (): string => names.next().value!
        const states = [...statesAnew(inventory, policy).values()].flatMap((state): AccountState[] => [
          state,
          { ...state, id: name(), subject: name(), ways: state.ways.map((way) => ({ ...way, id: name() })) },
          { ...state, id: name(), subject: null, ways: state.ways.map((way) => ({ ...way, id: name() })) },
        ])
        const held = states.map(holdState)
        for (const [i, state] of states.entries()) {
          assert.equal(JSON.stringify(stateHeld(state.id, held[i]!)), JSON.stringify(state))
          const { id: _id, ...own } = state
          for (const [j, { id: _other, ...other }] of states.entries())
            assert.equal(isAlike(held[i]!, held[j]!), JSON.stringify(own) === JSON.stringify(other))
          seen++
        }
      }),
      { numRuns: 200 },
    )
    assert.ok(seen > 500, `only ${seen} states`)
  })
})
