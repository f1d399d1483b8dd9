import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { failuresOf, answerCase } from './cases.ts'
import { lintPolicy } from './lint.ts'
import { parsePolicy } from './parse.ts'
import type { Case } from './schema.ts'

const DEFAULT = readFileSync(new URL('default.yaml', import.meta.url), 'utf8')
const policy = parsePolicy(DEFAULT)
const extended = (more: string) =>
  parsePolicy(`policy: 1\nextends: default\nname: ours\nversion: '1'\n${more}`, { base: DEFAULT })
const notes = (more: string) => lintPolicy(extended(more)).map(({ pointer, message }) => `${pointer} ${message}`)
const rule = (when: string) =>
  `rules:\n  - { code: ours, when: '${when}', requires: { codes: refused }, reason: ours, source: 'Ours §x' }\n`

suite('what a valid policy may still get wrong', () => {
  test('a right on something worth more that counts for less', () => {
    const found = notes("impact: { use_secrets: { high: low }, source: 'Ours §x' }\n")
    assert.match(
      found.join('\n'),
      /^\/impact\/use_secrets\/high use_secrets on something of high sensitivity is worth less/u,
    )
  })
  test('a higher impact that asks for less', () => {
    const found = notes("requirements: { high: { strength: two_factor, source: 'Ours §x' } }\n")
    assert.match(
      found.join('\n'),
      /^\/requirements\/high high impact asks for less than moderate impact \(less strength\)$/u,
    )
  })
  test('an attacker who defeats nothing', () => {
    const found = notes(
      "attackers: [{ name: idle, title: nobody, tier: 1, populations: [customer], source: 'Ours §x' }]\n",
    )
    assert.match(found.join('\n'), /attacker `idle` defeats nothing/u)
  })
  test('a rule that can never hold', () => {
    const never = ['reach.accounts < 0', 'account.kind == "human" && account.kind == "service"', 'impact == "hihg"']
    for (const when of never) assert.match(notes(rule(when)).join('\n'), /rule `ours` holds for none of/u, when)
  })
  test('a rule that stumbles over a field that may be absent', () => {
    assert.match(notes(rule('system.federal')).join('\n'), /cannot be evaluated for every account.*it then raises/u)
  })
  test('a rule about what only an organisation knows is no fault', () => {
    const fine = [
      'has(account.job) && account.job == "Treasurer"',
      'has(account.memberOf) && "idp:finance" in account.memberOf && reach.accounts > 250',
      'has(system.name) && system.name.startsWith("Payroll") && impact == "high" && has(account.thirdParty) && account.thirdParty',
      'has(account.notificationAddresses) && account.notificationAddresses == 17',
    ]
    for (const when of fine) assert.deepEqual(notes(rule(when)), [], when)
  })
})

suite('the cases of a policy', () => {
  const it: Case = {
    name: 'a code for an administrator',
    rights: [{ capability: 'administer', sensitivity: 'low' }],
    wayIn: {
      authenticators: [{ kind: 'password' }, { kind: 'totp' }],
      session: { overallSeconds: 3600, idleSeconds: 600 },
    },
    expect: {},
  }
  test('are answered as the analysis would answer', () => {
    assert.deepEqual(answerCase(policy, it), {
      impact: 'moderate',
      requiredStrength: 'phishing_resistant',
      strength: 'two_factor',
      verdict: 'unfit',
      reasons: ['code_beyond_reach', 'below_required', 'not_phishing_resistant'],
    })
  })
  test('fail with what was expected beside what was said', () => {
    const expect = { verdict: 'fit', impact: 'moderate', reasons: ['code_beyond_reach', 'session_too_long'] } as const
    assert.deepEqual(failuresOf(policy, { ...it, expect: { ...expect, reasons: [...expect.reasons] } }), [
      { field: 'verdict', expected: 'fit', got: 'unfit' },
      {
        field: 'reasons',
        expected: ['session_too_long'],
        got: ['code_beyond_reach', 'below_required', 'not_phishing_resistant'],
      },
    ])
  })
  test('take the highest of several rights', () => {
    const rights: Case['rights'] = [
      { capability: 'read_sensitive_data', sensitivity: 'low' },
      { capability: 'mint_credentials', sensitivity: 'moderate', on: 'account' },
    ]
    assert.equal(answerCase(policy, { ...it, rights }).impact, 'high')
  })
})
