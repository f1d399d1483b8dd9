import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Report } from '#contract/report.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Fact } from '#model/facts.ts'
import { verifyReport } from './check-report.ts'
import { SMALL_WORLD, soundReport } from './report.fixture.ts'

const sha256 = (pieces: Iterable<string>) => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

/** Failures of the sound report after one change, each as `id which step: reason`. */
function failuresAfter(spoil: (report: Report) => void): string[] {
  const report = soundReport()
  spoil(report)
  return verifyReport(report, SMALL_WORLD).failures.map(
    ({ id, which, step, reason }) => `${id} ${which}${step === null ? '' : ` ${step}`}: ${reason}`,
  )
}

const ben = (report: Report) => report.accounts[1]!
const first = (report: Report) => report.findings[0]!

/** What is changed, how, and what must be said of it (all of it, in order). */
const FORGERIES: readonly (readonly [string, (report: Report) => void, readonly RegExp[]])[] = [
  ['nothing', () => {}, []],
  [
    'a step of a reach proof',
    (report) => (first(report).proof.reach!.steps[1]!.from = ['idp:ben']),
    [/^code_beyond_reach\|idp:ben reach 1: no entitlement/],
  ],
  [
    'a first step left out',
    (report) => void first(report).proof.reach!.steps.shift(),
    [/reach 0: `idp:team` is neither given/],
  ],
  [
    'a reach that starts from the group',
    (report) => {
      first(report).proof.reach!.given = ['idp:team']
      first(report).proof.reach!.steps.shift()
    },
    [/reach: reach starts from the account alone/],
  ],
  [
    'a reach with help from outside',
    (report) => first(report).proof.reach!.given.push('ben:totp'),
    [/reach: reach starts from the account alone/],
  ],
  [
    'another capability than the one proved',
    (report) => (first(report).capability = 'administer'),
    [/not a right to administer/],
  ],
  [
    'an entry that is given the account',
    (report) => {
      first(report).proof.entry = { given: ['idp:ben'], goal: 'idp:ben', steps: [] }
    },
    [/entry: `idp:ben` is given, and is neither/],
  ],
  [
    'an entry that is given a group',
    (report) => {
      const steps = [{ node: 'right:reset_authenticators/totp:idp:ben', by: 'entitled', from: ['idp:team'] }]
      first(report).proof.entry = { given: ['idp:team'], goal: 'idp:ben', steps }
    },
    [/entry 0: the last step proves/],
  ],
  [
    'an entry that is given what a rule asks for',
    (report) => {
      const steps = [{ node: 'idp:ben', by: 'declared', from: ['idp:team'] }]
      first(report).proof.entry = { given: ['idp:team'], goal: 'idp:ben', steps }
    },
    [/entry: `idp:team` is given, and is neither/],
  ],
  [
    'a weakest way in that defeats nothing',
    (report) => (ben(report).weakest!.defeats = []),
    [/^idp:ben entry: it says to defeat \[\]/],
  ],
  [
    'an entry into another account',
    (report) => {
      const steps = [{ node: 'ci:bot', by: 'opens', from: ['ci:key'] }]
      first(report).proof.entry = { given: ['ci:key'], goal: 'ci:bot', steps }
    },
    [/entry: the goal is `ci:bot`, not the account/],
  ],
  [
    'an authenticator of nobody in what is given',
    (report) => first(report).proof.entry!.given.push('made:up'),
    [/entry: `made:up` is given/],
  ],
  [
    'the weakest way in defeating something else',
    (report) => (ben(report).weakest!.defeats = ['ben:totp']),
    [/^idp:ben entry: it says to defeat \[ben:totp\]/],
  ],
  [
    'a weakest way in that is none of the account',
    (report) => (ben(report).weakest!.wayIn = 'ana:any'),
    [/^idp:ben entry: `ana:any` is no way in/],
  ],
  [
    'a milder verdict',
    (report) => (ben(report).verdict = 'fit'),
    [/verdict is fit, and that of its worst way in is unfit/, /verdicts `unfit`/, /verdicts `fit`/],
  ],
  ['a way in left out', (report) => void ben(report).waysIn.splice(1, 1), [/`ben:recovery` is left out/]],
  [
    'no way in at all, and yet fit',
    (report) => {
      ben(report).waysIn = []
      ben(report).verdict = 'fit'
      report.summary.verdicts = { fit: 1, excepted: 1 }
      ben(report).weakest = null
      first(report).wayIn = null
    },
    [/can only be unknown/, /sign:in` is left out/, /recovery` is left out/, /session` is left out/],
  ],
  [
    'an account left out',
    (report) => {
      report.accounts.shift()
      report.summary.accounts = 1
      report.summary.nonHumans = 0
      report.summary.verdicts = { unfit: 1 }
      report.summary.conformance = { 'nist-63b-4': { nonconformant: 1 } }
    },
    [/^ci:bot record: the account is in the inventory and not in the report/],
  ],
  [
    'an account of nowhere',
    (report) => (report.accounts[0]!.id = 'ci:ghost'),
    [/not in the inventory/, /not in the report/],
  ],
  [
    'a person called a workload',
    (report) => (ben(report).kind = 'service'),
    [/it is called service/, /humans/, /nonHumans/, /weakerThanTheyLook/, /matrix/],
  ],
  ['a capability hidden', (report) => (ben(report).capabilities = []), [/not those of its reach/]],
  ['findings out of order', (report) => void report.findings.reverse(), [/critical comes after low/]],
  ['two findings with one id', (report) => (report.findings[1]!.id = first(report).id), [/two findings have this id/]],
  [
    'a finding about nobody',
    (report) => (report.findings[1]!.account = 'idp:ghost'),
    [/`idp:ghost` is not in the report/],
  ],
  ['a finding about another way in', (report) => (first(report).wayIn = 'ana:any'), [/`ana:any` is no way in/]],
  ['a fact that nobody stated', (report) => first(report).proof.facts.push('made:up'), [/nothing called `made:up`/]],
  ['an exception that nobody granted', (report) => (first(report).exception = 'ex:1'), [/nothing called `ex:1`/]],
  [
    'a count of accounts',
    (report) => (report.summary.humans = 2),
    [/^summary record: humans: it says 2, and there are 1/],
  ],
  ['a count of diagnostics', (report) => (report.summary.diagnostics = 1), [/diagnostics: it says 1, and there are 0/]],
  ['a cell of the matrix', (report) => (report.summary.matrix['low']!['none'] = 3), [/matrix `low` `none`: it says 3/]],
  [
    'a row of the matrix left out',
    (report) => void delete report.summary.matrix['high'],
    [/matrix `high` `single_factor`: it says 0/],
  ],
  ['a count by severity', (report) => (report.summary.bySeverity['critical'] = 0), [/bySeverity `critical`/]],
  ['an attacker’s haul', (report) => (report.summary.attackers[0]!.highImpact = 0), [/high impact: it says 0/]],
  ['an attacker nobody counts', (report) => (report.summary.attackers = []), [/the summary does not know/]],
  [
    'the time of the snapshot',
    (report) => (report.snapshot.at = '2020-01-01'),
    [/^snapshot record: the report is of 2020-01-01/],
  ],
  ['the number of facts', (report) => (report.snapshot.facts = 3), [/rests on 3 facts/]],
]

suite('verifyReport', () => {
  for (const [what, spoil, reasons] of FORGERIES) {
    test(`a report with ${what} changed ${reasons.length === 0 ? 'holds' : 'does not hold'}`, () => {
      const failures = failuresAfter(spoil)
      assert.equal(failures.length, reasons.length, failures.join('\n'))
      for (const [at, reason] of reasons.entries()) assert.match(failures[at]!, reason)
    })
  }
  test('the number of proofs checked counts weakest ways in, reaches and entries', () => {
    assert.equal(verifyReport(soundReport(), SMALL_WORLD).checked, 3)
  })
  test('a report of other facts has another snapshot id', () => {
    const [failure] = verifyReport(soundReport(), SMALL_WORLD, sha256).failures
    assert.match(failure?.reason ?? '', /made of other facts/)
  })
  test('facts without a time are taken as of the time of the report', () => {
    const { at: _, ...timeless } = SMALL_WORLD
    const report = soundReport()
    assert.deepEqual(verifyReport(report, timeless).failures, [])
  })
  test('a fact that is stated twice word for word counts once', () => {
    const { facts } = SMALL_WORLD
    assert.deepEqual(verifyReport(soundReport(), { ...SMALL_WORLD, facts: [...facts, facts[0]!] }).failures, [])
  })
  test('a disabled account has no way in, and needs none to be fit', () => {
    const facts = SMALL_WORLD.facts.map((placed) =>
      placed.fact.id === 'ci:bot' ? { ...placed, fact: { ...placed.fact, enabled: false } as Fact } : placed,
    )
    const report = soundReport()
    report.accounts[0]!.waysIn = []
    report.accounts[0]!.verdict = 'fit'
    report.summary.verdicts = { unfit: 1, fit: 1 }
    assert.deepEqual(verifyReport(report, { ...SMALL_WORLD, facts }).failures, [])
  })
  test('what is no report is refused with the place at fault', () => {
    const broken: readonly (readonly [unknown, string])[] = [
      [null, ''],
      [[], ''],
      [{ ...soundReport(), accounts: [{}] }, '/accounts/0'],
      [{ ...soundReport(), ambit: 2 }, '/ambit'],
    ]
    for (const [value, pointer] of broken) {
      assert.throws(
        () => verifyReport(value, SMALL_WORLD),
        (error) =>
          error instanceof AmbitError && error.code === 'report_invalid' && error.detail['pointer'] === pointer,
      )
    }
  })
  test('names of JavaScript’s own are names like any other', () => {
    const failures = failuresAfter((report) => {
      report.summary.byCode = JSON.parse('{"code_beyond_reach":1,"no_way_back":1,"__proto__":2,"constructor":0}')
      ben(report).conformance[0]!.profile = '__proto__'
    })
    assert.ok(failures.some((text) => text.includes('byCode `__proto__`: it says 2')))
    assert.ok(!failures.some((text) => text.includes('constructor')))
    assert.ok(failures.some((text) => text.includes('conformance `__proto__` `nonconformant`: it says 0')))
  })
})
