import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { analyse } from '#analysis/analyse.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { CAPABILITIES } from '#contract/vocabulary.ts'
import { checkInventory } from '#model/inventory.ts'
import { arbitraryInventory } from '#verify/arbitrary-inventory.ts'
import { checkProof } from '#verify/check-proof.ts'
import { indexFacts } from '#verify/fact-index.ts'
import { checkedOf } from '../../test/support/report-of.ts'
import { breachesOf } from './breaches.ts'
import { judgedIn } from './judged.ts'
import { matcherOf, readPatterns, type Judged, type Matcher, type Pattern, type Stage } from './patterns.ts'
import { HOLDS, pricesIn, type Hold } from './prices.ts'
import { worldOf, type World } from './world.ts'

const policy = await readPolicyFile()

/** A pattern with this chain; what else a pattern says does not bear on whether it fits. */
const patternOf = (chain: readonly object[], rest: object = {}): Pattern =>
  readPatterns(
    JSON.stringify({
      patterns: 1,
      chains: [
        {
          id: 'p',
          title: 't',
          incidents: ['i'],
          factor: 'beaten',
          lesson: 'l',
          controls: ['c'],
          attackers: ['phishing_relay'],
          ...rest,
          chain: chain.map((stage) => ({ says: 's', ...stage })),
        },
      ],
    }),
    'test.yaml',
    policy,
  )[0]!

const stage: fc.Arbitrary<object> = fc.oneof(
  fc.record(
    {
      is: fc.subarray(['account', 'group', 'secret', 'channel', 'authenticator', 'right'], { minLength: 1 }),
      by: fc.subarray(
        ['way_in', 'opens', 'member_of', 'entitled', 'held_channel', 'on_channel', 'declared', 'session'],
        { minLength: 1 },
      ),
    },
    { requiredKeys: [] },
  ),
  fc.record({ right: fc.subarray([...CAPABILITIES], { minLength: 1 }) }),
  fc.record({ purpose: fc.constant(['sign_in']) }),
)

/** Everything that follows from some nodes, round by round. */
function naiveClosure({ snapshot: { rules } }: World, from: Iterable<number>): Set<number> {
  const held = new Set(from)
  for (let before = -1; before < held.size;) {
    before = held.size
    for (let rule = 0; rule < rules.heads.length; rule++) if (holds(rules, rule, held)) held.add(rules.heads[rule]!)
  }
  return held
}

/** What a rule needs, but for its own head, which never helps to give it. */
const bodyOf = (rules: World['snapshot']['rules'], rule: number) =>
  [...new Set(rules.bodies.subarray(rules.bodyOffsets[rule], rules.bodyOffsets[rule + 1]))].filter(
    (node) => node !== rules.heads[rule],
  )
const holds = (rules: World['snapshot']['rules'], rule: number, held: ReadonlySet<number>) =>
  bodyOf(rules, rule).filter((node) => held.has(node)).length >= rules.needs[rule]!

/** The least that each node takes, one thing of each hold and one rule after another, until nothing gets cheaper. */
function pricesByDefinition(world: World, hold: (node: number) => Hold | null): number[] {
  const { rules } = world.snapshot
  const worth = [1, 1e4, 1e8, 1e12]
  const prices = Array.from({ length: rules.nodeCount }, (_, node) => {
    const how = hold(node)
    return how === null ? Infinity : how === 'held' ? 0 : worth[HOLDS.indexOf(how)]!
  })
  for (let changed = true; changed;) {
    changed = false
    for (const [rule, head] of rules.heads.entries()) {
      const parts = bodyOf(rules, rule).map((node) => prices[node]!)
      const needed = parts.toSorted((a, b) => a - b).slice(0, rules.needs[rule]!)
      if (needed.length < rules.needs[rule]!) continue
      const price = needed.reduce((sum, each) => sum + each, 1)
      if (price >= prices[head]!) continue
      prices[head] = price
      changed = true
    }
  }
  return prices
}

