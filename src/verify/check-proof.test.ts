import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RULE_KINDS } from '#model/kinds.ts'
import { checkProof } from './check-proof.ts'
import { indexFacts } from './fact-index.ts'
import { WORLD } from './world.fixture.ts'

const facts = indexFacts(WORLD)

/** Checks one step whose body is given. */
const step = (node: string, by: string, ...from: string[]) =>
  checkProof({ given: from, goal: node, steps: [{ node, by, from }] }, facts)

type Row = readonly [by: string, node: string, ...from: string[]]

const SOUND: readonly Row[] = [
  ['member_of', 'idp:team', 'idp:ana'],
  ['member_of', 'idp:staff', 'idp:team'],
  ['member_of', 'idp:undeclared', 'idp:ben'],
  ['entitled', 'right:change_code:git:repo', 'idp:ana'],
  ['entitled', 'right:reset_authenticators/totp:idp:ben', 'idp:team'],
  ['entitled', 'right:reset_authenticators:idp:ben', 'idp:ana'],
  ['entitled', 'right:use_secrets:cloud:box', 'idp:ana'],
  ['full_reset', 'right:reset_authenticators/totp:idp:ben', 'right:reset_authenticators:idp:ben'],
  ['administer_all', 'right:change_code:git:repo', 'right:administer:git:repo'],
  ['inherited', 'right:change_code:cloud:box', 'right:change_code:cloud:tenant'],
  ['scope', 'right:impersonate:idp:ana', 'right:impersonate:idp:team'],
  ['scope', 'right:reset_authenticators/totp:idp:ben', 'right:reset_authenticators/totp:idp:team'],
  ['scope', 'right:mint_credentials:idp:team', 'right:mint_credentials:idp:staff'],
  ['governs', 'right:alter_auth_policy:idp:ben', 'right:alter_auth_policy:cloud:tenant'],
  ['administer_group', 'idp:team', 'right:administer:idp:team'],
  ['administer_group', 'idp:staff', 'right:administer:idp:staff'],
  ['administer_account', 'idp:ben', 'right:administer:idp:ben'],
  ['act_as', 'idp:ben', 'right:impersonate:idp:ben'],
  ['act_as', 'idp:ben', 'right:mint_credentials:idp:ben'],
  ['act_as', 'idp:ben', 'right:reset_authenticators:idp:ben'],
  ['reset_one', 'ben:totp', 'right:reset_authenticators/totp:idp:ben'],
  ['lower_policy', 'ben:totp', 'right:alter_auth_policy:idp:ben'],
  ['run_as', 'ci:bot', 'right:change_code:git:repo'],
  ['deploys', 'right:alter_infrastructure:cloud:box', 'right:change_code:git:repo'],
  ['deploys', 'right:alter_infrastructure:cloud:undeclared', 'right:administer:git:repo'],
  ['build_secret', 'ci:key', 'right:use_secrets:git:repo'],
  ['stored_secret', 'ci:key', 'right:read_sensitive_data:cloud:box'],
  ['carried_secret', 'ci:key', 'mail:ben'],
  ['own_secret', 'ci:key', 'right:rotate_secrets:ci:key'],
  ['opens', 'ci:bot', 'ci:key'],
  ['replicates', 'ben:totp', 'seed'],
  ['held_channel', 'mail:ben', 'ci:bot'],
  ['controlled_channel', 'mail:ben', 'right:control_channel:mail:ben'],
  ['carried_channel', 'mail:ben', 'dns:zone'],
  ['carried_channel', 'mail:ben', 'right:alter_infrastructure:cloud:box'],
  ['on_channel', 'ben:totp', 'laptop'],
  ['way_in', 'idp:ben', 'ben:password', 'gate:ben:sign:in:1'],
  ['way_in', 'ben:password', 'mail:ben'],
  ['way_in', 'idp:ana', 'laptop'],
  ['way_in', 'idp:ana', 'seed', 'ci:key'],
  ['gate', 'gate:ben:sign:in:1', 'ben:totp'],
  ['gate', 'gate:ben:sign:in:1', 'gate:ben:sign:in:1.1'],
  ['gate', 'gate:ben:sign:in:1.1', 'laptop', 'ben:key'],
  ['gate', 'gate:ben:sign:in:1.1', 'laptop', 'ben:key', 'mail:ben'],
  ['gate', 'gate:house:1', 'laptop'],
  ['session', 'idp:ben', 'ben:session'],
  ['session_on', 'ben:session', 'laptop'],
  ['declared', 'idp:staff', 'seed', 'gate:house:1'],
]

