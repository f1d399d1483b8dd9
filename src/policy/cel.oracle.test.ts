/** Conditions mean what CEL says they mean: arbitrary ones are put to ours and to a second, unrelated implementation. */
import { celEnv, parse, plan, type CelInput } from '@bufbuild/cel'
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { compileRule } from './cel.ts'
import type { RuleFacts } from './policy.ts'

const TEXTS = ['', 'a', 'human', 'approve_access', 'Straße', "it's", 'a"b', 'a\\b']
const quoted = fc.constantFrom(...TEXTS).map((text) => JSON.stringify(text))
const fields = (...names: string[]) => fc.constantFrom(...names)

const STRINGS = fields('impact', 'account.kind', 'account.job', 'system.kind')
const LISTS = fields('capabilities', 'account.memberOf', 'system.offers')
const INTS = fields('reach.nodes', 'reach.accounts', 'account.notificationAddresses', 'size(capabilities)')
const BOOLS = fields('account.enabled', 'system.federal', 'account.interactive')
const COMPARED = fields('==', '!=', '<', '<=', '>', '>=')
const ALL = fields(
  'account.kind',
  'account.job',
  'account.enabled',
  'account.memberOf',
  'account.notificationAddresses',
  'system.federal',
  'system.offers',
)

const text = fc.oneof(STRINGS, quoted)
const number = fc.oneof(INTS, fc.nat(5).map(String))

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    BOOLS,
    fc.constantFrom('true', 'false'),
    fc.tuple(text, fields('==', '!=', '<', '>='), text).map(([a, by, b]) => `${a} ${by} ${b}`),
    fc.tuple(number, COMPARED, number).map(([a, by, b]) => `${a} ${by} ${b}`),
    fc.tuple(text, LISTS).map(([a, of]) => `${a} in ${of}`),
    fc.tuple(text, fc.array(quoted, { minLength: 1, maxLength: 3 })).map(([a, of]) => `${a} in [${of.join(', ')}]`),
    ALL.map((field) => `has(${field})`),
    fc.tuple(text, fields('startsWith', 'endsWith', 'contains'), text).map(([a, method, b]) => `${a}.${method}(${b})`),
    fc
      .tuple(LISTS, fields('exists', 'all', 'exists_one'), fields('==', '!=', '<'), text)
      .map(([of, macro, by, with_]) => `${of}.${macro}(each, each ${by} ${with_})`),
    fc.tuple(LISTS, text, number).map(([of, a, n]) => `size(${of}.filter(each, each != ${a})) > ${n}`),
    fc.tuple(tie('condition'), fields('&&', '||'), tie('condition')).map(([a, by, b]) => `(${a}) ${by} (${b})`),
    tie('condition').map((a) => `!(${a})`),
    fc.tuple(tie('condition'), tie('condition'), tie('condition')).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
  ),
}))

const word = fc.constantFrom(...TEXTS)
const words = fc.array(word, { maxLength: 4 })
const facts = fc.record({
  account: fc.record(
    {
      kind: word,
      job: word,
      enabled: fc.boolean(),
      interactive: fc.boolean(),
      memberOf: words,
      notificationAddresses: fc.nat(5),
    },
    { requiredKeys: [] },
  ),
  system: fc.record({ kind: word, federal: fc.boolean(), offers: words }, { requiredKeys: [] }),
  impact: word,
  capabilities: words,
  reach: fc.record({ nodes: fc.nat(5), accounts: fc.nat(5) }),
})

const env = celEnv()

/** Whole numbers are CEL integers; what is absent stays so. */
const asCel = (value: unknown): CelInput =>
  typeof value === 'number'
    ? BigInt(value)
    : Array.isArray(value)
      ? value.map(asCel)
      : typeof value === 'object' && value !== null
        ? new Map(Object.entries(value).map(([name, each]) => [name, asCel(each)]))
        : (value as CelInput)

function expected(of: string, given: object): boolean | 'no value' {
  const bindings = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, asCel(value)]))
  const result: unknown = plan(env, parse(of))(bindings)
  return typeof result === 'boolean' ? result : 'no value'
}

suite('conditions and a second implementation of CEL', () => {
  test('come to the same, and to nothing for the same missing facts', () => {
    const seen = new Map<boolean | 'no value', number>()
    fc.assert(
      fc.property(condition, facts, (of, given) => {
        const compiled = compileRule(of)
        if ('error' in compiled) assert.fail(`${of}: ${compiled.error}`)
        const outcome = compiled.condition.evaluate(given as RuleFacts)
        const found = 'holds' in outcome ? outcome.holds : 'no value'
        assert.equal(found, expected(of, given), of)
        seen.set(found, (seen.get(found) ?? 0) + 1)
      }),
      { numRuns: 3000 },
    )
    // each kind of answer was compared often
    for (const kind of [true, false, 'no value'] as const) assert.ok((seen.get(kind) ?? 0) > 200, String(kind))
  })
})
