import assert from 'node:assert/strict'
import { test } from 'node:test'
import { release } from '#lib/release.ts'
import { generateEnterprise } from './generate.ts'
import { STAGES } from './stages.ts'
import { contentsOf } from './store.ts'

test('a stage answers the same however often it is run, when what it answered before has been let go', () => {
  const { contents } = contentsOf(generateEnterprise(200, 'tiered', 1))
  for (const [name, stage] of Object.entries(STAGES)) {
    const run = stage.prepare(contents)
    const sums = Array.from({ length: 3 }, () => {
      const { sumUp, arrays } = run()
      const sum = sumUp()
      release(...arrays)
      return sum
    })
    assert.deepEqual(sums[1], sums[0], name)
    assert.deepEqual(sums[2], sums[0], name)
  }
})
