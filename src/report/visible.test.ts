import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { HOSTILE_NAMES } from './report.fixture-shapes.ts'
import { clipped, clippedMiddle, columnsOf, padded, visible, wrapped } from './visible.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(...HOSTILE_NAMES),
)

suite('text from outside', () => {
  test('nothing that acts on a terminal or on the direction of text is left', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.doesNotMatch(visible(text), /[\p{Cc}\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff\p{Cs}]/u)
      }),
    )
  })

  test('what acts is written out, what is read stays', () => {
    assert.equal(visible('\u001b[31mred'), '\\u{1b}[31mred')
    assert.equal(visible('abc\u202egpj'), 'abc\\u{202e}gpj')
    for (const unseen of '\u0000\u0007\u007f\u009b\u200b\u200f\u2028\u202e\u2060\u2066\u2069\ufeff') {
      assert.match(visible(unseen), /^\\u\{[0-9a-f]+\}$/)
    }
    assert.equal(visible('a\ud800b'), 'a\\u{d800}b')
    assert.equal(visible('Zoë 山田 🦉 محمد'), 'Zoë 山田 🦉 محمد')
  })

  test('columns count what a terminal shows', () => {
    assert.equal(columnsOf('Zoe\u0308'), 3)
    assert.equal(columnsOf('山田'), 4)
    assert.equal(columnsOf('🦉'), 2)
  })

  test('clipped, wrapped and padded text keeps to its columns', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 60 }), (raw, width) => {
        const text = visible(raw)
        assert.ok(columnsOf(clipped(text, width)) <= width)
        assert.ok(columnsOf(clippedMiddle(text, width)) <= width)
        for (const line of wrapped(text, width)) assert.ok(columnsOf(line) <= width)
        assert.ok(columnsOf(padded(text, width)) >= width)
      }),
    )
  })

  test('wrapping loses no character but the spaces at breaks', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 30 }), (raw, width) => {
        const text = visible(raw)
        assert.equal(wrapped(text, width).join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
      }),
    )
  })

  test('both ends of a long id stay readable', () => {
    assert.equal(clippedMiddle('okta:abcdefghijklmnop-42', 12), 'okta:…nop-42')
  })
})
