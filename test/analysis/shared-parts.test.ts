import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { analyse } from '#analysis/analyse.ts'
import { FINDING_KINDS } from '#analysis/findings/catalogue.ts'
import { render } from '#cli/commands/analyze.ts'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { ConformanceRule, Report } from '#contract/report.ts'
import { checkInventory } from '#model/inventory.ts'
import { verifyReport } from '#verify/check-report.ts'
import { quietIo } from '../support/quiet-io.ts'

const FORMATS = ['text', 'json', 'ndjson', 'html', 'sarif', 'csv'] as const

const inventory = await readFiles([new URL('../../examples/tidewicket', import.meta.url).pathname])
const checked = checkInventory(inventory)
const policy = await readPolicyFile()
const report = analyse(checked, policy)

/** Everything in each format, in one text each. */
const rendered = (of: Report): string[] =>
  FORMATS.map((format) => [...render(of, { format, output: 'file' }, quietIo())].join(''))

const saysTheSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** How many objects there are that say different things, and how many there are. */
const countsOf = (parts: readonly object[]) => ({
  said: new Set(parts.map((part) => JSON.stringify(part))).size,
  objects: new Set(parts).size,
})

suite('What the accounts and findings of a report say alike is said by one object', () => {
  const proofs = [
    ...report.accounts.flatMap(({ weakest }) => weakest?.proof ?? []),
    ...report.findings.flatMap(({ proof: { reach, entry } }) => [reach ?? [], entry ?? []].flat()),
  ]

  test('each result of a rule of a standard', () => {
    const results = report.accounts.flatMap(({ conformance }): ConformanceRule[] =>
      conformance.flatMap(({ rules }) => rules),
    )
    const { said, objects } = countsOf(results)
    assert.ok(results.length > 10 * said, `${results.length} results, ${said} of them different`)
    assert.equal(objects, said)
  })

  test('the citations and the remedies of a code', () => {
    const codes = new Set(report.findings.map(({ code }) => code))
    for (const code of codes) {
      const { citations, remedy } = FINDING_KINDS[code as keyof typeof FINDING_KINDS]
      for (const finding of report.findings.filter((each) => each.code === code)) {
        if (saysTheSame(finding.citations, citations)) assert.equal(finding.citations, citations, finding.id)
        if (saysTheSame(finding.remedy, remedy)) assert.equal(finding.remedy, remedy, finding.id)
      }
    }
  })

  test('the place where a fact was read', () => {
    const read = new Set<object>(checked.facts.map(({ place }) => place))
    const places = proofs.flatMap(({ steps }) => steps.flatMap(({ place }) => place ?? []))
    assert.ok(places.length > 1000, `${places.length} places`)
    for (const place of places) assert.ok(read.has(place), JSON.stringify(place))
  })

  test('how an account is entered', () => {
    const byAccount = new Map(report.accounts.map(({ id, weakest }) => [id, weakest?.proof]))
    // an inversion derives its own, by way of whoever may reset the account
    const found = report.findings.filter(({ code }) => code !== 'assurance_inversion')
    const entries = found.flatMap(({ proof: { entry } }) => entry ?? [])
    const alike = entries.filter((entry) => saysTheSame(entry, byAccount.get(entry.goal)))
    assert.ok(alike.length > 50, `${alike.length} of ${entries.length} entries`)
    for (const entry of alike) assert.equal(entry, byAccount.get(entry.goal), entry.goal)
  })
})

test('nothing that reads a report changes a part of it, which others share', () => {
  const before = rendered(report)
  freeze(report)
  freeze(FINDING_KINDS)
  assert.deepEqual(rendered(report), before)
  assert.deepEqual(rendered(analyse(checked, policy)), before)
  assert.deepEqual(verifyReport(report, inventory).failures, [])
})

/** Makes any change of a part throw, however deep it lies. */
function freeze(part: object): void {
  if (Object.isFrozen(part)) return
  Object.freeze(part)
  for (const each of Object.values(part)) if (typeof each === 'object' && each !== null) freeze(each as object)
}
