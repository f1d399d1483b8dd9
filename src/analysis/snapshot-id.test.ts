import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Fact } from '#model/facts.ts'
import { changedTree, factTree, idOf } from './snapshot-id.ts'

const group = (id: number): Fact => ({ fact: 'group', id: `g:${id}` })

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
    assert.equal(factTree([one!]).hash, factTree([other!]).hash)
  })

  test('does not take a list of leaves for a list of parts', () => {
    const many = factTree(Array.from({ length: 40 }, (_, id) => group(id)))
    const parts = many.parts!.map((part) => part?.hash ?? '')
    assert.notEqual(many.hash, factTree([]).hash)
    assert.ok(!parts.includes(many.hash))
  })
})
