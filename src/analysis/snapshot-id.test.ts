import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Fact } from '#model/facts.ts'
import { changedTree, factTree, idOf } from './snapshot-id.ts'

const group = (id: number): Fact => ({ fact: 'group', id: `g:${id}` })

/** Of so many groups; stored snapshots and reports have ids like these. */
const GIVEN = [
  'sha256:f506c51fc6f17127163e2288dfde8504b73a05243d0df2ba9e75570cad666ba8',
  'sha256:dd62dc24b6fa4beaaefd76c7ce6d3937d3a111d2ba4c20609b4540977fd7aacd',
  'sha256:23f97b8c84040efb84a39ebe38a785f99a9860bdd36118e237877c4ac867feba',
  'sha256:04a598427f7edebca3213472cade2b9de7812b250ff4aa4a9a5178c2d985993f',
]

suite('The id of a snapshot', () => {
  test('is the same whether its facts came at once or one by one, in any order, with others that went', () => {
    const numbers = fc.uniqueArray(fc.nat({ max: 2000 }), { maxLength: 120 })
    fc.assert(
      fc.property(numbers, numbers, (kept, gone) => {
        const stay = kept.filter((id) => !gone.includes(id)).map(group)
        let tree = changedTree(factTree([]), [], kept.map(group))
        for (const id of gone) tree = changedTree(tree, [], [group(id)])
        tree = changedTree(tree, gone.map(group), [])
        assert.deepEqual(tree, factTree(stay.toReversed()))
      }),
      { numRuns: 200 },
    )
  })

  test('tells any two sets of facts and times apart', () => {
    const all = Array.from({ length: 40 }, (_, id) => group(id))
    const ids = all.map((_, count) => idOf(null, factTree(all.slice(0, count))))
    assert.equal(new Set(ids).size, all.length)
    assert.notEqual(idOf('2026-01-01', factTree(all)), idOf('2026-01-02', factTree(all)))
  })

  test('does not hang on the order of the keys of a fact', () => {
    const [one, other] = [
      { fact: 'group', id: 'g:1', name: 'x' },
      { name: 'x', id: 'g:1', fact: 'group' },
    ] as Fact[]
    assert.equal(idOf(null, factTree([one!])), idOf(null, factTree([other!])))
  })

  test('does not take a list of leaves for a list of parts', () => {
    const many = factTree(Array.from({ length: 4000 }, (_, id) => group(id)))
    assert.ok(typeof many !== 'string')
    const passedOff = many.parts.map((part) => (typeof part === 'string' ? '' : part.hash)).join('')
    assert.equal(passedOff.length, 16 * 32)
    assert.notEqual(idOf(null, many), idOf(null, passedOff))
  })

  test('is the one that was given out for the same facts before', () => {
    const ids = [0, 1, 40, 400].map((count) =>
      idOf('2026-01-01', factTree(Array.from({ length: count }, (_, id) => group(id)))),
    )
    assert.deepEqual(ids, GIVEN)
  })
})
