import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { DecisionSettings } from '#decision/settings.ts'
import { loadPolicy } from '#policy/load.ts'
import { CLAIMS, ISSUER, NOW } from './issuer.fixture.ts'
import { factorsShown, shown, type Proof } from './session.ts'
import { mostOfUpstream, upstreamName, upstreamProof } from './upstream.ts'
import type { VerifiedToken } from './token.ts'

const text = readFileSync(new URL('../policy/default.yaml', import.meta.url), 'utf8')
const { authenticators: worths } = await loadPolicy({ text, file: 'default.yaml' }, text)

const ISSUERS: DecisionSettings['issuers'] = {
  [ISSUER.issuer]: {
    acr: {
      pwd: { strength: 'single_factor' },
      mfa: { strength: 'two_factor' },
      phr: { strength: 'phishing_resistant', code: false },
      hw: { strength: 'hardware', code: false, vouches: 'hardware' },
    },
  },
}
const token = (claims: Record<string, unknown>): VerifiedToken => ({
  use: 'id',
  issuer: ISSUER,
  claims: { ...CLAIMS, ...claims },
  expiresAt: NOW + 600,
  binding: { jkt: null, x5t: null },
})
const proofOf = (claims: Record<string, unknown>, boundAtAal = 3, issuers = ISSUERS): Proof | null => {
  const link = { account: 'ada', canonical: 'link', boundAtAal }
  const found = upstreamProof(token(claims), link, issuers, NOW * 1000)
  return found === null ? null : { at: 0, factor: 'upstream', purpose: 'sign_in', binding: '', ...found }
}
const strength = (...proofs: readonly (Proof | null)[]) =>
  shown(
    proofs.filter((each) => each !== null),
    worths,
  ).strength

test('a sign-in elsewhere proves what its issuer’s table says, and no more than its link is worth', () => {
  const cases: readonly (readonly [Record<string, unknown>, number, string])[] = [
    [{ acr: 'pwd' }, 3, 'single_factor'],
    [{ acr: 'mfa' }, 3, 'two_factor'],
    [{ acr: 'phr' }, 3, 'phishing_resistant'],
    [{ acr: 'hw' }, 3, 'hardware'],
    [{ acr: 'hw' }, 2, 'phishing_resistant'],
    [{ acr: 'hw' }, 1, 'single_factor'],
    [{ acr: 'hw' }, 0, 'single_factor'],
    [{ acr: 'hw' }, -1, 'single_factor'],
    [{ acr: 'hw' }, 99, 'hardware'],
    [{ acr: 'urn:ambit:loa:3' }, 3, 'none'],
    [{ acr: 'toString' }, 3, 'none'],
    [{ acr: undefined }, 3, 'none'],
    [{ auth_time: undefined }, 3, 'none'],
    [{ auth_time: NOW + 31 }, 3, 'none'],
    [{ auth_time: -1 }, 3, 'none'],
    // keys and levels that it vouches for count only where the configuration says that it may
    [{ acr: 'phr', 'urn:ambit:key_class': 'hardware' }, 3, 'phishing_resistant'],
  ]
  for (const [claims, aal, expected] of cases)
    assert.equal(strength(proofOf(claims, aal)), expected, JSON.stringify([claims, aal]))
  assert.equal(proofOf({ acr: 'phr' }, 3, {}), null)
  const { authTime, upstream, amr } = shown([proofOf({ acr: 'mfa', auth_time: NOW - 90 })!], worths)
  assert.deepEqual([authTime, upstream?.code, amr], [NOW - 90, true, ['mfa']])
  // a clock that is a little ahead makes nobody sign in later than now
  assert.equal(shown([proofOf({ acr: 'phr', auth_time: NOW + 10 })!], worths).authTime, NOW)
})

test('what was proved elsewhere is not added to what was proved here', () => {
  const totp = { authenticator: 't', channel: null, binding: '', at: NOW * 1000, userVerified: false } as const
  const here: Proof = {
    ...totp,
    factor: 'totp',
    purpose: 'sign_in',
    keyClass: null,
    fips140Level: null,
    boundAtAal: 2,
  }
  assert.equal(strength(proofOf({ acr: 'pwd' }), here), 'single_factor')
  assert.equal(strength(here, proofOf({ acr: 'pwd' }), proofOf({ acr: 'pwd' })), 'single_factor')
  assert.deepEqual(factorsShown([proofOf({ acr: 'pwd' })!], worths), { know: false, have: false })
  assert.deepEqual(factorsShown([proofOf({ acr: 'mfa' })!], worths), { know: true, have: true })
})

test('nobody is offered more than a link can give, and no two people have one name', () => {
  const most = (aal: number, issuer = ISSUER.issuer) => mostOfUpstream(issuer, { boundAtAal: aal }, ISSUERS)
  assert.deepEqual(most(3), { strength: 'hardware', code: false })
  assert.deepEqual(most(1), { strength: 'single_factor', code: false })
  assert.deepEqual(most(3, 'https://other.test'), { strength: 'none', code: false })
  const names = [
    ['https://a.test', 'b'],
    ['https://a.test', 'B'],
    ['https://a.test/', 'b'],
    ['https://a.test b', ''],
    ['', 'https://a.test b'],
  ].map(([issuer, subject]) => upstreamName(issuer!, subject!))
  assert.equal(new Set(names).size, names.length)
})
