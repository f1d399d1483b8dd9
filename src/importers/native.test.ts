import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Diagnostic, Inventory } from '#model/facts.ts'
import { FACT_SCHEMAS } from '#model/facts.ts'
import { LISTS } from './native.ts'
import { readInventory } from './read.ts'

const read = (text: string, name = 'inventory.yaml'): Promise<Inventory> =>
  readInventory([{ name, bytes: new TextEncoder().encode(text) }], () => [])
const factsOf = ({ facts, diagnostics }: Inventory) => {
  assert.deepEqual(diagnostics, [])
  return facts.map(({ fact }) => fact)
}
const told = ({ diagnostics }: Inventory) =>
  diagnostics.map(({ place, message }: Diagnostic) => `${place?.line} ${place?.pointer ?? ''}: ${message}`)

suite('An inventory document', () => {
  test('has one list per kind of fact', async () => {
    assert.deepEqual(Object.keys(LISTS).toSorted(), Object.keys(FACT_SCHEMAS).toSorted())
    const facts = factsOf(
      await read(`
ambit: 1
systems: [{id: s}]
accounts: [{id: a, kind: human}]
groups: [{id: g}]
roles: [{id: r}]
resources: [{id: db}]
secrets: [{id: k, kind: api_token}]
channels: [{id: m, kind: mailbox}]
authenticators: [{id: p, kind: password}]
waysIn: [{id: w, account: a, purpose: sign_in, requires: p}]
entitlements: [{holder: a, on: db, capabilities: [administer]}]
rules: [{id: x, then: a, when: p, reason: because}]
sessions: [{id: t, account: a}]
exceptions: [{id: e, for: [a], reason: r, owner: o, approver: q, start: 2026-01-01, end: 2026-02-01,
  rationale: r, comparability: c, residualRisk: s, migrationPlan: m}]
`),
    )
    assert.deepEqual(
      facts.map(({ fact }) => fact),
      Object.keys(LISTS),
    )
  })

  test('says of every fact where it stands', async () => {
    const { facts } = await read('ambit: 1\ngroups:\n  - id: g\n  -\n    id: h\naccounts: [{id: a, kind: human}]')
    assert.deepEqual(
      facts.map(({ place }) => place),
      [
        { file: 'inventory.yaml', line: 3, pointer: '/groups/0' },
        { file: 'inventory.yaml', line: 5, pointer: '/groups/1' },
        { file: 'inventory.yaml', line: 6, pointer: '/accounts/0' },
      ],
    )
  })

  test('takes defaults where a fact is silent, and only there', async () => {
    const text = `
ambit: 1
defaults: {account: {kind: human, population: workforce}, authenticator: {minLength: 15}}
accounts:
  - {id: a, authenticators: [password]}
  - {id: b, population: customer}`
    assert.deepEqual(factsOf(await read(text)), [
      { fact: 'account', id: 'a', kind: 'human', population: 'workforce' },
      { fact: 'authenticator', id: 'a/password', kind: 'password', of: ['a'], minLength: 15 },
      { fact: 'account', id: 'b', kind: 'human', population: 'customer' },
    ])
  })

  test('may be JSON, of several lines or one', async () => {
    for (const space of [0, 2]) {
      const text = JSON.stringify(
        { ambit: 1, $schema: './x.json', accounts: [{ id: 'a', kind: 'human' }] },
        null,
        space,
      )
      assert.deepEqual(factsOf(await read(text)), [{ fact: 'account', id: 'a', kind: 'human' }])
    }
  })

  test('may be one of several in a YAML file', async () => {
    const { facts, sources } = await read('ambit: 1\ngroups: [{id: g}]\n---\nambit: 1\ngroups: [{id: h}]\n')
    assert.deepEqual(
      facts.map(({ fact, place }) => [fact.id, place.line]),
      [
        ['g', 2],
        ['h', 5],
      ],
    )
    assert.deepEqual(sources, [{ file: 'inventory.yaml', importer: 'ambit', facts: 2 }])
  })

  test('may use anchors, aliases and merge keys', async () => {
    const text = `
ambit: 1
accounts:
  - {id: a, kind: human, authenticators: &both [password, totp]}
  - &service {id: b, kind: service, owner: ada}
  - {<<: *service, id: c, authenticators: *both}`
    assert.deepEqual(
      factsOf(await read(text)).map((fact) => [fact.fact, fact.id]),
      [
        ['account', 'a'],
        ['authenticator', 'a/password'],
        ['authenticator', 'a/totp'],
        ['account', 'b'],
        ['account', 'c'],
        ['authenticator', 'c/password'],
        ['authenticator', 'c/totp'],
      ],
    )
  })

  const refusals: [what: string, text: string, told: string[]][] = [
    ['another version', 'ambit: 2', ['1 /ambit: `ambit` is `2`; this version reads inventories of format 1']],
    ['a misspelt list', 'ambit: 1\naccount: []', ['2 /account: unknown field `account` in an inventory']],
    ['an empty list without brackets', 'ambit: 1\ngroups:', ['2 /groups: `groups` is empty, where a list belongs']],
    [
      'a list that is none',
      'ambit: 1\ngroups: {id: g}',
      ['2 /groups: `groups` is a set of fields, where a list belongs'],
    ],
    ['an item that is none', 'ambit: 1\ngroups:\n- g', ['3 /groups/0: a fact is `g`, where a set of fields belongs']],
    [
      'a kind stated beside the list',
      'ambit: 1\ngroups: [{fact: role, id: g}]',
      ['2 /groups/0/fact: `fact` has no place in the list `groups`, which says the kind'],
    ],
    [
      'a day that does not exist',
      'ambit: 1\nat: 2026-02-30',
      ['2 /at: `at` is `2026-02-30`, which is no RFC 3339 date or time that exists'],
    ],
    [
      'defaults of no kind',
      'ambit: 1\ndefaults: {accounts: {kind: human}}',
      ['2 /defaults/accounts: `accounts` is not a kind of fact'],
    ],
    [
      'a default id',
      'ambit: 1\ndefaults: {account: {id: a}}',
      ['2 /defaults/account/id: `id` cannot be a default of `account`'],
    ],
    [
      'an unknown field',
      'ambit: 1\ngroups:\n- id: g\n  nmae: G',
      ['4 /groups/0/nmae: group `g`: unknown field `nmae`'],
    ],
    ['a missing field', 'ambit: 1\naccounts:\n- kind: human', ['3 /accounts/0: account: `id` is missing']],
    [
      'a word that is none of its words',
      'ambit: 1\naccounts:\n- {id: a, kind: humna}',
      ['3 /accounts/0/kind: account `a`: `kind` is `humna`, which is not a word it may be'],
    ],
    [
      'a number for an id',
      'ambit: 1\naccounts:\n- {id: 7, kind: human}',
      ['3 /accounts/0/id: account: `id` is `7`, where a text belongs'],
    ],
    [
      'a reserved prefix',
      "ambit: 1\ngroups: [{id: 'right:x'}]",
      ['2 /groups/0/id: group `right:x`: `id` is `right:x`, which cannot be an id'],
    ],
    [
      'a condition of two forms',
      'ambit: 1\nrules: [{id: r, then: a, reason: x, when: {all: [a], any: [b]}}]',
      ['2 /rules/0/when: rule `r`: a condition has the fields `all any`'],
    ],
    [
      'a threshold that is no number',
      'ambit: 1\nrules: [{id: r, then: a, reason: x, when: {atLeast: two, of: [a]}}]',
      ['2 /rules/0/when/atLeast: rule `r`: `atLeast` is `two`'],
    ],
  ]
  for (const [what, text, expected] of refusals) {
    test(`does not contain ${what}`, async () => assert.deepEqual(told(await read(text)), expected))
  }
})

