import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { analysePaths } from '#cli/commands/analyze.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { FINDING_KINDS } from '#analysis/findings/catalogue.ts'
import { accountIn, codesOf } from '../support/report-of.ts'
import { quietIo } from '../support/quiet-io.ts'

interface Expected {
  planted: { problem: string; account: string; findings: string[]; capability?: string }[]
  lookAlikes: { like: string; account: string; verdict: string; not: string[] }[]
}

const root = new URL('../../', import.meta.url)
const path = (name: string) => new URL(name, root).pathname
const expected = parse(await readFile(path('examples/tidewicket.expected.yaml'), 'utf8')) as Expected
const readme = await readFile(path('examples/README.md'), 'utf8')
const policy = await readPolicyFile()
const report = await analysePaths([path('examples/tidewicket')], policy, undefined, quietIo())

suite('The sample organisation', () => {
  for (const { problem, account, findings, capability } of expected.planted) {
    test(`${problem}: ${account} is found`, () => {
      const codes = codesOf(report, account)
      for (const code of findings)
        assert.ok(codes.includes(code), `no ${code}; there are ${codes.join(', ') || 'none'}`)
      if (capability === undefined) return
      const named = report.findings.some((each) => each.account === account && each.capability === capability)
      assert.ok(named, `no finding on ${account} about ${capability}`)
    })
  }

  for (const { like, account, verdict, not } of expected.lookAlikes) {
    test(`${account} only looks like ${like}`, () => {
      assert.equal(accountIn(report, account).verdict, verdict)
      assert.deepEqual(
        codesOf(report, account).filter((code) => not.includes(code)),
        [],
      )
    })
  }

  test('plants at least fifteen problems, each named in the README with the account that shows it', () => {
    const problems = new Set(expected.planted.map(({ problem }) => problem))
    assert.ok(problems.size >= 15, `${problems.size} problems`)
    for (const { account } of [...expected.planted, ...expected.lookAlikes])
      assert.ok(readme.includes(`\`${account}\``), account)
    for (const { findings } of expected.planted)
      for (const code of findings) assert.ok(readme.includes(`\`${code}\``), code)
  })

  test('makes every finding of the catalogue, or an expected one is missing from it', () => {
    const made = new Set(report.findings.map(({ code }) => code))
    for (const { findings } of expected.planted) for (const code of findings) assert.ok(code in FINDING_KINDS, code)
    assert.ok(made.size >= 20, [...made].join(', '))
  })

  test('is as large as its README says, over at least six systems', () => {
    const people = report.accounts.filter(({ kind, system }) => kind === 'human' && system === 'idp')
    const workforce = new Set(people.filter(({ population }) => population === 'workforce').map(({ id }) => id))
    const nonHuman = report.accounts.filter(({ kind }) => kind !== 'human')
    assert.ok(workforce.size >= 140, `${workforce.size} people`)
    assert.ok(nonHuman.length >= 60, `${nonHuman.length} non-human accounts`)
    assert.ok(new Set(report.accounts.map(({ system }) => system)).size >= 6)
    assert.ok(
      readme.includes(`${report.summary.accounts} accounts`),
      `README should say ${report.summary.accounts} accounts`,
    )
    assert.ok(
      readme.includes(`${nonHuman.length} services and workloads`),
      `README should say ${nonHuman.length} services and workloads`,
    )
  })

  test('reads without errors or warnings', () => {
    assert.deepEqual(
      report.diagnostics.filter(({ level }) => level !== 'info'),
      [],
    )
  })

  test('is in a state where most accounts are fine, so that the others stand out', () => {
    const { unfit = 0 } = report.summary.verdicts
    assert.ok(unfit > 15 && unfit < report.summary.accounts / 4, `${unfit} unfit`)
  })
})

suite('The small examples', () => {
  test('minimal.yaml passes', async () => {
    const minimal = await analysePaths([path('examples/minimal.yaml')], policy, undefined, quietIo())
    assert.deepEqual([minimal.accounts.length, minimal.accounts[0]?.verdict, minimal.findings.length], [1, 'fit', 0])
  })

  test('small.yaml has one telling problem: recovery of the administrator', async () => {
    const small = await analysePaths([path('examples/small.yaml')], policy, undefined, quietIo())
    const top = small.findings[0]
    assert.equal(top?.severity, 'critical')
    assert.ok(
      small.findings.some(({ code, account }) => code === 'recovery_weaker_than_sign_in' && account === top?.account),
    )
  })
})
