import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { labelLines } from './cascade.ts'

suite('A label in the picture of a cascade', () => {
  const cases: readonly [string, readonly string[]][] = [
    ['Noor Haddad', ['Noor Haddad']],
    ['approve payments in Operator', ['approve payments in', 'Operator']],
    ['Viktor Sandoval (idp:viktor.sandoval)', ['Viktor Sandoval (idp:', 'viktor.sandoval)']],
    ['idp:viktor.sandoval/password', ['idp:viktor.sandoval/', 'password']],
    ['read or redirect Message log and routing of everybody', ['read or redirect', 'Message lo… everybody']],
    ['', []],
  ]
  for (const [label, lines] of cases)
    test(`\`${label}\` is written in ${lines.length === 1 ? 'one line' : `${lines.length} lines`} that fit`, () =>
      assert.deepEqual(labelLines(label), lines))
})
