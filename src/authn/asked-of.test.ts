import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { askedOf } from './asked-of.ts'
import { leaveForChanges } from './changes.ts'
import { enrolled, NOW, worths } from './enrolled.fixture.ts'
import { proofBy } from './enrolled-proof.ts'
import type { FactorName } from './factors.ts'
import { isEnough, needOf, type Floor } from './sign-in.ts'

const LOW: Floor = { strength: 'single_factor', codes: 'allowed', session: {}, codeSession: {}, exception: null }
const TWO: Floor = { ...LOW, strength: 'two_factor' }
const mine = (['password', 'totp', 'passkey'] as const).map((kind) => enrolled(kind))
const proofs = (...kinds: FactorName[]) =>
  mine.filter(({ kind }) => kinds.includes(kind)).map((it) => proofBy(it, new Map(), 'sign_in', NOW))

/** Whether these proofs sign in, and change things, where these kinds are switched on. */
function standing(factors: readonly FactorName[], floor: Floor, ...shown: FactorName[]): readonly [boolean, boolean] {
  const asked = askedOf({ enrolled: mine, identifiers: [] }, { factors, codes: floor.codes, channels: [] })
  const need = needOf(floor, { acceptable: null, maxAge: null }, asked, worths, NOW)
  const times = { startedAt: NOW, usedAt: NOW, endsAt: NOW + 1, idleMs: null }
  const session = { id: 'se', account: 'idp:ada', epoch: 0, browser: 'b', proofs: proofs(...shown), ...times }
  const leave = leaveForChanges(session, asked, worths, [], NOW)
  return [isEnough(proofs(...shown), need, worths, []), leave.granted]
}

test('nobody is asked for a kind that is switched off, and what the reach asks stands', () => {
  const cases: [string, readonly FactorName[], Floor, readonly FactorName[], readonly [boolean, boolean]][] = [
    ['all is on, and a password alone', ['password', 'totp', 'passkey'], LOW, ['password'], [false, false]],
    ['all is on, and two factors', ['password', 'totp', 'passkey'], LOW, ['password', 'totp'], [true, false]],
    ['keys are off, and a password alone', ['password', 'totp'], LOW, ['password'], [false, false]],
    ['keys are off, and two factors', ['password', 'totp'], LOW, ['password', 'totp'], [true, true]],
    ['only passwords are on', ['password'], LOW, ['password'], [true, true]],
    ['only apps are on', ['totp'], LOW, ['totp'], [true, true]],
    ['only passwords are on, which is too little for the reach', ['password'], TWO, ['password'], [false, true]],
  ]
  for (const [what, factors, floor, shown, expected] of cases)
    assert.deepEqual(standing(factors, floor, ...shown), expected, what)
})
