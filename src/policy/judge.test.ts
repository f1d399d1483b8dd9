import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { CAPABILITIES, CONTROLS, IMPACTS, STRENGTHS, VERDICTS, type Impact } from '#contract/vocabulary.ts'
import { compileRule } from './cel.ts'
import { judge, type WayFacts } from './judge.ts'
import { parsePolicy } from './parse.ts'
import type { Policy, PolicyRule, Requirement, RuleFacts } from './policy.ts'
import { impactOfRight, requirementOf, stricter } from './requirement.ts'

const policy = parsePolicy(readFileSync(new URL('default.yaml', import.meta.url), 'utf8'))
const facts = (impact: Impact, more: Partial<RuleFacts> = {}): RuleFacts => ({
  account: { id: 'a', kind: 'human', population: 'workforce' },
  system: {},
  impact,
  capabilities: [],
  reach: { nodes: 0, accounts: 0 },
  ...more,
})

const CODE: WayFacts = {
  strength: 'two_factor',
  phishingResistant: false,
  hardwareBacked: false,
  code: true,
  session: { overallSeconds: 3600, idleSeconds: 600 },
  controls: [],
}
const KEY: WayFacts = {
  ...CODE,
  strength: 'phishing_resistant',
  phishingResistant: true,
  hardwareBacked: null,
  code: false,
}
const HARDWARE: WayFacts = { ...KEY, strength: 'hardware', hardwareBacked: true }
const without = (way: WayFacts): WayFacts => ({ ...way, session: {} })
const long = (way: WayFacts, overallSeconds: number): WayFacts => ({
  ...way,
  session: { overallSeconds, idleSeconds: 600 },
})

const CASES: readonly [string, Impact, WayFacts, string, readonly string[]][] = [
  ['a code is enough where nothing is lost', 'none', without(CODE), 'fit', ['meets_requirement']],
  ['a code is enough for little, in short sessions', 'low', CODE, 'fit', ['meets_requirement']],
  ['a code is not enough for little in long sessions', 'low', long(CODE, 90_000), 'unfit', ['session_too_long']],
  ['a session as long as nobody says is not known', 'low', without(CODE), 'unknown', ['session_unstated']],
  ['a passkey may keep a longer session for little', 'low', long(KEY, 90_000), 'fit', ['meets_requirement']],
  ['nothing keeps a session past thirty days', 'low', long(KEY, 2_592_001), 'unfit', ['session_too_long']],
  [
    'a code is refused for more',
    'moderate',
    CODE,
    'unfit',
    ['code_beyond_reach', 'below_required', 'not_phishing_resistant'],
  ],
  ['a passkey is enough for more', 'moderate', KEY, 'fit', ['meets_requirement']],
  [
    'a passkey is not known to be enough for the most',
    'high',
    KEY,
    'unknown',
    ['strength_unknown', 'hardware_backed_unknown'],
  ],
  [
    'a synced passkey is not enough for the most',
    'high',
    { ...KEY, hardwareBacked: false },
    'unfit',
    ['below_required', 'not_hardware_backed'],
  ],
  ['a key in hardware is enough for the most', 'high', HARDWARE, 'fit', ['meets_requirement']],
  ['a key in hardware does not excuse a long session', 'high', long(HARDWARE, 43_201), 'unfit', ['session_too_long']],
  [
    'an unknown strength is unknown',
    'moderate',
    { ...KEY, strength: null, phishingResistant: null },
    'unknown',
    ['strength_unknown', 'phishing_resistant_unknown'],
  ],
  [
    'an unknown strength whose least is enough is fit',
    'low',
    { ...KEY, strength: null, atLeast: 'single_factor', atMost: 'hardware' },
    'fit',
    ['meets_requirement'],
  ],
  [
    'an unknown strength whose most is too little is unfit',
    'moderate',
    { ...KEY, strength: null, atLeast: 'none', atMost: 'two_factor' },
    'unfit',
    ['below_required'],
  ],
  [
    'what is known to be wrong outweighs what is not known',
    'moderate',
    without(CODE),
    'unfit',
    ['code_beyond_reach', 'below_required', 'not_phishing_resistant', 'session_unstated', 'session_unstated'],
  ],
  [
    'a code beside an unknown kind is not known to be relayable',
    'moderate',
    { ...KEY, code: true, phishingResistant: null },
    'unknown',
    ['code_unknown', 'phishing_resistant_unknown'],
  ],
  [
    'a restricted authenticator is fit with its duties',
    'low',
    { ...CODE, restrictedDutiesMet: true },
    'fit_with_controls',
    ['duties_met'],
  ],
  [
    'a restricted authenticator is unfit without them',
    'low',
    { ...CODE, restrictedDutiesMet: false },
    'unfit',
    ['duties_not_met'],
  ],
  [
    'duties that nobody states are unknown',
    'low',
    { ...CODE, restrictedDutiesMet: null },
    'unknown',
    ['duties_unstated'],
  ],
]

