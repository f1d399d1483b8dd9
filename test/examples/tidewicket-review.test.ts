import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { checkInventory } from '#model/inventory.ts'
import { loadSolver } from '#planning/solver.ts'
import { reviewOf } from '#review/review.ts'

interface Expected {
  reviewed: { item: string; suggestion: string; against: string[] }[]
  minimalSet: string[]
}

const path = (name: string) => new URL(`../../examples/${name}`, import.meta.url).pathname
const expected = parse(await readFile(path('tidewicket.expected.yaml'), 'utf8')) as Expected
const inventory = checkInventory(await readFiles([path('tidewicket')]))
const limits = { solver: await loadSolver(), now: () => 0, until: 60_000 }
const { review, report } = reviewOf(inventory, await readPolicyFile(), limits)

suite('The review of the sample organisation', () => {
  for (const { item, suggestion, against } of expected.reviewed) {
    test(`${item}: ${suggestion}${against.length > 0 ? `, ${against.join(', ')}` : ''}`, () => {
      const found = review.items.find(({ id }) => id === item)
      assert.ok(found, 'no such item')
      const checks = found.evidence.flatMap(({ check, is }) => (is === 'yes' ? [check] : []))
      assert.deepEqual([found.suggestion, checks.toSorted()], [suggestion, against.toSorted()])
    })
  }

  test('finds the least to withdraw, optimal, and no code before high impact after it', () => {
    const { minimalSet, minimalChange } = review
    assert.deepEqual([...minimalSet.items].toSorted(), [...expected.minimalSet].toSorted())
    assert.deepEqual([minimalSet.optimal, minimalSet.uncut], [true, []])
    assert.deepEqual(
      [minimalChange.before.codesAtHighImpact, minimalChange.after.codesAtHighImpact],
      [minimalSet.accounts.length, 0],
    )
    const worse = minimalChange.accounts.filter(({ verdict }) => verdict.from === 'fit' && verdict.to === 'unfit')
    assert.deepEqual(worse, [], 'to have less makes nobody unfit')
  })

  test('never suggests to revoke what is merely not known to be used', () => {
    for (const { id, evidence, suggestion } of review.items) {
      if (suggestion === 'revoke')
        assert.ok(
          evidence.some(({ is }) => is === 'yes'),
          id,
        )
    }
  })

  test('is of the same snapshot as the report', () => assert.equal(review.snapshot.id, report.snapshot.id))
})
