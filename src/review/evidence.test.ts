import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ReviewCheck, Suggestion } from '#contract/review.ts'
import { itemIn, reviewedOf } from '../../test/support/review-of.ts'

const HEAD = `
ambit: 1
at: 2026-11-01T00:00:00Z
resources: [{id: s:1, sensitivity: high}, {id: s:2, sensitivity: low}]
`
const E = 'on: s:1, capabilities: [use_secrets], id: e:1'
const one = (entitlement: string, account = '') =>
  `accounts: [{id: a:1, kind: human, lastUsed: 2026-10-30 ${account}}]\nentitlements: [{holder: a:1, ${E} ${entitlement}}]`
const service = (fields: string, more = '') =>
  `accounts: [{id: a:1, kind: service, lastUsed: 2026-10-30, ${fields}}${more}]\nentitlements: [{holder: a:1, ${E}}]`
/** Twenty buyers, the first of whom holds e:1, and so many others its like. */
const buyers = (others: number) =>
  `accounts: [${Array.from({ length: 20 }, (_, i) => `{id: a:${i + 1}, kind: human, job: Buyer}`).join(', ')}]
entitlements: [{holder: a:1, ${E}}${Array.from({ length: others }, (_, i) => `, {holder: a:${i + 2}, on: s:1, capabilities: [use_secrets]}`).join('')}]`

/** Inventory, the check it is about, what it says of e:1, a word of why, and what follows. */
const CASES: readonly (readonly [
  string,
  string,
  ReviewCheck,
  'yes' | 'no' | 'unknown' | 'absent',
  RegExp,
  Suggestion?,
])[] = [
  [
    'was used long ago',
    one(', lastUsed: 2026-01-01'),
    'unused',
    'yes',
    /last used 2026-01-01, 304 days ago; 90/,
    'revoke',
  ],
  ['was used lately', one(', lastUsed: 2026-10-01'), 'unused', 'no', /last used 2026-10-01/, 'keep'],
  ['has no recorded use', one(''), 'unused', 'unknown', /not recorded/, 'ask'],
  [
    'was not used in a long record',
    one(', usageSince: 2025-11-01'),
    'unused',
    'yes',
    /not used once in the 365 days/,
    'revoke',
  ],
  ['was not used in a short record', one(', usageSince: 2026-10-01'), 'unused', 'unknown', /31 days only/, 'ask'],
  [
    'is on an account entered long ago',
    one('').replace('2026-10-30', '2026-01-01'),
    'dormant',
    'yes',
    /last entered 2026-01-01/,
    'revoke',
  ],
  [
    'is on an account of which no entry is recorded',
    one('').replace(', lastUsed: 2026-10-30', ''),
    'dormant',
    'unknown',
    /not recorded/,
    'ask',
  ],
  [
    'is on an account for emergencies',
    one('', ', emergency: true').replace('2026-10-30', '2020-01-01'),
    'dormant',
    'no',
    /emergencies/,
    'ask',
  ],
  ['is on a disabled account', one('', ', enabled: false'), 'orphaned', 'yes', /disabled/, 'revoke'],
  [
    'is on a service whose owner left',
    service('owner: person:x, ownerActive: false'),
    'orphaned',
    'yes',
    /person:x has left/,
    'revoke',
  ],
  ['is on a service without a recorded owner', service('name: robot'), 'orphaned', 'unknown', /not recorded/, 'ask'],
  [
    'is on a service whose owner is in no file',
    service('owner: person:x'),
    'orphaned',
    'unknown',
    /still there is not recorded/,
    'ask',
  ],
  [
    'is on a service whose owner has no open account',
    service('owner: person:x', ', {id: a:2, kind: human, subject: person:x, enabled: false}'),
    'orphaned',
    'yes',
    /every account of person:x/,
    'revoke',
  ],
  [
    'is on a service whose owner is there',
    service('owner: person:x', ', {id: a:2, kind: human, subject: person:x}'),
    'orphaned',
    'no',
    /answers for it/,
    'ask',
  ],
  [
    'is on the last open account of a person',
    one('', ', subject: person:x').replace(
      '}]\nent',
      '}, {id: a:2, kind: human, subject: person:x, enabled: false}]\nent',
    ),
    'orphaned',
    'yes',
    /every other account of person:x is disabled \(a:2\)/,
    'revoke',
  ],
  [
    'is stated as not needed',
    one(', lastUsed: 2026-10-30, needed: false'),
    'beyond_role',
    'yes',
    /not needed/,
    'revoke',
  ],
  [
    'is stated as needed, though unused',
    one(', lastUsed: 2025-10-30, needed: true'),
    'beyond_role',
    'no',
    /needed by the job/,
    'ask',
  ],
  [
    'is granted past the roles',
    `groups: [{id: g:1}]\n${one(', lastUsed: 2026-10-30', ', memberOf: [g:1]')}`,
    'beyond_role',
    'yes',
    /granted directly/,
    'ask',
  ],
  [
    'is granted beside a role that gives the same',
    `groups: [{id: g:1, entitlements: [{on: s:1, capabilities: [use_secrets]}]}]\n${one('', ', memberOf: [g:1]')}`,
    'beyond_role',
    'no',
    /gives the same/,
    'keep',
  ],
  [
    'is had by one of twenty with the job',
    buyers(0),
    'unlike_peers',
    'yes',
    /1 of 20 with the job “Buyer” has it/,
    'ask',
  ],
  ['is had by three of twenty', buyers(2), 'unlike_peers', 'unknown', /3 of 20/, 'ask'],
  ['is had by most', buyers(12), 'unlike_peers', 'no', /13 of 20 .* have it/, 'keep'],
  ['is held by someone like nobody', one(''), 'unlike_peers', 'unknown', /fewer than 5 people/, 'ask'],
]