suite('An account written with its own', () => {
  const account = (lists: string) => read(`ambit: 1\naccounts:\n- id: a\n  kind: human\n${lists}`)

  test('authenticators names them after itself', async () => {
    const [, ...facts] = factsOf(
      await account('  authenticators: [totp, {kind: passkey, name: key}, {id: p, kind: password, minLength: 15}]'),
    )
    assert.deepEqual(facts, [
      { fact: 'authenticator', id: 'a/totp', kind: 'totp', of: ['a'] },
      { fact: 'authenticator', id: 'a/key', kind: 'passkey', name: 'key', of: ['a'] },
      { fact: 'authenticator', id: 'p', kind: 'password', minLength: 15, of: ['a'] },
    ])
  })

  test('ways in may name its authenticators by kind, by name or by id, at any depth', async () => {
    const facts = factsOf(
      await account(`
  authenticators: [password, {kind: passkey, name: key}, {kind: passkey, name: spare}]
  waysIn:
  - {purpose: sign_in, requires: {any: [{all: [password, key]}, {atLeast: 1, of: [spare, 'x:other']}]}}
  - {purpose: recovery, name: desk, requires: x:desk, yields: [password]}`),
    )
    assert.deepEqual(
      facts.filter(({ fact }) => fact === 'wayIn'),
      [
        {
          fact: 'wayIn',
          id: 'a/sign_in',
          account: 'a',
          purpose: 'sign_in',
          requires: { any: [{ all: ['a/password', 'a/key'] }, { atLeast: 1, of: ['a/spare', 'x:other'] }] },
        },
        {
          fact: 'wayIn',
          id: 'a/desk',
          account: 'a',
          purpose: 'recovery',
          name: 'desk',
          requires: 'x:desk',
          yields: ['a/password'],
        },
      ],
    )
  })

  test('entitlements need not say who holds them; groups and roles may carry them too', async () => {
    const facts = factsOf(
      await read(`
ambit: 1
accounts: [{id: a, kind: human, entitlements: [{on: x, capabilities: [administer]}]}]
roles: [{id: r, entitlements: [{on: y, capabilities: [change_code]}]}]`),
    )
    assert.deepEqual(
      facts.filter(({ fact }) => fact === 'entitlement'),
      [
        { fact: 'entitlement', holder: 'a', on: 'x', capabilities: ['administer'] },
        { fact: 'entitlement', holder: 'r', on: 'y', capabilities: ['change_code'] },
      ],
    )
  })

  const refusals: [what: string, lists: string, told: string[]][] = [
    [
      'a kind that it has not',
      '  waysIn: [{purpose: sign_in, requires: {all: [totp]}}]',
      ['5 /accounts/0/waysIn/0/requires/all/0: the account has no inline authenticator of kind `totp`'],
    ],
    [
      'a kind that it has twice',
      '  authenticators: [passkey, {kind: passkey, name: b}]\n  waysIn: [{purpose: sign_in, requires: passkey}]',
      ['6 /accounts/0/waysIn/0/requires: the account has 2 inline authenticators of kind `passkey`'],
    ],
    [
      'two of one name',
      '  authenticators: [totp, totp]',
      ['5 /accounts/0/authenticators/1: a second inline fact would be called `a/totp`'],
    ],
    [
      'an owner stated twice',
      '  entitlements: [{holder: b, on: x, capabilities: []}]',
      ['5 /accounts/0/entitlements/0/holder: `holder` has no place here, since it is the fact around it'],
    ],
    [
      'an authenticator of others',
      '  authenticators: [{kind: totp, of: [b]}]',
      ['5 /accounts/0/authenticators/0/of: `of` has no place in an inline authenticator, which is its account’s own'],
    ],
    ['a way in without fields', '  waysIn: [sign_in]', ['5 /accounts/0/waysIn/0: a way in is `sign_in`']],
    ['a list that is none', '  waysIn: sign_in', ['5 /accounts/0/waysIn: `waysIn` is `sign_in`, where a list belongs']],
    [
      'an unknown kind',
      '  authenticators: [yubikey]',
      [
        '5 /accounts/0/authenticators/0/kind: authenticator `a/yubikey`: `kind` is `yubikey`, which is not a word it may be',
      ],
    ],
  ]
  for (const [what, lists, expected] of refusals) {
    test(`does not name ${what}`, async () => assert.deepEqual(told(await account(lists)), expected))
  }
})

