/** Facts in are facts out, or told: whatever happens to a file, nothing that stood in it goes missing in silence. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Inventory } from '#model/facts.ts'
import { readInventory } from '#importers/read.ts'
import { bytesOf, checked } from './reading.ts'

const document = (): Record<string, unknown> => ({
  ambit: 1,
  at: '2026-01-01',
  defaults: { account: { population: 'workforce' } },
  systems: [{ id: 's', offers: ['totp'], session: { idleSeconds: 60 } }],
  groups: [{ id: 'g', memberOf: ['h'] }, { id: 'h' }],
  channels: [{ id: 'c', kind: 'mailbox', heldBy: ['b'] }],
  accounts: [
    {
      id: 'a',
      kind: 'human',
      memberOf: ['g'],
      authenticators: ['password', { kind: 'email_code', name: 'code', on: ['c'] }],
      waysIn: [{ purpose: 'sign_in', requires: { all: ['password', { any: ['code', 'b'] }] } }],
      entitlements: [{ on: 'b', capabilities: ['administer'] }],
    },
    { id: 'b', kind: 'service', createdAt: '2025-01-01' },
  ],
  secrets: [{ id: 'k', kind: 'api_token', opens: ['b'], leaked: { at: '2025-12-01' } }],
  rules: [{ id: 'r', then: 'b', when: { atLeast: 1, of: ['a', 'k'] }, reason: 'because' }],
})

const read = (text: string, name = 'f'): Promise<Inventory> => readInventory([{ name, bytes: bytesOf(text) }], () => [])

/** JSON pointer of every item of every list of the document, and of the inline lists of its accounts. */
function itemsOf(root: unknown): string[] {
  const lists = (value: unknown, at: string): string[] =>
    Object.entries(fields(value)).flatMap(([field, list]) =>
      Array.isArray(list) ? list.map((_, index) => `${at}/${field}/${index}`) : [],
    )
  return lists(root, '').flatMap((at) => {
    const [, field = '', index = ''] = at.split('/')
    const item: unknown = Reflect.get(Object(Reflect.get(Object(root), field)), index)
    const { authenticators, waysIn, entitlements } = fields(item)
    return [at, ...(field === 'accounts' ? lists({ authenticators, waysIn, entitlements }, at) : [])]
  })
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}

const isWithin = (pointer: string, outer: string) => pointer === outer || pointer.startsWith(`${outer}/`)

/**
 * Whether a fact was made from the item, or an error speaks of it, of something in it, or of something around it. An
 * account without a usable id answers for what is inline in it, since the ids of that are made from its own.
 */
function isAccountedFor(item: string, { facts, diagnostics }: Inventory): boolean {
  const ownerId = `${item.split('/').slice(0, 3).join('/')}/id`
  return (
    facts.some(({ place }) => isWithin(place.pointer ?? '', item)) ||
    diagnostics.some(({ level, place }) => {
      const pointer = place?.pointer ?? ''
      return level === 'error' && (isWithin(pointer, item) || isWithin(item, pointer) || pointer === ownerId)
    })
  )
}