/** Forged steps, and a word of the reason for which each is refused. */
const FORGED: readonly (readonly [Row, RegExp])[] = [
  [['member_of', 'idp:team', 'ci:bot'], /does not list/],
  [['member_of', 'idp:ana', 'idp:team'], /not a group or role/],
  [['member_of', 'idp:staff', 'idp:ana'], /does not list/],
  [['member_of', 'idp:team', 'idp:ana', 'idp:ben'], /exactly one/],
  [['entitled', 'right:rotate_secrets:git:repo', 'idp:ana'], /no entitlement/],
  [['entitled', 'right:change_code:git:repo', 'idp:team'], /no entitlement/],
  [['entitled', 'right:approve_payments:cloud:box', 'idp:ana'], /expired/],
  [['entitled', 'right:reset_authenticators:idp:ben', 'idp:team'], /no entitlement/],
  [['entitled', 'right:reset_authenticators/passkey:idp:ben', 'idp:team'], /no entitlement/],
  [['entitled', 'right:reset_authenticators/totp:idp:ben', 'idp:ana'], /no entitlement/],
  [['entitled', 'right:own_everything:git:repo', 'idp:ana'], /not a right/],
  [['entitled', 'right:change_code/totp:git:repo', 'idp:ana'], /not a right/],
  [['entitled', 'right:change_code:', 'idp:ana'], /not a right/],
  [['full_reset', 'right:reset_authenticators/totp:idp:ana', 'right:reset_authenticators:idp:ben'], /not over/],
  [['full_reset', 'right:reset_authenticators:idp:ben', 'right:reset_authenticators/totp:idp:ben'], /one kind/],
  [
    ['full_reset', 'right:reset_authenticators/totp:idp:ben', 'right:reset_authenticators/passkey:idp:ben'],
    /reset everything/,
  ],
  [['full_reset', 'right:reset_authenticators/totp/pin:idp:ben', 'right:reset_authenticators:idp:ben'], /one kind/],
  [['full_reset', 'right:reset_authenticators/voodoo:idp:ben', 'right:reset_authenticators:idp:ben'], /one kind/],
  [['administer_all', 'right:change_code:cloud:box', 'right:administer:git:repo'], /not over/],
  [['administer_all', 'right:change_code:git:repo', 'right:alter_infrastructure:git:repo'], /to administer/],
  [['administer_all', 'git:repo', 'right:administer:git:repo'], /not a right/],
  [['administer_all', 'right:impersonate:idp:team', 'right:administer:idp:team'], /can join it/],
  [['administer_all', 'right:impersonate:idp:undeclared', 'right:administer:idp:undeclared'], /can join it/],
  [['inherited', 'right:change_code:cloud:tenant', 'right:change_code:cloud:box'], /does not lie in/],
  [['inherited', 'right:administer:cloud:box', 'right:change_code:cloud:tenant'], /same right/],
  [['scope', 'right:administer:idp:ana', 'right:administer:idp:team'], /no right over its members/],
  [['scope', 'right:impersonate:ci:bot', 'right:impersonate:idp:team'], /does not list/],
  [['scope', 'right:impersonate:idp:team', 'right:impersonate:idp:ana'], /not a group/],
  [['scope', 'right:reset_authenticators:idp:ana', 'right:reset_authenticators/totp:idp:team'], /same right/],
  [['governs', 'right:alter_auth_policy:idp:ana', 'right:alter_auth_policy:cloud:tenant'], /does not govern/],
  [['governs', 'right:administer:idp:ben', 'right:administer:cloud:tenant'], /not administer/],
  [['administer_group', 'idp:team', 'right:administer:idp:staff'], /right is over/],
  [['administer_group', 'idp:team', 'right:impersonate:idp:team'], /none of the rights/],
  [['administer_group', 'cloud:box', 'right:administer:cloud:box'], /not a group/],
  [['administer_account', 'idp:ana', 'right:administer:idp:ben'], /right is over/],
  [['administer_account', 'idp:old', 'right:administer:idp:old'], /disabled/],
  [['administer_account', 'idp:undeclared', 'right:administer:idp:undeclared'], /not an account/],
  [['act_as', 'idp:ben', 'right:use_secrets:idp:ben'], /none of the rights/],
  [['act_as', 'idp:ben', 'right:reset_authenticators/totp:idp:ben'], /none of the rights/],
  [['act_as', 'idp:ana', 'right:impersonate:idp:ben'], /right is over/],
  [['reset_one', 'ben:key', 'right:reset_authenticators/totp:idp:ben'], /not a totp of/],
  [['reset_one', 'ben:totp', 'right:reset_authenticators/totp:idp:ana'], /not a totp of/],
  [['reset_one', 'ben:totp', 'right:reset_authenticators:idp:ben'], /one kind/],
  [['lower_policy', 'ben:password', 'right:alter_auth_policy:idp:ben'], /its holder knows/],
  [['lower_policy', 'ben:totp', 'right:alter_auth_policy:idp:ana'], /not an authenticator of/],
  [['run_as', 'ci:bot', 'right:use_secrets:git:repo'], /none of the rights/],
  [['run_as', 'idp:ana', 'right:change_code:git:repo'], /does not run as/],
  [['run_as', 'idp:old', 'right:change_code:cloud:tenant'], /disabled/],
  [['deploys', 'right:alter_infrastructure:cloud:box', 'right:alter_infrastructure:git:repo'], /none of the rights/],
  [['deploys', 'right:administer:cloud:box', 'right:administer:git:repo'], /alter infrastructure/],
  [['deploys', 'right:alter_infrastructure:cloud:tenant', 'right:change_code:git:repo'], /does not deploy/],
  [['build_secret', 'ci:key', 'right:read_sensitive_data:git:repo'], /none of the rights/],
  [['build_secret', 'seed', 'right:use_secrets:git:repo'], /does not use/],
  [['stored_secret', 'ci:key', 'right:change_code:cloud:box'], /none of the rights/],
  [['stored_secret', 'ci:key', 'right:use_secrets:git:repo'], /not stored in/],
  [['stored_secret', 'ci:key', 'right:use_secrets:mail:ben'], /not stored in/],
  [['carried_secret', 'ci:key', 'laptop'], /not stored in/],
  [['carried_secret', 'ci:key', 'cloud:box'], /not stored in/],
  [['own_secret', 'ci:key', 'right:read_sensitive_data:ci:key'], /none of the rights/],
  [['own_secret', 'ci:key', 'right:rotate_secrets:seed'], /right is over/],
  [['opens', 'idp:ana', 'ci:key'], /does not open/],
  [['opens', 'idp:old', 'ci:key'], /disabled/],
  [['replicates', 'ben:key', 'seed'], /does not prove/],
  [['replicates', 'idp:ben', 'seed'], /not an authenticator/],
  [['held_channel', 'mail:ben', 'idp:ana'], /not held by/],
  [['held_channel', 'mail:ben', 'idp:team'], /not an account/],
  [['controlled_channel', 'mail:ben', 'right:use_secrets:mail:ben'], /none of the rights/],
  [['controlled_channel', 'dns:zone', 'right:control_channel:mail:ben'], /right is over/],
  [['carried_channel', 'mail:ben', 'laptop'], /not carried/],
  [['carried_channel', 'mail:ben', 'cloud:box'], /not a channel/],
  [['carried_channel', 'mail:ben', 'right:use_secrets:cloud:box'], /none of the rights/],
  [['carried_channel', 'dns:zone', 'mail:ben'], /not carried/],
  [['on_channel', 'ben:key', 'laptop'], /does not live on/],
  [['on_channel', 'ben:totp', 'mail:ben'], /does not live on/],
  [['way_in', 'idp:ben', 'ben:password'], /no way in/],
  [['way_in', 'idp:ben', 'ben:password', 'ben:totp'], /no way in/],
  [['way_in', 'idp:ben', 'mail:ben'], /no way in/],
  [['way_in', 'idp:ana', 'seed', 'seed'], /no way in/],
  [['way_in', 'idp:ana', 'seed'], /no way in/],
  [['way_in', 'idp:ana', 'laptop', 'seed'], /no way in/],
  [['way_in', 'idp:old', 'laptop'], /disabled/],
  [['way_in', 'ben:key', 'seed'], /disabled/],
  [['gate', 'gate:ben:sign:in:1', 'ben:totp', 'ben:totp'], /not enough/],
  [['entitled', 'right:impersonate:cloud:box', 'idp:ana'], /expired/],
  [['way_in', 'ci:bot', 'laptop'], /no way in/],
  [['gate', 'gate:ben:sign:in:1.1', 'laptop'], /not enough/],
  [['gate', 'gate:ben:sign:in:1.1', 'laptop', 'laptop'], /not enough/],
  [['gate', 'gate:ben:sign:in:1.1', 'laptop', 'seed'], /not part of/],
  [['gate', 'gate:ben:sign:in:0', 'laptop'], /no inner part/],
  [['gate', 'gate:ben:sign:in:7', 'laptop'], /no inner part/],
  [['gate', 'gate:ben:sign:in:01', 'ben:totp'], /not the name of a gate/],
  [['gate', 'gate:ben:sign:in:1.', 'ben:totp'], /not the name of a gate/],
  [['gate', 'gate:ben:sign:in', 'ben:totp'], /not the name of a gate/],
  [['gate', 'gate::1', 'ben:totp'], /not the name of a gate/],
  [['gate', 'gate:nobody:1', 'ben:totp'], /is called/],
  [['gate', 'gate:old:sign-in:1', 'seed'], /disabled/],
  [['gate', 'idp:ben', 'ben:totp'], /not the name of a gate/],
  [['session', 'idp:ana', 'ben:session'], /not a session of/],
  [['session', 'idp:old', 'old:session'], /disabled/],
  [['session_on', 'bot:session', 'laptop'], /bound to a key/],
  [['session_on', 'ben:session', 'mail:ben'], /does not live on/],
  [['declared', 'idp:staff', 'seed'], /no rule/],
  [['declared', 'idp:staff', 'seed', 'laptop'], /no rule/],
  [['declared', 'idp:team', 'seed', 'gate:house:1'], /no rule of the inventory/],
  [['declared', 'idp:old', 'seed'], /disabled/],
]

