import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { parsedField } from './forms.ts'

test('a field of a form is JSON that can be read in one way, or nothing', () => {
  assert.deepEqual(parsedField('{"id": "a", "response": {"clientDataJSON": "b"}}'), {
    id: 'a',
    response: { clientDataJSON: 'b' },
  })
  for (const text of [
    undefined,
    '',
    '{',
    '{"id": "a", "id": "b"}',
    '{"id": "a", "\\u0069d": "b"}',
    '{"response": {"signature": "a", "signature": "b"}}',
    '['.repeat(1000) + ']'.repeat(1000),
  ])
    assert.equal(parsedField(text), null, text)
})
