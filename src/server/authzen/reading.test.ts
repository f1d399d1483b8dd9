import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { AmbitError } from '#lib/errors.ts'
import { batchOf } from './reading.ts'

const on = { type: 'page', id: 'p1' }
const read = (evaluations: readonly object[]) =>
  batchOf({ subject: { type: 'user', id: 'ana' }, resource: on, evaluations })!.items.map((item) => item())

test('items share what they take from the defaults, and an action that has no more than its name', () => {
  const items = read([
    { action: { name: 'read' } },
    { action: { name: 'write' } },
    { action: { name: 'read', ignored: 1 } },
    { action: { name: 'read', properties: { soft: true } }, resource: { type: 'page', id: 'p2' } },
    { action: { name: 'read', properties: null } },
  ])
  assert.deepEqual(
    items.map(({ action }) => action),
    [
      { name: 'read' },
      { name: 'write' },
      { name: 'read' },
      { name: 'read', properties: { soft: true } },
      { name: 'read' },
    ],
  )
  assert.equal(items[2]!.action, items[0]!.action)
  for (const { subject } of items) assert.equal(subject, items[0]!.subject)
  assert.deepEqual(
    items.map(({ resource }) => resource.id),
    ['p1', 'p1', 'p1', 'p2', 'p1'],
  )
})

test('a name that is none is refused in each item that has it', () => {
  const { items } = batchOf({
    subject: on,
    resource: on,
    evaluations: [{ action: { name: 7 } }, { action: { name: 7 } }],
  })!
  for (const item of items)
    assert.throws(item, (error) => error instanceof AmbitError && error.code === 'request_invalid')
})
