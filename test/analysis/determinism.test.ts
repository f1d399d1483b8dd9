import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { analyse } from '#analysis/analyse.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { readInventory, type InputFile } from '#importers/read.ts'
import { checkInventory } from '#model/inventory.ts'
import { renderHtml } from '#report/html.ts'
import { jsonPieces } from '#report/json.ts'
import { verifyReport } from '#verify/check-report.ts'

const folder = new URL('../../examples/tidewicket/', import.meta.url)
const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted()
const files: InputFile[] = await Promise.all(
  names.map(async (name) => ({ name, bytes: await readFile(new URL(name, folder)) })),
)
const policy = await readPolicyFile()

const reportOf = async (inputs: readonly InputFile[]) =>
  analyse(checkInventory(await readInventory(inputs, () => [])), policy)

suite('The report of the sample organisation', () => {
  test('is the same, byte for byte, from the same files', async () => {
    const [first, second] = [await reportOf(files), await reportOf(files)]
    assert.equal([...jsonPieces(first)].join(''), [...jsonPieces(second)].join(''))
    assert.equal(renderHtml(first), renderHtml(second))
  })

  test('says the same of every account whatever the order of the files', async () => {
    const [first, second] = [await reportOf(files), await reportOf(files.toReversed())]
    assert.equal(first.snapshot.id, second.snapshot.id)
    assert.deepEqual(first.summary, second.summary)
    assert.deepEqual(
      first.accounts.map(({ id, verdict, effective, impact, reach }) => ({ id, verdict, effective, impact, reach })),
      second.accounts.map(({ id, verdict, effective, impact, reach }) => ({ id, verdict, effective, impact, reach })),
    )
    assert.deepEqual(
      first.findings.map(({ id, severity }) => [id, severity]),
      second.findings.map(({ id, severity }) => [id, severity]),
    )
  })

  test('has no proof that the independent checker refuses', async () => {
    const inventory = await readInventory(files, () => [])
    const report = JSON.parse([...jsonPieces(await reportOf(files))].join(''))
    const { checked, failures } = verifyReport(report, inventory)
    assert.deepEqual(failures, [])
    assert.ok(checked > 300, `${checked} proofs`)
  })

  test('is refused by the checker when one step of one proof is changed', async () => {
    const inventory = await readInventory(files, () => [])
    const report = JSON.parse([...jsonPieces(await reportOf(files))].join(''))
    const finding = report.findings.find(
      (each: { proof: { reach: { steps: unknown[] } | null } }) => (each.proof.reach?.steps.length ?? 0) > 2,
    )
    finding.proof.reach.steps[1].from = ['idp:nobody']
    const { failures } = verifyReport(report, inventory)
    assert.equal(failures.length, 1)
    assert.deepEqual([failures[0]?.id, failures[0]?.step], [finding.id, 1])
  })
})
