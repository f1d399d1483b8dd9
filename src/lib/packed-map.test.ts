import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { PackedMap } from './packed-map.ts'

interface Value {
  readonly key: string
  readonly sort: number
  readonly said: unknown
}

const packing = { keyOf: ({ key }: Value) => key, sortOf: ({ sort }: Value) => sort }
const packedMap = (values: readonly Value[] = []) => PackedMap.of(packing, values)
const arbitraryKey = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('', '__proto__', 'constructor', 'a', 'a:', 'a:b', 'ä', 'a\u0308', '\ud800', '\n'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)
const arbitraryValue = fc.record({ key: arbitraryKey, sort: fc.nat(3), said: fc.jsonValue() })
const arbitraryStep = fc.oneof(
  { weight: 6, arbitrary: arbitraryValue.map((set) => ({ set })) },
  { weight: 3, arbitrary: arbitraryKey.map((gone) => ({ gone })) },
  { weight: 1, arbitrary: fc.constant({ copy: true }) },
  { weight: 1, arbitrary: fc.constant({ hand: true }) },
  { weight: 1, arbitrary: fc.constant({ all: true }) },
)

/** What JSON makes of it: -0 reads 0. */
const json = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

/** What the packed map is asked, and a map with the same. */
function assertSame(packed: PackedMap<Value>, map: ReadonlyMap<string, Value>, asked: readonly string[]): void {
  assert.equal(packed.size, map.size)
  assert.deepEqual(json([...packed.values()]), json([...map.values()]))
  assert.deepEqual(json(packed.all()), json([...map.values()]))
  for (const sort of [0, 1, 2, 3, 4]) {
    const own = [...map.values()].filter((value) => value.sort === sort)
    assert.equal(packed.countOf(sort), own.length)
    assert.deepEqual(json([...packed.values(sort)]), json(own))
  }
  let last = -1
  for (const key of map.keys()) {
    const entry = packed.entryOf(key)!
    assert.ok(entry > last)
    assert.equal(packed.at(entry).key, key)
    assert.equal(packed.sortAt(entry), map.get(key)!.sort)
    last = entry
  }
  for (const key of asked) {
    assert.equal(packed.has(key), map.has(key))
    assert.deepEqual(json(packed.get(key)), json(map.get(key)))
  }
}

suite('A packed map', () => {
  test('is a map of the same values in the same order, whatever the keys, and so are its copies', () => {
    const arbitraryFirst = fc.uniqueArray(arbitraryValue, { selector: packing.keyOf })
    fc.assert(
      fc.property(
        arbitraryFirst,
        fc.array(arbitraryStep, { maxLength: 80 }),
        fc.array(arbitraryKey),
        (first, steps, others) => {
          const both = [{ packed: packedMap(first), map: new Map(first.map((value) => [value.key, value])) }]
          const held: (readonly Value[])[] = []
          const asked = [
            ...others,
            ...steps.flatMap((step) => ('set' in step ? step.set.key : 'gone' in step ? step.gone : [])),
          ]
          steps.forEach((step, i) => {
            const { packed, map } = both[i % both.length]!
            if ('set' in step) {
              packed.set(step.set)
              map.set(step.set.key, step.set)
            } else if ('gone' in step) {
              packed.delete(step.gone)
              map.delete(step.gone)
            } else if ('all' in step) held.push(packed.all())
            else if ('copy' in step) both.push({ packed: packed.copy(), map: new Map(map) })
            else both.push({ packed: PackedMap.from(packing, packed.packed()), map: new Map(map) })
          })
          for (const { packed, map } of both) assertSame(packed, map, asked)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('finds each of many, also after more changes than it keeps beside what is packed', () => {
    const first = Array.from({ length: 5000 }, (_, i) => ({ key: `a:${i}`, sort: i % 4, said: i }))
    const packed = packedMap(first)
    const map = new Map(first.map((value) => [value.key, value]))
    const copies: { packed: PackedMap<Value>; map: Map<string, Value> }[] = []
    for (let i = 2500; i < 15_000; i++) {
      const value = { key: `a:${i}`, sort: (i + 1) % 4, said: -i }
      packed.set(value)
      map.set(value.key, value)
      if (i % 3 === 0) {
        packed.delete(`a:${i / 3}`)
        map.delete(`a:${i / 3}`)
      }
      if (i % 4000 === 0) copies.push({ packed: packed.copy(), map: new Map(map) })
    }
    const asked = Array.from({ length: 15_001 }, (_, i) => `a:${i}`)
    for (const each of [...copies, { packed, map }]) assertSame(each.packed, each.map, asked)
  })
})