/** Paths of every value of a document. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return [...(path.length > 0 ? [path] : []), ...inner.flatMap(([key, part]) => pathsOf(part, [...path, key]))]
}

function setAt(root: unknown, path: readonly string[], value: unknown): void {
  let target = root
  for (const key of path.slice(0, -1)) target = Reflect.get(Object(target), key)
  // a copy: a later change may lie within this one, and must not put a value into itself
  if (typeof target === 'object' && target !== null) Reflect.set(target, path.at(-1) ?? '', structuredClone(value))
}

suite('Nothing is lost in silence', () => {
  const paths = pathsOf(document())
  const change = fc.tuple(
    fc.nat(paths.length - 1),
    fc.oneof(
      fc.constantFrom<unknown>(
        null,
        0,
        -1,
        'x',
        '',
        [],
        {},
        [[]],
        true,
        'password',
        'right:x',
        { all: [] },
        '2026-02-30',
      ),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  )

  test('of a document in which any values are changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.boolean(), async (changes, inLines) => {
        const root = document()
        for (const [index, value] of changes) setAt(root, paths[index] ?? [], value)
        const text = JSON.stringify(root, null, inLines ? 1 : 0)
        const inventory = await read(text)
        for (const item of itemsOf(JSON.parse(text))) assert.ok(isAccountedFor(item, inventory), `${item} of ${text}`)
      }),
      { numRuns: 500 },
    )
  })

  test('of lines in which any values are changed: each line is a fact or an error', async () => {
    const lines = Object.entries(document()).flatMap(([list, items]) =>
      Array.isArray(items) ? items.map((item: object) => ({ fact: FACT_OF[list], ...item })) : [],
    )
    const linePaths = pathsOf(lines)
    const lineChange = fc.tuple(fc.nat(linePaths.length - 1), fc.jsonValue({ maxDepth: 2 }))
    await fc.assert(
      fc.asyncProperty(fc.array(lineChange, { maxLength: 4 }), async (changes) => {
        const records: unknown = structuredClone(lines)
        for (const [index, value] of changes) setAt(records, linePaths[index] ?? [], value)
        const texts = Array.isArray(records) ? records.map((record) => JSON.stringify(record)) : []
        const { facts, diagnostics } = await read(`{"ambit":1,"facts":${texts.length}}\n${texts.join('\n')}`)
        const spoken = new Set([...facts, ...diagnostics].map(({ place }) => place?.line))
        for (const index of texts.keys()) assert.ok(spoken.has(index + 2), texts[index])
      }),
      { numRuns: 300 },
    )
  })

  test('of facts that pass: each is kept, repeats another, or is in conflict with one', async () => {
    const group = fc.record(
      { id: fc.constantFrom('g', 'h', 'i'), name: fc.constantFrom('G', 'H') },
      { requiredKeys: ['id'] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 8 }), async (groups) => {
        const { facts, diagnostics } = await checked({ f: JSON.stringify({ ambit: 1, at: '2026-01-01', groups }) })
        const repeats = diagnostics.filter(({ code }) => code === 'fact_repeated')
        const more = repeats.map(({ message }) => Number(/and so do (\d+) more/.exec(message)?.[1] ?? 0) + 1)
        assert.equal(groups.length, facts.length + more.reduce((sum, count) => sum + count, 0))
      }),
    )
  })
})

const FACT_OF: Readonly<Record<string, string>> = {
  systems: 'system',
  groups: 'group',
  channels: 'channel',
  accounts: 'account',
  secrets: 'secret',
  rules: 'rule',
}

suite('A file that was cut off', () => {
  const json = JSON.stringify(document())
  const noticed = async (text: string) => {
    const { diagnostics } = await read(text)
    assert.ok(
      diagnostics.some(({ level }) => level === 'error'),
      text,
    )
  }

  test('is noticed wherever JSON is cut', async () => {
    for (let end = 0; end < json.length; end++) await noticed(json.slice(0, end))
  })

  test('is noticed wherever NDJSON with a count is cut', async () => {
    const lines = '{"ambit":1,"facts":2}\n{"fact":"group","id":"g"}\n{"fact":"group","id":"h"}'
    for (let end = 0; end < lines.length; end++) await noticed(lines.slice(0, end))
  })
})

suite('Errors by the ten thousand', () => {
  test('are all told, each with its line', async () => {
    const accounts = Array.from({ length: 30_000 }, (_, i) => ({ id: `a${i}` }))
    const { diagnostics } = await read(JSON.stringify({ ambit: 1, accounts }, null, 1))
    assert.equal(diagnostics.length, 30_000)
    assert.deepEqual(diagnostics.at(-1)?.place, { file: 'f', pointer: '/accounts/29999', line: 90_001 })
  })

  test('in one condition are told without overflow', async () => {
    const all = Array.from({ length: 130_000 }, () => '')
    const { diagnostics } = await read(
      JSON.stringify({ ambit: 1, rules: [{ id: 'r', then: 'a', reason: 'x', when: { all } }] }),
    )
    assert.equal(diagnostics.length, 130_000)
  })
})
