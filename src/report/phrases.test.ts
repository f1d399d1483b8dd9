import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FINDING_KINDS } from '#analysis/findings/catalogue.ts'
import { CAPABILITIES } from '#contract/vocabulary.ts'
import { RULE_KINDS } from '#model/kinds.ts'
import { chainOf } from './chain.ts'
import { FINDING_TITLES, findingTitle } from './finding-titles.ts'
import { namesOf } from './names.ts'
import { listed, PHRASES, placeText, stepSentence } from './phrases.ts'
import { syntheticReport } from './report.fixture.ts'
import { capabilityPhrase, citationText, counted, findingsByWeight, plain } from './words.ts'

suite('the words of a report', () => {
  const names = namesOf(syntheticReport())
  const step = (by: string, node: string, ...from: string[]) => stepSentence({ by, node, from }, names)

  test('every rule kind has a phrase, and no phrase is left over', () => {
    assert.deepEqual(Object.keys(PHRASES).toSorted(), Object.keys(RULE_KINDS).toSorted())
  })

  test('every finding code has the heading of the catalogue', () => {
    const catalogue = Object.fromEntries(Object.entries(FINDING_KINDS).map(([code, kind]) => [code, kind.title]))
    assert.deepEqual(FINDING_TITLES, catalogue)
  })

  test('a code, a rule kind or a capability of a newer version is read out, not hidden', () => {
    assert.equal(findingTitle('mfa_new_thing'), 'MFA new thing')
    assert.equal(step('sorcery', 'b', 'a'), 'a gives b (sorcery)')
    assert.equal(step('constructor', 'b', 'a'), 'a gives b (constructor)')
    assert.equal(capabilityPhrase('bend_spoons', 'x'), 'bend spoons on x')
  })

  test('steps of a proof are sentences of the inventory', () => {
    const cases: [string, string[], string][] = [
      ['member_of', ['okta:g', 'okta:u1'], 'Oleh Kovalenko is a member of okta:g'],
      ['entitled', ['right:approve_payments:bank', 'okta:g'], 'okta:g may approve payments in bank'],
      [
        'scope',
        ['right:impersonate:okta:u1', 'right:impersonate:g'],
        'Oleh Kovalenko belongs to g, so the right covers it: act as Oleh Kovalenko',
      ],
      [
        'act_as',
        ['okta:u1', 'right:impersonate:okta:u1'],
        'the right to act as Oleh Kovalenko gives control of Oleh Kovalenko',
      ],
      [
        'reset_one',
        ['x', 'right:reset_authenticators/sms_code:a'],
        'whoever may reset the SMS code of a can set up x anew',
      ],
      ['way_in', ['okta:u1', 'p', 'q'], 'p and q are all that one way into Oleh Kovalenko asks for'],
      ['way_in', ['b', 'okta:u1'], 'control of Oleh Kovalenko is all that one way into b asks for'],
      ['gate', ['gate:a/w:0.1', 'p'], 'p is enough for a part of a/w'],
      ['run_as', ['a', 'right:change_code:repo:x'], 'code placed in repo:x runs as a'],
    ]
    for (const [by, [node, ...from], sentence] of cases) assert.equal(step(by, node!, ...from), sentence)
  })

  test('every capability has a phrase of its own', () => {
    for (const capability of CAPABILITIES) assert.doesNotMatch(capabilityPhrase(capability, 'x'), / on x$/)
  })

  test('two accounts of one name keep their ids', () => {
    assert.equal(names.noun('okta:u0'), 'Dana Reyes')
    const both = namesOf({
      ...syntheticReport(),
      accounts: [1, 2].map((n) => ({ ...syntheticReport().accounts[0]!, id: `a:${n}`, name: 'Dana' })),
    })
    assert.equal(both.noun('a:2'), 'Dana (a:2)')
  })

  test('a chain puts what is given first, keeps order, and draws no gates', () => {
    const chain = chainOf(
      {
        given: ['p', 'q'],
        goal: 'okta:u1',
        steps: [
          { node: 'gate:w:0', by: 'gate', from: ['p', 'q'] },
          { node: 'okta:u1', by: 'way_in', from: ['gate:w:0'] },
        ],
      },
      names,
    )
    assert.deepEqual(
      chain.layers.map((layer) => layer.map(({ node }) => node)),
      [['p', 'q'], ['okta:u1']],
    )
    assert.equal(chain.sentences.length, 2)
  })

  test('what follows from a gate stands beside what follows as closely without one', () => {
    const chain = chainOf(
      {
        given: ['p'],
        goal: 'g',
        steps: [
          { node: 'gate:w:0', by: 'gate', from: ['p'] },
          { node: 'a', by: 'way_in', from: ['gate:w:0'] },
          { node: 'b', by: 'opens', from: ['p'] },
          { node: 'g', by: 'declared', from: ['a', 'b'] },
        ],
      },
      names,
    )
    assert.deepEqual(
      chain.layers.map((layer) => layer.map(({ node }) => node)),
      [['p'], ['a', 'b'], ['g']],
    )
  })

  test('small words are written as people write them', () => {
    assert.equal(plain('sms_code'), 'SMS code')
    assert.equal(listed(['a', 'b', 'c']), 'a, b and c')
    assert.equal(counted(1, 'person', 'people'), '1 person')
    assert.equal(counted(12_345, 'person', 'people'), '12,345 people')
    assert.equal(citationText({ standard: 'NIST SP 800-63B-4', section: '3.1.3' }), 'NIST SP 800-63B-4 §3.1.3')
    assert.equal(citationText({ standard: 'OWASP NHI Top 10', section: 'NHI2:2025' }), 'OWASP NHI Top 10 NHI2:2025')
    assert.equal(placeText({ file: 'a.yaml', line: 3, pointer: '/x' }), 'a.yaml:3')
    assert.equal(placeText({ file: 'a.json', pointer: '/x' }), 'a.json#/x')
  })

  test('the worst findings come first, and the weakest guarded of equal ones', () => {
    const report = syntheticReport()
    const ordered = findingsByWeight(report)
    const rank = ['critical', 'high', 'medium', 'low', 'info']
    const severities = ordered.map(({ severity }) => rank.indexOf(severity))
    assert.deepEqual(
      severities,
      severities.toSorted((a, b) => a - b),
    )
    const critical = report.findings.find((finding) => finding.account === 'okta:u0')!
    const weaker = { ...critical, id: 'z', code: 'z', account: 'okta:u1' }
    const both = findingsByWeight({ ...report, findings: [critical, weaker] })
    assert.deepEqual(
      both.map(({ account }) => account),
      ['okta:u1', 'okta:u0'],
    )
    assert.deepEqual(findingsByWeight({ ...report, findings: report.findings.toReversed() }), ordered)
  })
})
