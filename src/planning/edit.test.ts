import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Edit } from '#contract/plan.ts'
import { checkInventory } from '#model/inventory.ts'
import type { Fact } from '#model/facts.ts'
import { readChanges } from './change-file.ts'
import { editorOf } from './edit.ts'

const facts: Fact[] = [
  { fact: 'account', id: 'a', kind: 'human', memberOf: ['g', 'h'] },
  { fact: 'group', id: 'g' },
  { fact: 'group', id: 'h' },
  { fact: 'resource', id: 'r', sensitivity: 'low' },
  { fact: 'entitlement', holder: 'g', on: 'r', capabilities: ['change_code', 'use_secrets'], right: 'write' },
  { fact: 'entitlement', holder: 'h', on: 'r', capabilities: ['change_code'] },
]
const base = checkInventory({
  sources: [],
  facts: facts.map((fact) => ({ fact, place: { file: 'test' } })),
  diagnostics: [],
})
const editor = editorOf(base)
const changed = (...edits: Edit[]): readonly Fact[] =>
  editor.apply([{ id: 'c', edits } satisfies Change]).facts.map(({ fact }) => fact)

test('an edit changes the facts that it names and no others, and the base stays as it was', () => {
  const edited = changed({ set: { fact: 'entitlement', holder: 'g' }, without: { capabilities: ['use_secrets'] } })
  assert.deepEqual(
    edited
      .filter(({ fact }) => fact === 'entitlement')
      .map((fact) => (fact as { capabilities: string[] }).capabilities),
    [['change_code'], ['change_code']],
  )
  assert.deepEqual(
    base.facts.map(({ fact }) => fact),
    facts,
  )
})

test('lists are edited item by item, so that two changes of one list add up', () => {
  const edited = changed(
    { set: { fact: 'account', id: 'a' }, without: { memberOf: ['g'] } },
    { set: { fact: 'account', id: 'a' }, without: { memberOf: ['h'] }, with: { memberOf: ['r'] } },
  )
  assert.deepEqual((edited[0] as { memberOf: string[] }).memberOf, ['r'])
})

test('what an earlier change took away needs nothing more', () => {
  const gone: Edit = { remove: { fact: 'entitlement', holder: 'h', on: 'r' } }
  assert.equal(
    changed(gone, gone, { set: { fact: 'entitlement', holder: 'h', on: 'r' }, to: {} }).length,
    facts.length - 1,
  )
})

test('an added fact can be edited by a later change, and is added once', () => {
  const add: Edit = { add: { fact: 'group', id: 'new' } }
  const edited = changed(add, add, { set: { fact: 'group', id: 'new' }, to: { name: 'New' } })
  assert.deepEqual(edited.at(-1), { fact: 'group', id: 'new', name: 'New' })
  assert.equal(edited.length, facts.length + 1)
})

test('a change that names nothing of the inventory, or an unknown kind of fact, is refused', () => {
  assert.throws(() => changed({ remove: { fact: 'account', id: 'nobody' } }), { code: 'change_invalid' })
  assert.throws(() => changed({ set: { fact: 'entitlement', holder: 'g', on: 'x' }, to: {} }), {
    code: 'change_invalid',
  })
  assert.throws(() => changed({ add: { fact: 'dragon', id: 'd' } }), { code: 'change_invalid' })
})

test('facts edited without the check are the same as with it', () => {
  const change: Change = {
    id: 'c',
    edits: [{ add: { fact: 'group', id: 'new' } }, { set: { fact: 'account', id: 'a' }, with: { memberOf: ['new'] } }],
  }
  const [checked, unchecked] = [editor.apply([change]), editor.applyUnchecked([change])]
  assert.deepEqual(unchecked.facts, checked.facts)
  assert.deepEqual(unchecked.byKind, checked.byKind)
  for (const id of ['a', 'g', 'new', 'nobody']) assert.deepEqual(unchecked.get(id), checked.get(id))
})

test('a file of changes may be JSON or YAML, and is refused when it does not fit its format', () => {
  const yaml = 'ambit: 1\nsteps:\n  - id: mine\n    edits: [{remove: {fact: account, id: a}}]\n'
  assert.equal(readChanges(yaml, 'c.yaml')[0]!.id, 'mine')
  assert.equal(
    readChanges('{"ambit":1,"steps":[{"id":"x","cost":3,"edits":[{"add":{"fact":"group","id":"z"}}]}]}', 'c')[0]!.id,
    'x',
  )
  for (const bad of [
    '{',
    '{}',
    '[]',
    'ambit: 2',
    '{"ambit":1,"steps":[{"id":"x","edits":[]}]}',
    '{"ambit":1,"steps":[{"edits":[{"drop":{}}]}]}',
  ]) {
    assert.throws(() => readChanges(bad, 'bad'), { code: 'change_invalid' }, bad)
  }
})