/** Whether a chain goes through what is held: (stage, node) pairs spread over every rule that applies, until none is new. */
function naiveChain(
  { snapshot: { rules } }: World,
  matcher: Matcher,
  chain: readonly Stage[],
  held: ReadonlySet<number>,
): boolean {
  const live = Array.from(rules.heads, (_, rule) => rule).filter((rule) => holds(rules, rule, held))
  const at = (node: number, rule: number | null, i: number) =>
    (matcher.atStage(node, rule, chain[i]!)?.length ?? 1) === 0
  const reached = new Set<string>()
  for (const node of held) if (at(node, null, 0)) reached.add(`0 ${node}`)
  for (const rule of live) if (at(rules.heads[rule]!, rule, 0)) reached.add(`0 ${rules.heads[rule]}`)
  for (let before = -1; before < reached.size;) {
    before = reached.size
    for (const pair of reached) {
      const [i = 0, node] = pair.split(' ').map(Number)
      for (const rule of live) {
        if (!bodyOf(rules, rule).includes(node!)) continue
        const head = rules.heads[rule]!
        reached.add(`${i} ${head}`)
        if (i + 1 < chain.length && at(head, rule, i + 1)) reached.add(`${i + 1} ${head}`)
      }
    }
  }
  return [...reached].some((pair) => pair.startsWith(`${chain.length - 1} `))
}

