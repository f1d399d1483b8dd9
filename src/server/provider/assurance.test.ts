import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { rankOf } from '#assurance/strength.ts'
import type { Shown } from '#authn/session.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import { ACR_VALUES, acrSaid, asked, meets } from './assurance.ts'

const shown = (strength: Strength, authTime: number | null = 1000): Shown => ({
  strength,
  acr: strength,
  amr: [],
  authTime,
  code: false,
  upstream: null,
  keyClass: null,
})
const ask = (acrValues?: string, acrClaim?: object, maxAge?: number) => asked({ acrValues, acrClaim, maxAge })

test('acr_values is necessary, and any one of it will do', () => {
  assert.ok(!meets(shown('two_factor'), ask('phr'), 1000))
  assert.ok(meets(shown('phishing_resistant'), ask('phr'), 1000))
  assert.ok(meets(shown('hardware'), ask('phr'), 1000))
  assert.ok(meets(shown('two_factor'), ask('phrh urn:ambit:loa:2'), 1000))
  assert.ok(meets(shown('none', null), ask(), 1000))
})

test('words that nobody knows are not passed by', () => {
  assert.ok(meets(shown('phishing_resistant'), ask('gold phr'), 1000))
  assert.ok(!meets(shown('hardware'), ask('gold silver'), 1000))
  assert.ok(!meets(shown('hardware'), ask(undefined, { essential: true, value: 'gold' }), 1000))
  assert.ok(!meets(shown('hardware'), ask(undefined, { essential: true, values: [1, null, { a: 1 }] }), 1000))
  assert.ok(meets(shown('single_factor'), ask(undefined, { value: 'phrh' }), 1000)) // voluntary
  assert.ok(!meets(shown('two_factor'), ask('urn:ambit:loa:1', { essential: true, value: 'phr' }), 1000))
  assert.ok(!meets(shown('two_factor'), ask('phr', { essential: true, value: 'urn:ambit:loa:1' }), 1000))
})

test('freshness is no strength, and strength no freshness', () => {
  assert.ok(!meets(shown('single_factor', 1000), ask('phr', undefined, 300), 1000))
  assert.ok(!meets(shown('hardware', 600), ask('phr', undefined, 300), 1000))
  assert.ok(meets(shown('hardware', 700), ask('phr', undefined, 300), 1000))
  assert.ok(!meets(shown('hardware', null), ask(undefined, undefined, 300), 1000))
  assert.ok(!meets(shown('hardware', 1001), ask(undefined, undefined, 300), 1000)) // from the future
})

test('whatever is asked, a session that meets it is at least as strong as the weakest word that is known', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...ACR_VALUES, 'gold', ''), { maxLength: 4 }),
      fc.constantFrom(...STRENGTHS),
      (words, strength) => {
        const question = ask(words.join(' '))
        if (!meets(shown(strength), question, 1000) || question.acceptable === null) return
        assert.ok(question.acceptable.some((each) => rankOf(strength) >= rankOf(each)))
      },
    ),
  )
})

test('a client is answered with the word it asked with, if that is true', () => {
  const said = (strength: Strength, acrValues?: string, acrClaim?: object) =>
    acrSaid(shown(strength), { acrValues, acrClaim, maxAge: undefined })
  assert.equal(said('hardware', 'urn:ambit:loa:3'), 'urn:ambit:loa:3')
  assert.equal(said('hardware', 'phr'), 'phr')
  assert.equal(said('phishing_resistant', 'phrh phr'), 'phr')
  assert.equal(said('two_factor', 'phrh phr'), 'two_factor')
  assert.equal(said('two_factor'), 'two_factor')
  assert.equal(said('hardware', undefined, { essential: true, values: ['gold', 'phr'] }), 'phr')
})
