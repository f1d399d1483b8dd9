import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { belongingsStore } from '#storage/belongings.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { enrolled, NOW, worths } from './enrolled.fixture.ts'
import type { FactorName } from './factors.ts'
import { irreplaceable, staysIn, wouldDo, type Measure } from './last-way.ts'
import type { Floor } from './sign-in.ts'
import type { EnrolledAuthenticator, Identifier } from './stores.ts'
import { toolsOver } from './tools.fixture.ts'
import type { Holding } from './ways.ts'

const LOW: Floor = { strength: 'single_factor', codes: 'allowed', session: {}, codeSession: {}, exception: null }
const TWO: Floor = { ...LOW, strength: 'two_factor' }
const PHR: Floor = { ...LOW, strength: 'phishing_resistant', codes: 'refused' }
const ALL: readonly FactorName[] = ['passkey', 'password', 'totp', 'email_code', 'sms_code', 'recovery_code', 'push']

const measure = (floor: Floor | null, factors = ALL): Measure => ({ floor, worths, channels: [], factors })
const number: Identifier = {
  kind: 'phone',
  canonical: '+4915112345678',
  shown: '',
  account: 'idp:ada',
  verifiedAt: NOW,
  addedAt: NOW,
  boundAtAal: 2,
}
const holding = (mine: readonly EnrolledAuthenticator[], identifiers: readonly Identifier[] = []): Holding => ({
  enrolled: mine,
  identifiers,
  keys: new Map(
    mine.filter(({ kind }) => kind === 'passkey').map(({ id }) => [id, { keyClass: 'synced', fips140Level: 0 }]),
  ),
  upstreams: [],
})
const kinds = (...names: FactorName[]) => names.map((each) => enrolled(each))

/** Whether the first of these may be taken away from all of them. */
const may = (mine: readonly EnrolledAuthenticator[], it: Measure, identifiers: readonly Identifier[] = []) =>
  staysIn(holding(mine, identifiers), holding(mine.slice(1), identifiers), it)

test('the last that signs in, as the reach asks, is not taken away', () => {
  const cases: [string, readonly EnrolledAuthenticator[], Floor | null, boolean][] = [
    ['a password alone', kinds('password'), LOW, false],
    ['a password beside a key', kinds('password', 'passkey'), LOW, true],
    ['a key beside a password where a password will not do', kinds('passkey', 'password'), PHR, false],
    ['a key beside codes where the reach forbids those', kinds('passkey', 'password', 'totp'), PHR, false],
    ['a key beside another', [enrolled('passkey'), enrolled('passkey', { id: 'spare' })], PHR, true],
    ['an app beside a password where it takes both', kinds('totp', 'password'), TWO, false],
    ['an app beside a password where one will do', kinds('totp', 'password'), LOW, true],
    ['what is for losses is no way to sign in', kinds('password', 'recovery_code', 'enrolment_pass'), LOW, false],
    ['nor is one that is suspended', [enrolled('password'), enrolled('passkey', { state: 'suspended' })], LOW, false],
    ['what does not sign in is no loss', [enrolled('totp', { state: 'pending' }), enrolled('password')], LOW, true],
    ['nor where nothing does', [enrolled('passkey', { state: 'suspended' })], PHR, true],
    // an exception lets such people in to something
    ['where none is enough for the reach, the last at all', kinds('password'), PHR, false],
    ['where nothing is known of the reach, the last at all', kinds('password'), null, false],
  ]
  for (const [what, mine, floor, allowed] of cases) assert.equal(may(mine, measure(floor)), allowed, what)
})

test('a factor that is switched off, and a number to which no code goes, let nobody in', () => {
  assert.equal(may(kinds('totp', 'passkey'), measure(LOW, ['totp'])), false)
  assert.equal(may(kinds('password'), measure(LOW), [number]), true)
  assert.equal(may(kinds('password'), measure(LOW), [{ ...number, verifiedAt: null }]), false)
})

test('a key that cannot be opened, or whose model is broken, lets nobody in', () => {
  const [password, key] = [enrolled('password'), enrolled('passkey')]
  const unread = { ...holding([password, key]), keys: new Map() }
  const left = { ...holding([key]), keys: new Map() }
  for (const floor of [LOW, TWO, PHR, null]) assert.equal(staysIn(unread, left, measure(floor)), false)
  assert.equal(staysIn(unread, { ...holding([password]), keys: new Map() }, measure(LOW)), true)
})

test('what lets in nobody for the time being is not taken away to the last', () => {
  // both have to be shown where both are there, and one is switched off
  const off = measure(TWO, ['password'])
  assert.equal(may(kinds('password', 'totp'), off), false)
  assert.equal(may(kinds('totp', 'password'), off), true)
})

test('what is named is what would do, of what this server offers', () => {
  const named = (mine: readonly EnrolledAuthenticator[], it: Measure) =>
    wouldDo(holding(mine), holding(mine.slice(1)), it)
  assert.deepEqual(named(kinds('password'), measure(LOW)), ['passkey', 'totp', 'password', 'sms_code', 'push'])
  assert.deepEqual(named(kinds('password'), measure(LOW, ['password', 'totp'])), ['totp', 'password'])
  assert.deepEqual(named(kinds('passkey', 'password'), measure(PHR)), ['passkey'])
  assert.deepEqual(named(kinds('totp', 'password'), measure(TWO, ['password', 'totp'])), ['totp'])
})

test('what has no other beside it is known before it is lost', () => {
  const ids = (mine: readonly EnrolledAuthenticator[], floor: Floor) =>
    irreplaceable(holding(mine), measure(floor)).map(({ id }) => id)
  assert.deepEqual(ids(kinds('password', 'totp'), TWO), ['password', 'totp'])
  assert.deepEqual(ids(kinds('password', 'totp', 'passkey'), TWO), [])
  assert.deepEqual(ids(kinds('password', 'totp', 'passkey'), PHR), ['passkey'])
})

onEveryStore('removals at once do together no more than each may do alone', async (store) => {
  const nodes = [await store.open(), await store.open()]
  const tools = toolsOver(nodes[0]!)
  const each = nodes.map((node) => belongingsStore(node, () => NOW))
  for (let round = 0; round < 10; round++) {
    const account = `idp:${round}`
    const keys = Array.from({ length: 4 }, (_, i) =>
      enrolled('passkey', { id: `key ${round} ${i}`, account, lookup: `key ${round} ${i}` }),
    )
    for (const key of keys) await tools.authenticators.enrol(key)
    const times = { startedAt: NOW, usedAt: NOW, endsAt: NOW + 1e7, idleMs: null }
    await tools.sessions.begin(
      { id: `se_${round}`, account, epoch: 0, browser: 'b', proofs: [], ...times },
      `token ${round}`,
    )
    const outcomes = await Promise.all(
      keys.map(({ id }, i) =>
        each[i % 2]!.takeAway(account, `se_${round}`, { authenticator: id }, (before, after) =>
          staysIn(holding(before.enrolled), holding(after.enrolled), measure(PHR)),
        ),
      ),
    )
    assert.deepEqual(outcomes.toSorted(), ['kept', 'taken', 'taken', 'taken'])
    assert.equal((await tools.authenticators.listOf(account)).length, 1)
  }
})
