import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonical } from './identifiers.ts'

test('one mailbox has one form', () => {
  for (const typed of ['Ada@Example.org', ' ada@example.org ', 'ADA＠example.org', 'ada@EXAMPLE.ORG']) {
    assert.equal(canonical('mail', typed), 'ada@example.org')
  }
  assert.equal(canonical('mail', 'ada@bücher.example'), 'ada@xn--bcher-kva.example')
})

test('nothing that two readers could take for two recipients is an address', () => {
  const tricks = [
    'u@x.test, evil@y.test',
    'u@x.test;evil@y.test',
    'u@x.test\nevil@y.test',
    'u@x.test\r\nbcc: evil@y.test',
    'U <u@x.test>',
    '"u@x.test"@y.test',
    'u@x.test evil@y.test',
    'u@x.test%0aevil@y.test',
    'u@[127.0.0.1]',
    'u@x..test',
    'u@-x.test',
    '@x.test',
    'u@',
    'u@x',
    'u(comment)@x.test',
    ['u@x.test', 'evil@y.test'],
    { toString: () => 'u@x.test' },
    null,
    1,
    'a'.repeat(300) + '@x.test',
  ]
  for (const trick of tricks) assert.equal(canonical('mail', trick), null, String(trick))
})

test('one number has one form, and lists are none', () => {
  assert.equal(canonical('phone', '+1 (555) 010-0199'), '+15550100199')
  assert.equal(canonical('phone', '＋１５５５０１００１９９'), '+15550100199')
  for (const typed of [
    '+1555;+1666',
    '5550100',
    '+0555010019',
    '+1555010019901234567',
    '+1555abc',
    '+1555010199,+15550102',
  ]) {
    assert.equal(canonical('phone', typed), null, typed)
  }
})

test('a canonical form is its own canonical form', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('mail', 'phone', 'username', 'upstream'),
      fc.string({ unit: 'grapheme' }),
      (kind, typed) => {
        const once = canonical(kind, typed)
        if (once !== null) assert.equal(canonical(kind, once), once)
      },
    ),
    { numRuns: 5000 },
  )
})