suite('the verdict of one way in', () => {
  for (const [title, impact, way, verdict, codes] of CASES) {
    test(title, () => {
      const found = judge(requirementOf(policy, facts(impact)), way)
      assert.deepEqual([found.verdict, found.reasons.map(({ code }) => code)], [verdict, codes])
    })
  }

  test('a control that is asked for makes it fit with controls, and unfit where it is not recorded', () => {
    const payments = requirementOf(policy, facts('none', { system: { paymentService: true } }))
    const way: WayFacts = { ...KEY, session: { idleSeconds: 300 } }
    assert.deepEqual(
      judge(payments, way).reasons.map(({ code }) => code),
      ['control_missing'],
    )
    assert.equal(judge(payments, { ...way, controls: ['rate_limiting'] }).verdict, 'fit_with_controls')
  })

  test('every reason cites something', () => {
    for (const [, impact, way] of CASES) {
      for (const { citations } of judge(requirementOf(policy, facts(impact)), way).reasons)
        assert.ok(citations.length > 0)
    }
  })
})

suite('what the rules ask', () => {
  test('federal staff need phishing resistance even for nothing', () => {
    const found = requirementOf(policy, facts('none', { system: { federal: true } }))
    assert.equal(found.phishingResistant, true)
    assert.deepEqual(
      found.raisedBy.map(({ code }) => code),
      ['federal_workforce'],
    )
  })
  test('the public of a federal service does not', () => {
    const account = { id: 'a', kind: 'human', population: 'customer' }
    assert.equal(requirementOf(policy, facts('none', { account, system: { federal: true } })).phishingResistant, false)
  })
  test('cardholder data asks again after fifteen idle minutes, a payment account after five', () => {
    assert.equal(
      requirementOf(policy, facts('moderate', { system: { cardholderData: true } })).session.idleSeconds,
      900,
    )
    assert.equal(requirementOf(policy, facts('high', { system: { paymentService: true } })).session.idleSeconds, 300)
  })
  test('a rule that cannot be evaluated raises, and says so', () => {
    const found = requirementOf(policy, facts('none', { system: { federal: 'yes' } }))
    assert.ok(
      found.raisedBy.some(({ code, text }) => code === 'federal_workforce' && /could not be evaluated/u.test(text)),
    )
    assert.equal(found.phishingResistant, true)
  })
  test('a target of unknown sensitivity counts as moderate and is uncertain', () => {
    assert.deepEqual(impactOfRight(policy, 'change_code', 'resource', undefined), {
      impact: 'moderate',
      uncertain: true,
    })
    assert.deepEqual(impactOfRight(policy, 'impersonate', 'account', undefined), {
      impact: 'moderate',
      uncertain: false,
    })
    assert.deepEqual(impactOfRight(policy, 'read_sensitive_data', 'resource', 'none'), {
      impact: 'none',
      uncertain: false,
    })
  })
})

