import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { suite, test } from 'node:test'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { syntheticReport } from './report.fixture.ts'
import { sarifPieces, uriOf } from './sarif.ts'

interface Result {
  ruleId: string
  ruleIndex: number
  kind: string
  level: string
  rank?: number
  taxa: { id: string; index: number; toolComponent: { name: string; index: number } }[]
  suppressions: { justification: string }[]
  codeFlows?: { threadFlows: { locations: unknown[] }[] }[]
  partialFingerprints: Record<string, string>
}
interface Run {
  tool: { driver: { rules: { id: string }[] } }
  taxonomies: { name: string; taxa: { id: string }[] }[]
  results: Result[]
}

/** SARIF publishes its schema in draft 4: `id` is `$id` in draft 7, and one pattern of it is none under the `u` flag. */
function validatorOf(text: string) {
  const schema = JSON.parse(text.replace('"id": "http', '"$id": "http')) as Record<string, unknown>
  delete schema['$schema']
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
  ;(addFormats as unknown as (to: Ajv) => void)(ajv)
  return ajv.compile(schema)
}

suite('the findings as SARIF', () => {
  const report = syntheticReport()
  const log = JSON.parse([...sarifPieces(report)].join('')) as { runs: [Run] }
  const [run] = log.runs

  test('the log is valid under the schema of SARIF 2.1.0', () => {
    const path = createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')
    const validate = validatorOf(readFileSync(path, 'utf8'))
    assert.ok(validate(log), JSON.stringify(validate.errors?.slice(0, 3)))
    assert.ok(
      validate(JSON.parse([...sarifPieces(syntheticReport({ accounts: 0 }))].join(''))),
      JSON.stringify(validate.errors),
    )
    assert.equal(validate({ version: '2.1.0', runs: [{ tool: { driver: {} } }] }), false)
  })

  test('every finding is a result of its rule, with its id as fingerprint', () => {
    assert.equal(run.results.length, report.findings.length)
    for (const result of run.results) assert.equal(run.tool.driver.rules[result.ruleIndex]!.id, result.ruleId)
    const ids = run.results.map(({ partialFingerprints }) => partialFingerprints['ambitFinding/v1'])
    assert.deepEqual(new Set(ids), new Set(report.findings.map(({ id }) => id)))
  })

  test('what is unknown is open and what needs a person is for review; only failures have a level and a rank', () => {
    const kinds = new Map(run.results.map(({ ruleId, kind }) => [ruleId, kind]))
    assert.equal(kinds.get('unknown_authenticators'), 'open')
    assert.equal(kinds.get('unused_entitlement'), 'review')
    assert.equal(kinds.get('code_beyond_reach'), 'fail')
    for (const { kind, level, rank } of run.results) {
      assert.equal(level === 'none', kind !== 'fail')
      assert.equal(rank !== undefined, kind === 'fail')
      if (rank !== undefined) assert.ok(rank >= 0 && rank <= 100)
    }
  })

  test('a finding under an exception is suppressed and says by which', () => {
    const suppressed = run.results.filter(({ suppressions }) => suppressions.length > 0)
    assert.equal(suppressed.length, report.findings.filter(({ exception }) => exception !== null).length)
    assert.ok(suppressed.length > 0)
    for (const { suppressions } of suppressed) assert.equal(suppressions[0]!.justification, 'exception ex:EX-7')
  })

  test('every reference to a standard points at its section', () => {
    for (const { taxa } of run.results) {
      for (const { id, index, toolComponent } of taxa) {
        const component = run.taxonomies[toolComponent.index]!
        assert.equal(component.name, toolComponent.name)
        assert.equal(component.taxa[index]!.id, id)
      }
    }
  })

  test('a proof is a code flow of what is given and then each step', () => {
    const finding = report.findings.find(({ proof }) => proof.entry && proof.reach)!
    const result = run.results.find((one) => one.partialFingerprints['ambitFinding/v1'] === finding.id)!
    const { entry, reach } = finding.proof
    const lengths = result.codeFlows!.map(({ threadFlows }) => threadFlows[0]!.locations.length)
    assert.deepEqual(
      lengths,
      [entry, reach].map((proof) => proof!.given.length + proof!.steps.length),
    )
  })

  test('any file name is a URI reference', () => {
    assert.equal(uriOf('a b/ü#?.yaml'), 'a%20b/%C3%BC%23%3F.yaml')
    assert.equal(uriOf('c:\\inv\\idp.yaml'), 'c%3A/inv/idp.yaml')
    assert.equal(uriOf('/srv/idp.yaml'), 'file:///srv/idp.yaml')
    assert.equal(uriOf('\ud800'), '%EF%BF%BD')
  })
})
