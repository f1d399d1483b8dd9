/** The analysis against the checker: whatever the inventory, every proof and count of its report holds. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { analyse } from '#analysis/analyse.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Formula, Inventory } from '#model/facts.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { arbitraryDanglingInventory, arbitraryInventory } from '#verify/arbitrary-inventory.ts'
import { verifyReport } from '#verify/check-report.ts'

const policy = await readPolicyFile()

const sha256 = (pieces: Iterable<string>) => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

/** Whether some list of a formula names a thing twice: the analysis counts it twice in `atLeast`, the rules once. */
function repeatsPart(formula: Formula): boolean {
  if (typeof formula === 'string') return false
  const parts = 'all' in formula ? formula.all : 'any' in formula ? formula.any : formula.of
  return new Set(parts).size < parts.length || parts.some(repeatsPart)
}

let proofs = 0
const holds = (inventory: Inventory): void => {
  fc.pre(!inventory.facts.some(({ fact }) => fact.fact === 'wayIn' && repeatsPart(fact.requires)))
  const checked = checkInventory(inventory)
  refuseErrors(checked.diagnostics)
  const verification = verifyReport(JSON.parse(JSON.stringify(analyse(checked, policy))), inventory, sha256)
  assert.deepEqual(verification.failures, [])
  proofs += verification.checked
}

suite('reports of arbitrary inventories', () => {
  test('hold, proof by proof and count by count', () => {
    fc.assert(fc.property(arbitraryInventory(), holds), { numRuns: 300 })
    assert.ok(proofs > 300, `only ${proofs} proofs were checked`)
  })
  test('hold where facts are missing', () => {
    fc.assert(fc.property(arbitraryDanglingInventory(), holds), { numRuns: 200 })
  })
})