suite('A breach pattern', () => {
  test('fits just where a chain goes through what is held, what may be, or what could be had, by definition', () => {
    fc.assert(
      fc.property(arbitraryInventory(), fc.array(stage, { minLength: 1, maxLength: 3 }), (inventory, stages) => {
        const checked = checkInventory(inventory)
        const world = worldOf(checked, policy)
        const report = analyse(checked, policy)
        const pattern = patternOf(stages)
        const [breach] = breachesOf(world, report, [pattern]).chains
        const { hold } = pricesIn(world)(pattern.attackers, [])
        const matcher = matcherOf(world, report)
        const fits = (...how: string[]) =>
          naiveChain(
            world,
            matcher,
            pattern.chain,
            naiveClosure(
              world,
              [...world.snapshot.nodeIds.keys()].filter((node) => how.includes(hold(node) ?? '')),
            ),
          )
        const expected = fits('held')
          ? 'possible'
          : fits('held', 'in_doubt')
            ? 'unknown'
            : fits('held', 'in_doubt', 'not_defeated')
              ? 'blocked'
              : 'absent'
        assert.equal(breach!.status, expected)
        if (breach!.proof !== null) assert.deepEqual(checkProof(breach!.proof, indexFacts(inventory)), { ok: true })
      }),
      { numRuns: 80 },
    )
  })

  test('finds the cheapest of what is had, as the definition does, whatever is supposed', () => {
    fc.assert(
      fc.property(arbitraryInventory(), fc.array(fc.nat(), { maxLength: 3 }), (inventory, picks) => {
        const world = worldOf(checkInventory(inventory), policy)
        const { nodeCount } = world.snapshot.rules
        const supposed = nodeCount === 0 ? [] : picks.map((pick) => pick % nodeCount)
        const attackers = policy.attackers.filter(({ name }) => name === 'phishing_relay' || name === 'leaked_secret')
        const { of, hold, proof } = pricesIn(world)(attackers, supposed)
        const priced = pricesByDefinition(world, hold)
        assert.deepEqual(Array.from(of), priced)
        for (const [node, price] of of.entries()) {
          if (price === Infinity) continue
          const proved = new Set([...of.keys()].filter((each) => hold(each) !== null))
          for (const { rule, node: head, from } of proof(node)) {
            assert.ok(Array.from(from).every((body) => proved.has(body)))
            assert.ok(from.length >= world.snapshot.rules.needs[rule]!)
            proved.add(head)
          }
          assert.ok(proved.has(node))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('knows of accounts what their report says', () => {
    fc.assert(
      fc.property(arbitraryInventory(), (inventory) => {
        const checked = checkInventory(inventory)
        const { accounts, findings } = judgedIn(worldOf(checked, policy))
        const report = analyse(checked, policy)
        const all = Array.from(accounts).toSorted((a, b) => (a.id < b.id ? -1 : 1))
        assert.deepEqual(
          all,
          report.accounts.map(({ id, impact, nominalStrength, effectiveStrength, verdict }) => {
            return { id, impact, nominalStrength, effectiveStrength, verdict }
          }),
        )
        const coded = (list: Judged['findings']) => Array.from(list, ({ account, code }) => `${account} ${code}`)
        assert.deepEqual(coded(findings), coded(report.findings))
      }),
      { numRuns: 60 },
    )
  })

  test('supposes one thing at a time', () => {
    fc.assert(
      fc.property(arbitraryInventory(), fc.array(stage, { minLength: 1, maxLength: 2 }), (inventory, stages) => {
        const checked = checkInventory(inventory)
        const world = worldOf(checked, policy)
        const report = analyse(checked, policy)
        const pattern = patternOf(stages, { suppose: { is: ['account', 'channel'] }, attackers: [] })
        const [breach] = breachesOf(world, report, [pattern]).chains
        const matcher = matcherOf(world, report)
        const { snapshot } = world
        const alone = [...checked.byKind.account, ...checked.byKind.channel].some(({ fact }) => {
          if (fact.fact === 'account' && fact.enabled === false) return false
          return naiveChain(world, matcher, pattern.chain, naiveClosure(world, [snapshot.indexOf.get(fact.id)!]))
        })
        assert.equal(breach!.status === 'possible', alone || naiveChain(world, matcher, pattern.chain, new Set()))
      }),
      { numRuns: 60 },
    )
  })
})

const DESK = (controls: string) => `
ambit: 1
at: 2026-11-01
systems: [{id: idp}]
groups: [{id: idp:all}]
resources: [{id: cloud:hosts, sensitivity: high}]
accounts:
  - id: idp:admin
    kind: human
    authenticators: [help_desk_check]
    waysIn: [{id: idp:admin/desk, purpose: help_desk, requires: help_desk_check, controls: ${controls}}]
  - {id: idp:op, kind: human, memberOf: [idp:all], authenticators: [passkey], waysIn: [{purpose: sign_in, requires: passkey}]}
entitlements:
  - {holder: idp:admin, on: idp:all, capabilities: [impersonate]}
  - {holder: idp:op, on: cloud:hosts, capabilities: [alter_infrastructure]}
`

suite('A control on a way in', () => {
  const chain = [
    { by: ['way_in'], purpose: ['help_desk'], without: ['second_person', 'hold'] },
    { is: ['account'], by: ['act_as'] },
    { right: ['alter_infrastructure'], on: { is: ['resource'], where: 'fact.sensitivity == "high"' }, impact: 'high' },
  ]
  const breachIn = async (controls: string) => {
    const checked = await checkedOf(DESK(controls))
    return breachesOf(worldOf(checked, policy), analyse(checked, policy), [
      patternOf(chain, { attackers: ['help_desk_impersonation'] }),
    ]).chains[0]!
  }

  test('that a stage asks to be without blocks the chain and is named', async () => {
    assert.equal((await breachIn('[]')).status, 'possible')
    const { status, blockedBy } = await breachIn('[second_person]')
    assert.deepEqual([status, blockedBy], ['blocked', ['second_person of idp:admin/desk']])
  })
})

suite('A file of patterns', () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => readPatterns(text, 'mine.yaml', policy), { code: 'pattern_invalid', message })
  const file = (fields: string) =>
    `patterns: 1\nchains:\n  - {id: p, title: t, incidents: [i], factor: beaten, lesson: l, controls: [c], ${fields}}\n`

  test('is refused with the place of every mistake and what to do', () => {
    refused(
      file('attackers: [phishing_rely], chain: [{says: s}]'),
      /\/chains\/0\/attackers.*did you mean `phishing_relay`/,
    )
    refused(
      file('attackers: [sim_swap], chain: [{says: s, where: "fact.kindd == 1"}]'),
      /\/chains\/0\/chain\/0\/where: .*did you mean `kind`/,
    )
    refused(file('attackers: [sim_swap], chain: [{says: s, is: [acount]}]'), /did you mean `account`/)
    refused(file('chain: [{says: s}]'), /nothing begins it/)
    refused('patterns: 2', /patterns/)
  })

  test('gives no two patterns one name', () => {
    const [head, entry] = file('attackers: [sim_swap], chain: [{says: s}]').split('chains:\n')
    refused(`${head}chains:\n${entry}${entry}`, /names two patterns/)
  })
})