suite('An inventory with one fact a line', () => {
  const header = '{"ambit":1,"name":"Directory","at":"2026-01-31","defaults":{"account":{"kind":"human"}}}'

  test('is read with its header, its defaults and its lines', async () => {
    const inventory = await read(`${header}\n{"fact":"account","id":"a"}\n\n{"fact":"group","id":"g"}`, 'x.ndjson')
    assert.deepEqual(inventory, {
      name: 'Directory',
      at: '2026-01-31',
      sources: [{ file: 'x.ndjson', importer: 'ambit', facts: 2 }],
      facts: [
        { fact: { fact: 'account', id: 'a', kind: 'human' }, place: { file: 'x.ndjson', line: 2 } },
        { fact: { fact: 'group', id: 'g' }, place: { file: 'x.ndjson', line: 4 } },
      ],
      diagnostics: [],
    })
  })

  test('may hold inline forms', async () => {
    const line =
      '{"fact":"account","id":"a","authenticators":["totp"],"waysIn":[{"purpose":"sign_in","requires":"totp"}]}'
    const { facts, diagnostics } = await read(`${header}\n${line}\n`)
    assert.deepEqual(diagnostics, [])
    assert.deepEqual(
      facts.map(({ fact, place }) => [fact.id, place.line, place.pointer]),
      [
        ['a', 2, undefined],
        ['a/totp', 2, '/authenticators/0'],
        ['a/sign_in', 2, '/waysIn/0'],
      ],
    )
  })

  test('is known to be cut off when the header says how many lines follow', async () => {
    const { diagnostics } = await read('{"ambit":1,"facts":3}\n{"fact":"group","id":"g"}\n')
    assert.deepEqual(
      diagnostics.map(({ code, message }) => [code, message]),
      [['facts_missing', 'the header announces 3 facts, and 1 follow']],
    )
  })

  test('is not what its header says when more lines follow', async () => {
    const { diagnostics } = await read('{"ambit":1,"facts":0}\n{"fact":"group","id":"g"}\n')
    assert.deepEqual(
      diagnostics.map(({ message }) => message),
      ['the header announces 0 facts, and 1 follow'],
    )
  })

  test('tells each line that cannot be taken', async () => {
    const lines = [
      '{"fact":"grp","id":"g"}',
      '{"id":"g"}',
      '[]',
      '{"fact":"group"',
      '{"fact":"group","id":"g","id":"h"}',
    ]
    assert.deepEqual(told(await read(`{"ambit":1,"nmae":"x"}\n${lines.join('\r\n')}`)), [
      '1 : unknown field `nmae` in the header line',
      '2 /fact: `grp` is not a kind of fact',
      '3 : `fact` is missing',
      '4 : a fact is a list, where a set of fields belongs',
      '5 : not valid JSON: it ends in the middle of a value (column 17)',
      '6 : the key `id` stands twice in one object; one of the two would be lost (column 26)',
    ])
  })

  test('reads the same however it is cut into pieces', async () => {
    const text = `${header}\n{"fact":"account","id":"å"}\n{"fact":"group","id":"日本"}\n{"fact":"group"}`
    const bytes = new TextEncoder().encode(text)
    const whole = await readInventory([{ name: 'x', bytes }], () => [])
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.slice(i * size, (i + 1) * size),
      )
      assert.deepEqual(await readInventory([{ name: 'x', chunks }], () => []), whole)
    }
  })
})