suite('Evidence on an entitlement that', () => {
  for (const [name, text, check, is, why, suggestion] of CASES) {
    test(`${name}: ${check} is ${is}${suggestion ? `, so ${suggestion}` : ''}`, async () => {
      const item = itemIn(await reviewedOf(HEAD + text), 'e:1')
      const found = item.evidence.find((each) => each.check === check)
      assert.equal(found?.is ?? 'absent', is)
      if (found) assert.match(found.text, why)
      if (suggestion) assert.equal(item.suggestion, suggestion, JSON.stringify(item.evidence))
    })
  }

  test('is held in an inventory without a time is never unused or dormant: no age is known', async () => {
    const text = HEAD.replace('at: 2026-11-01T00:00:00Z\n', '') + one(', lastUsed: 2001-01-01')
    const { evidence, suggestion } = itemIn(await reviewedOf(text), 'e:1')
    for (const { check, is } of evidence) if (check === 'unused' || check === 'dormant') assert.equal(is, 'unknown')
    assert.equal(suggestion, 'ask')
  })
})

suite('Evidence on a membership', () => {
  const groups = (use: string) => `
groups:
  - {id: g:1, memberOf: [g:2], entitlements: [{on: s:1, capabilities: [use_secrets]${use}}]}
  - {id: g:2, entitlements: [{on: s:2, capabilities: [read_sensitive_data], lastUsed: 2026-01-01}]}
accounts: [{id: a:1, kind: human, memberOf: [g:1], lastUsed: 2026-10-30}]`
  const unusedOf = async (use: string) =>
    itemIn(await reviewedOf(HEAD + groups(use)), 'a:1 ∈ g:1').evidence.find(({ check }) => check === 'unused')?.is

  test('is unused when nothing that the group gives, at any depth, was used', async () => {
    assert.equal(await unusedOf(', lastUsed: 2026-02-01'), 'yes')
  })

  test('is unknown as soon as something of it was used, or may have been', async () => {
    assert.equal(await unusedOf(', lastUsed: 2026-10-30'), 'unknown')
    assert.equal(await unusedOf(''), 'unknown')
  })

  test('a group that nobody is in is orphaned; one that a rule leads to is not', async () => {
    const text = `groups: [{id: g:1, entitlements: [{id: e:1, on: s:1, capabilities: [use_secrets]}]}]\naccounts: [{id: a:1, kind: human}]`
    const of = async (more: string) =>
      itemIn(await reviewedOf(HEAD + text + more), 'e:1').evidence.find(({ check }) => check === 'orphaned')?.is
    assert.equal(await of(''), 'yes')
    assert.equal(await of('\nrules: [{id: u:1, then: g:1, when: a:1, reason: so}]'), undefined)
  })

  test('a team that someone leads is not unlike him, though nobody beside him at his level has it', async () => {
    const people = (count: number, manager: string, from: number) =>
      Array.from(
        { length: count },
        (_, i) =>
          `{id: a:${from + i}, kind: human, manager: ${manager}, memberOf: [${manager === 'person:lead' ? 'g:1' : ''}]}`,
      ).join(', ')
    const text = (led: number) => `
groups: [{id: g:1, entitlements: [{on: s:1, capabilities: [use_secrets]}]}]
accounts: [{id: a:0, kind: human, subject: person:lead, manager: person:chief, memberOf: [g:1]}, ${people(9, 'person:chief', 100)}, ${people(led, 'person:lead', 200)}]`
    const peersOf = async (led: number) =>
      itemIn(await reviewedOf(HEAD + text(led)), 'a:0 ∈ g:1').evidence.find(({ check }) => check === 'unlike_peers')
    assert.match((await peersOf(6))!.text, /6 of 6 whom the holder leads have it/)
    assert.equal((await peersOf(6))?.is, 'no')
    assert.equal((await peersOf(2))?.is, 'yes', 'two are too few to say anything')
  })
})