suite('checkProof', () => {
  test('every kind of rule has a sound and a forged step among the cases', () => {
    assert.deepEqual([...new Set(SOUND.map(([by]) => by))].toSorted(), Object.keys(RULE_KINDS).toSorted())
    assert.deepEqual([...new Set(FORGED.map(([[by]]) => by))].toSorted(), Object.keys(RULE_KINDS).toSorted())
  })
  for (const [by, node, ...from] of SOUND) {
    test(`${by} gives ${node} from ${from.join(' and ')}`, () => {
      assert.deepEqual(step(node, by, ...from), { ok: true })
    })
  }
  for (const [[by, node, ...from], reason] of FORGED) {
    test(`${by} does not give ${node} from ${from.join(' and ')}`, () => {
      const outcome = step(node, by, ...from)
      assert.ok(!outcome.ok)
      assert.equal(outcome.step, 0)
      assert.match(outcome.reason, reason)
    })
  }
})

suite('the structure of a proof', () => {
  const join = { node: 'idp:team', by: 'member_of', from: ['idp:ana'] }
  const climb = { node: 'idp:staff', by: 'member_of', from: ['idp:team'] }

  test('steps may rest on earlier steps', () => {
    assert.deepEqual(checkProof({ given: ['idp:ana'], goal: 'idp:staff', steps: [join, climb] }, facts), { ok: true })
  })
  test('a step may not rest on a later one', () => {
    const outcome = checkProof({ given: ['idp:ana'], goal: 'idp:team', steps: [climb, join] }, facts)
    assert.deepEqual(outcome, {
      ok: false,
      step: 0,
      reason: '`idp:team` is neither given nor proved by an earlier step',
    })
  })
  test('a step may not rest on itself', () => {
    const circle = { node: 'right:administer:git:repo', by: 'administer_all', from: ['right:administer:git:repo'] }
    const outcome = checkProof({ given: ['idp:ben'], goal: circle.node, steps: [circle] }, facts)
    assert.ok(!outcome.ok)
    assert.match(outcome.reason, /neither given nor proved/)
  })
  test('two steps may not hold each other up', () => {
    const steps = [
      { node: 'right:change_code:git:repo', by: 'administer_all', from: ['right:administer:git:repo'] },
      { node: 'right:administer:git:repo', by: 'administer_all', from: ['right:change_code:git:repo'] },
    ]
    assert.ok(!checkProof({ given: ['idp:ben'], goal: 'right:administer:git:repo', steps }, facts).ok)
  })
  test('the last step proves the goal, even when an earlier one did', () => {
    const outcome = checkProof({ given: ['idp:ana'], goal: 'idp:team', steps: [join, climb] }, facts)
    assert.deepEqual(outcome, {
      ok: false,
      step: 1,
      reason: 'the last step proves `idp:staff`, not the goal `idp:team`',
    })
  })
  test('a proof without steps holds only when its goal is given', () => {
    assert.deepEqual(checkProof({ given: ['idp:ana'], goal: 'idp:ana', steps: [] }, facts), { ok: true })
    assert.ok(!checkProof({ given: ['idp:ana'], goal: 'idp:team', steps: [] }, facts).ok)
  })
  test('the failing step is named', () => {
    const forged = { node: 'ci:bot', by: 'opens', from: ['idp:staff'] }
    const outcome = checkProof({ given: ['idp:ana'], goal: 'ci:bot', steps: [join, climb, forged] }, facts)
    assert.ok(!outcome.ok)
    assert.equal(outcome.step, 2)
  })
  test('a step needs something to rest on and something to prove', () => {
    for (const steps of [
      [{ node: 'idp:team', by: 'member_of', from: [] }],
      [{ node: '', by: 'member_of', from: ['idp:ana'] }],
    ]) {
      assert.ok(!checkProof({ given: ['idp:ana'], goal: steps[0]!.node, steps }, facts).ok)
    }
  })
  for (const by of ['magic', '', 'MEMBER_OF', '__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    test(`\`${by}\` is not a kind of rule`, () => {
      const outcome = step('idp:team', by, 'idp:ana')
      assert.ok(!outcome.ok)
      assert.match(outcome.reason, /not a kind of rule/)
    })
  }
  for (const name of [
    '__proto__',
    'constructor',
    'right:__proto__:idp:ana',
    'gate:__proto__:0',
    'right::',
    'via:ben:recovery',
  ]) {
    test(`\`${name}\` is nothing of this inventory, whatever rule is named`, () => {
      for (const by of Object.keys(RULE_KINDS)) assert.ok(!step(name, by, 'idp:ana').ok, by)
      for (const by of Object.keys(RULE_KINDS)) assert.ok(!step('idp:team', by, name).ok, by)
    })
  }
  test('an expiry has no effect where the inventory states no time', () => {
    const { at: _, ...timeless } = WORLD
    const node = 'right:approve_payments:cloud:box'
    const steps = [{ node, by: 'entitled', from: ['idp:ana'] }]
    assert.deepEqual(checkProof({ given: ['idp:ana'], goal: node, steps }, indexFacts(timeless)), { ok: true })
  })
})
