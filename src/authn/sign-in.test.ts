import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { rankOf } from '#assurance/strength.ts'
import { KEY_CLASSES } from '#contract/decision.ts'
import { STRENGTHS } from '#contract/vocabulary.ts'
import { enrolled, NOW, worths } from './enrolled.fixture.ts'
import { proofBy } from './enrolled-proof.ts'
import { FACTORS, type FactorName } from './factors.ts'
import { sentProof } from './sent-code.ts'
import { factorsShown, shown, type Proof } from './session.ts'
import { isEnough, needOf, offersFor, type Floor } from './sign-in.ts'
import type { EnrolledAuthenticator } from './stores.ts'

const LOW: Floor = { strength: 'single_factor', codes: 'allowed', session: {}, codeSession: {}, exception: null }
const HIGH: Floor = { strength: 'hardware', codes: 'refused', session: {}, codeSession: {}, exception: null }
const ASKS_NOTHING = { acceptable: null, maxAge: null }

function offered(floor: Floor, mine: readonly EnrolledAuthenticator[], proofs: readonly Proof[], keys = new Map()) {
  const need = needOf(floor, ASKS_NOTHING, mine, worths, NOW)
  return offersFor('idp:ada', proofs, need, 'sign_in', {
    worths,
    channels: [],
    access: null,
    ask: async ({ factor }) =>
      FACTORS[factor].code && floor.codes === 'refused' ? { granted: false, reason: '', text: '' } : { granted: true },
    holding: {
      enrolled: mine,
      identifiers: [
        {
          kind: 'mail',
          canonical: 'a@x.test',
          shown: '',
          account: 'idp:ada',
          verifiedAt: NOW,
          addedAt: NOW,
          boundAtAal: 2,
        },
      ],
      keys,
      upstreams: [],
    },
    factors: Object.keys(FACTORS) as FactorName[],
  })
}
const by = (it: EnrolledAuthenticator) => proofBy(it, new Map(), 'sign_in', NOW)

test('whoever has both factors shows both, even where one would do and together they are worth no more', async () => {
  const mine = [enrolled('password', { boundAtAal: 1 }), enrolled('totp', { boundAtAal: 1 })]
  const need = needOf(LOW, ASKS_NOTHING, mine, worths, NOW)
  assert.equal(isEnough([by(mine[0]!)], need, worths, []), false)
  assert.equal(isEnough(mine.map(by), need, worths, []), true)
  const { offers } = await offered(LOW, mine, [by(mine[0]!)])
  assert.deepEqual(
    offers.map(({ factor }) => factor),
    ['totp'],
  )
  // one that is gone is not asked for
  const left = [mine[0]!, enrolled('totp', { state: 'suspended' })]
  assert.equal(isEnough([by(mine[0]!)], needOf(LOW, ASKS_NOTHING, left, worths, NOW), worths, []), true)
})

test('nobody is led to a key that would not be strong enough', async () => {
  const mine = [enrolled('password'), enrolled('passkey')]
  const facts = (keyClass: string) => new Map([['passkey', { keyClass, fips140Level: 2 }]])
  const kinds = async (keyClass: string) =>
    (await offered(HIGH, mine, [], facts(keyClass))).offers.map(({ factor }) => factor)
  assert.deepEqual(await kinds('synced'), [])
  assert.deepEqual(await kinds('unattested'), [])
  assert.deepEqual(await kinds('hardware'), ['password', 'passkey'])
})

test('an account whose reach forbids codes is told so, and offered none', async () => {
  const { offers, forbidden } = await offered(
    HIGH,
    [enrolled('password'), enrolled('totp')],
    [by(enrolled('password'))],
  )
  assert.deepEqual([offers, forbidden], [[], true])
})

const arbitraryProof = fc.oneof(
  fc
    .record({
      kind: fc.constantFrom('password', 'totp', 'passkey', 'recovery_code' as const),
      boundAtAal: fc.integer({ min: 0, max: 3 }),
      keyClass: fc.constantFrom(...KEY_CLASSES),
      at: fc.integer({ min: NOW - 600_000, max: NOW }),
    })
    .map(({ kind, boundAtAal, keyClass, at }) =>
      proofBy(
        enrolled(kind as FactorName, { boundAtAal }),
        new Map([[kind, { keyClass, fips140Level: 1 }]]),
        'sign_in',
        at,
      ),
    ),
  fc
    .integer({ min: NOW - 600_000, max: NOW })
    .map((at) => sentProof('email_code', { canonical: 'a@x.test', boundAtAal: 2 }, 'sign_in', at)),
)

test('what is enough is never weaker, older or more of a code than what is needed', () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryProof, { maxLength: 4 }),
      fc.constantFrom(...STRENGTHS),
      fc.constantFrom('allowed' as const, 'refused' as const),
      fc.option(fc.integer({ min: 0, max: 600 })),
      fc.boolean(),
      (proofs, strength, codes, maxAge, both) => {
        const mine = both ? [enrolled('password'), enrolled('totp')] : []
        const need = needOf({ ...LOW, strength, codes }, { acceptable: null, maxAge }, mine, worths, NOW)
        if (!isEnough(proofs, need, worths, [])) return
        const young = maxAge === null ? proofs : proofs.filter(({ at }) => at >= NOW - maxAge * 1000)
        const said = shown(young, worths)
        assert.ok(rankOf(said.strength) >= Math.max(rankOf(strength), rankOf('single_factor')))
        assert.ok(codes === 'allowed' || !said.code)
        const { know, have } = factorsShown(young, worths)
        assert.ok(!both || (know && have))
      },
    ),
    { numRuns: 3000 },
  )
})