const strength = fc.constantFrom(...STRENGTHS)
const limits = fc.record({ overallSeconds: fc.nat(100_000), idleSeconds: fc.nat(5000) }, { requiredKeys: [] })
const anyRequirement: fc.Arbitrary<Requirement> = fc.record({
  strength,
  codes: fc.constantFrom('allowed' as const, 'refused' as const),
  phishingResistant: fc.boolean(),
  hardwareBacked: fc.boolean(),
  session: limits,
  codeSession: limits,
  controls: fc.subarray([...CONTROLS], { maxLength: 2 }),
  citations: fc.constant([]),
})
const tri = fc.constantFrom(true, false, null)
const anyWay: fc.Arbitrary<WayFacts> = fc.record(
  {
    strength: fc.option(strength),
    phishingResistant: tri,
    hardwareBacked: tri,
    code: fc.boolean(),
    session: limits,
    controls: fc.subarray([...CONTROLS]),
    restrictedDutiesMet: tri,
  },
  { requiredKeys: ['strength', 'phishingResistant', 'hardwareBacked', 'code', 'session', 'controls'] },
)
const anyFacts: fc.Arbitrary<RuleFacts> = fc.record({
  account: fc.record({
    kind: fc.constantFrom('human', 'service'),
    population: fc.constantFrom('workforce', 'customer'),
  }),
  system: fc.record(
    { federal: fc.boolean(), cardholderData: fc.boolean(), paymentService: fc.boolean() },
    { requiredKeys: [] },
  ),
  impact: fc.constantFrom(...IMPACTS),
  capabilities: fc.subarray([...CAPABILITIES]),
  reach: fc.record({ nodes: fc.nat(), accounts: fc.nat() }),
})
const rank = (verdict: string) => (VERDICTS as readonly string[]).indexOf(verdict)

