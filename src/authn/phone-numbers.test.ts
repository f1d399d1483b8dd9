import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countryOf, phoneProblem } from './phone-numbers.ts'

void test('codes go to mobiles of served countries, and to nothing that is paid for being sent to', () => {
  const served = { DE: 75, CH: 60, US: 8, FR: 70, GB: 40 }
  const cases: readonly (readonly [string, string | null])[] = [
    ['+4915112345678', null],
    ['+41791234567', null],
    ['+12025550123', null],
    ['+393312345678', 'country_not_served'],
    // premium rates, of a country and of none
    ['+19002345678', 'not_mobile'],
    ['+33899123456', 'not_mobile'],
    ['+979123456789', 'no_country'],
    // satellites and international networks
    ['+870773111632', 'no_country'],
    ['+88216123456', 'no_country'],
    // a landline, a number of the internet, and numbers that nobody can have
    ['+4932212345678', 'not_mobile'],
    ['+15550100199', 'not_a_number'],
    ['+491511234567890', 'not_a_number'],
    ['+4990012345678', 'not_a_number'],
    ['4915112345678', 'not_a_number'],
    ['+4915112345678;ext=1', 'not_a_number'],
    ['', 'not_a_number'],
  ]
  for (const [number, problem] of cases) assert.equal(phoneProblem(number, served), problem, number)
  // names that every object has are no countries
  assert.equal(phoneProblem('+4915112345678', {}), 'country_not_served')
  assert.deepEqual(['+12025550123', '+16135550123', '+870773111632', 'x'].map(countryOf), ['US', 'CA', '+870', '+?'])
})
