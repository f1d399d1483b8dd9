import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FACT_SCHEMAS } from '#model/facts.ts'
import { ACCOUNT_FIELDS, DEFEAT_FIELDS, MAX_CONDITION, SYSTEM_FIELDS, compileDefeat, compileRule } from './cel.ts'
import type { RuleFacts } from './policy.ts'

const FACTS: RuleFacts = {
  account: { id: 'a', kind: 'human', notificationAddresses: 2, memberOf: ['g'], fact: 'account' },
  system: { federal: true },
  impact: 'low',
  capabilities: ['administer', 'use_secrets'],
  reach: { nodes: 12, accounts: 3 },
}
const says = (text: string, facts: RuleFacts = FACTS): unknown => {
  const compiled = compileRule(text)
  if ('error' in compiled) return compiled.error.split('\n')[0]
  const outcome = compiled.condition.evaluate(facts)
  return 'problem' in outcome ? outcome.problem : outcome.holds
}

const usesOf = (text: string): Record<string, string[]> => {
  const compiled = compileRule(text)
  assert.ok('condition' in compiled)
  return Object.fromEntries([...compiled.condition.uses].map(([variable, fields]) => [variable, [...fields]]))
}

suite('conditions', () => {
  const cases: readonly [string, unknown][] = [
    ['account.kind == "human"', true],
    ['has(system.federal) && system.federal', true],
    ['has(system.cardholderData)', false],
    ['"administer" in capabilities', true],
    ['capabilities.exists(each, each.startsWith("approve"))', false],
    ['size(capabilities) == 2', true],
    ['account["kind"] == "human"', true],
    ['[account].exists(each, each.kind == "human")', true],
    ['reach.accounts > 2 && reach.nodes <= 12', true],
    ['impact in ["low", "moderate"]', true],
    ['account.notificationAddresses >= 2', true],
    ['account.memberOf.all(each, each == "g")', true],
    ['system.paymentService', 'No such key: paymentService'],
    ['account.colour == "red"', '`account` has no field `colour`'],
    ['account.__proto__ == "x"', '`account` has no field `__proto__`'],
    ['account.constructor == "x"', '`account` has no field `constructor`'],
    ['has(account.constructor)', '`account` has no field `constructor`'],
    ['account.kind == 1', 'no such overload: string == int'],
    ['user.kind == "human"', 'Unknown variable: user'],
    ['timestamp("2026-01-01T00:00:00Z") == timestamp("2026-01-01T00:00:00Z")', /`timestamp` is not among/u],
    ['capabilities.map(each, each) == []', /`map` is not among/u],
    ['"a".matches("a")', /`matches` is not among/u],
    [
      'capabilities.exists(a, capabilities.exists(b, capabilities.exists(c, a == c)))',
      /no more than 2 comprehensions/u,
    ],
    [`"${'x'.repeat(MAX_CONDITION)}" == ""`, /at most 2000 characters/u],
    ['!'.repeat(1500) + 'true', /Exceeded/u],
    ['('.repeat(200) + 'true' + ')'.repeat(200), /Exceeded/u],
    [Array(600).fill('true').join('&&'), /characters|Exceeded/u],
  ]
  for (const [text, expected] of cases) {
    test(`\`${text.slice(0, 70)}\` gives ${String(expected)}`, () => {
      const found = says(text)
      if (expected instanceof RegExp) assert.match(String(found), expected)
      else if (typeof expected === 'string') assert.ok(String(found).startsWith(expected), String(found))
      else assert.equal(found, expected)
    })
  }

  test('a list that is too long to walk is a problem, not a pause', () => {
    const memberOf = Array.from({ length: 20_000 }, (_, i) => `g${i}`)
    assert.match(String(says('"x" in account.memberOf', { ...FACTS, account: { memberOf } })), /longer than/u)
  })

  test('a condition is compiled once and remembers nothing', () => {
    const compiled = compileRule('has(system.federal)')
    assert.ok('condition' in compiled)
    const { evaluate } = compiled.condition
    assert.deepEqual(
      [FACTS, { ...FACTS, system: {} }, FACTS].map((facts) => evaluate(facts)),
      [{ holds: true }, { holds: false }, { holds: true }],
    )
  })

  test('a defeat sees the fields of its own sort of fact', () => {
    assert.ok('condition' in compileDefeat('channels', 'has(fact.managed)'))
    assert.ok('error' in compileDefeat('authenticators', 'has(fact.managed)'))
  })

  test('every field a condition may name is a field of the inventory', () => {
    const declared: readonly [object, keyof typeof FACT_SCHEMAS][] = [
      [ACCOUNT_FIELDS, 'account'],
      [SYSTEM_FIELDS, 'system'],
      [DEFEAT_FIELDS.authenticators, 'authenticator'],
      [DEFEAT_FIELDS.channels, 'channel'],
      [DEFEAT_FIELDS.sessions, 'session'],
      [DEFEAT_FIELDS.secrets, 'secret'],
    ]
    for (const [fields, kind] of declared) {
      for (const field of Object.keys(fields)) assert.ok(field in FACT_SCHEMAS[kind].properties, `${kind}.${field}`)
    }
  })
})

suite('what a condition looks at', () => {
  const whole = Object.keys(ACCOUNT_FIELDS)
  const cases: readonly [string, Record<string, string[]>][] = [
    ['impact == "low" && "administer" in capabilities', {}],
    ['account.kind == "human" && account.kind != "x"', { account: ['kind'] }],
    ['account. // of whom\n kind == "system.federal"', { account: ['kind'] }],
    ['has(account.job) && system.federal', { account: ['job'], system: ['federal'] }],
    ['account.memberOf.exists(each, each == account.id)', { account: ['memberOf', 'id'] }],
    ['reach.nodes > 8', { reach: ['nodes'] }],
    ['account["kind"] == "human"', { account: whole }],
    ['[account].exists(each, has(each.kind))', { account: whole }],
  ]
  for (const [text, expected] of cases)
    test(`\`${text.replace('\n', ' ')}\` looks at ${JSON.stringify(expected).slice(0, 60)}`, () =>
      assert.deepEqual(usesOf(text), expected))
})