suite('what holds for any policy', () => {
  test('a rule never lowers the bar', () => {
    fc.assert(
      fc.property(anyRequirement, anyRequirement, anyWay, (base, raise, way) => {
        const before = judge(base, way).verdict
        const after = judge(stricter(base, raise), way).verdict
        // fit and fit_with_controls are both fit; which of the two is said depends on what was asked
        assert.ok(Math.min(rank(after), rank('fit_with_controls')) <= Math.min(rank(before), rank('fit_with_controls')))
      }),
      { numRuns: 3000 },
    )
  })

  test('the order of the rules does not matter', () => {
    fc.assert(
      fc.property(
        anyFacts,
        fc.shuffledSubarray([...policy.rules], { minLength: policy.rules.length }),
        (given, rules) => {
          const shuffled: Policy = { ...policy, rules }
          assert.deepEqual(requirementOf(shuffled, given), requirementOf(policy, given))
        },
      ),
    )
  })

  test('what others were asked before does not change what one is asked', () => {
    const conditions = [
      'account.kind == "human" && impact == "high"',
      'has(account.population) && account.population == "customer"',
      'has(system.federal) && system.federal',
      '"administer" in capabilities',
      'reach.accounts > 2',
      'account["kind"] == "service"',
    ]
    const rules = conditions.map((condition, i): PolicyRule => {
      const compiled = compileRule(condition)
      if ('error' in compiled) throw new Error(compiled.error)
      const { evaluate, uses } = compiled.condition
      const when = (given: RuleFacts): boolean => {
        const outcome = evaluate(given)
        return 'problem' in outcome || outcome.holds
      }
      return { code: `rule_${i}`, when, uses, requires: {}, reason: condition, citations: [] }
    })
    const someFacts = fc.array(fc.tuple(anyFacts, fc.nat({ max: 4 })), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(someFacts, fc.subarray(rules, { minLength: 1 }), (asked, chosen) => {
        const one: Policy = { ...policy, rules: chosen }
        for (const [given, accounts] of asked) {
          const facts = { ...given, reach: { nodes: 1, accounts } }
          const holding = chosen.filter(({ when }) => when(facts)).map(({ code }) => code)
          const found = requirementOf(one, facts)
          assert.deepEqual(
            found.raisedBy.map(({ code }) => code),
            holding,
          )
          assert.deepEqual(found, requirementOf({ ...one }, facts))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a rule that fails over one account raises what is asked of it, whoever was asked before', () => {
    for (const condition of [
      'impact == "low" && has(account.memberOf)',
      'impact == "low" && has(account. // its groups\n memberOf)',
      'impact == "low" && account["memberOf"] == []',
      'impact == "low" && [account].exists(each, has(each.memberOf))',
    ]) {
      const compiled = compileRule(condition)
      assert.ok('condition' in compiled)
      const when = (given: RuleFacts): boolean => 'problem' in compiled.condition.evaluate(given)
      const { uses } = compiled.condition
      const rule: PolicyRule = { code: 'failing', when, uses, requires: {}, reason: condition, citations: [] }
      const one: Policy = { ...policy, rules: [rule] }
      const asked = (groups: number) =>
        requirementOf(one, {
          account: { kind: 'human', memberOf: Array.from({ length: groups }, (_, i) => `group:${i}`) },
          system: {},
          impact: 'high',
          capabilities: ['administer'],
          reach: { nodes: 1, accounts: 1 },
        }).raisedBy.map(({ code }) => code)
      assert.deepEqual([asked(1), asked(20_000)], [[], ['failing']])
    }
  })

  test('more proof never yields less', () => {
    fc.assert(
      fc.property(anyRequirement, anyWay, strength, fc.subarray([...CONTROLS]), (requirement, way, more, controls) => {
        const better: WayFacts = {
          ...way,
          strength: STRENGTHS[Math.max(STRENGTHS.indexOf(way.strength ?? 'none'), STRENGTHS.indexOf(more))] ?? more,
          phishingResistant: true,
          hardwareBacked: true,
          code: false,
          controls: [...way.controls, ...controls],
        }
        // a doubt that is cleared up may turn out badly
        fc.pre(way.strength !== null && way.hardwareBacked !== null)
        assert.ok(rank(judge(requirement, better).verdict) >= rank(judge(requirement, way).verdict))
      }),
      { numRuns: 3000 },
    )
  })

  test('no facts, no permit', () => {
    const nothing: WayFacts = {
      strength: null,
      phishingResistant: null,
      hardwareBacked: null,
      code: false,
      session: {},
      controls: [],
    }
    for (const impact of IMPACTS) {
      assert.equal(judge(requirementOf(policy, facts(impact)), nothing).verdict, 'unknown')
    }
  })

  test('the verdict is what the words of the policy say, read one by one', () => {
    fc.assert(
      fc.property(anyRequirement, anyWay, (requirement, way) => {
        assert.equal(judge(requirement, way).verdict, reference(requirement, way))
      }),
      { numRuns: 5000 },
    )
  })
})

/** The verdict written for reading: every part is true, false or not known, and the worst of them decides. */
function reference(asked: Requirement, way: WayFacts): string {
  const limit = (sort: 'overallSeconds' | 'idleSeconds') => {
    const most = Math.min(
      asked.session[sort] ?? Infinity,
      way.code ? (asked.codeSession?.[sort] ?? Infinity) : Infinity,
    )
    const has = way.session[sort]
    return most === Infinity ? true : has === undefined ? null : has <= most
  }
  const perhapsHardware =
    way.strength === 'phishing_resistant' && way.hardwareBacked === null && asked.strength === 'hardware'
  const parts: (boolean | null)[] = [
    asked.strength === 'none'
      ? true
      : way.strength === null || perhapsHardware
        ? null
        : STRENGTHS.indexOf(way.strength) >= STRENGTHS.indexOf(asked.strength),
    asked.codes === 'allowed' || !way.code ? true : way.phishingResistant === null ? null : false,
    asked.phishingResistant ? way.phishingResistant : true,
    asked.hardwareBacked ? way.hardwareBacked : true,
    limit('overallSeconds'),
    limit('idleSeconds'),
    asked.controls.every((control) => way.controls.includes(control)),
    way.restrictedDutiesMet ?? (way.restrictedDutiesMet === undefined ? true : null),
  ]
  if (parts.includes(false)) return 'unfit'
  if (parts.includes(null)) return 'unknown'
  return asked.controls.length > 0 || way.restrictedDutiesMet === true ? 'fit_with_controls' : 'fit'
}
