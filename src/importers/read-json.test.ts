import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { lineAt, linesOf, MAX_DEPTH, parseJson, parseJsonLines, walkJson } from './read-json.ts'

const faultOf = (text: string) => {
  const parsed = parseJson(text)
  return 'fault' in parsed ? parsed.fault : undefined
}

/** JSON with the spaces, line ends and escapes that writers may use. */
const jsonText = fc
  .tuple(fc.json({ maxDepth: 5 }), fc.constantFrom('', ' ', '\n', '\t\r\n'))
  .map(
    ([text, space]) =>
      space + text.replaceAll(/"(?:[^"\\]|\\.)*"|[^"]/g, (token) => token + (token.length > 1 ? space : '')),
  )

suite('Parsing JSON', () => {
  test('agrees with JSON.parse wherever no key is repeated', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const parsed = parseJson(text)
        if ('value' in parsed) assert.deepEqual(parsed.value, JSON.parse(text))
        else assert.equal(parsed.fault.code, 'key_repeated')
      }),
    )
  })

  test('refuses what JSON.parse refuses, and says where', () => {
    const change = fc.tuple(
      fc.nat(),
      fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '0', 'x', '\n', '\u0000'),
    )
    fc.assert(
      fc.property(jsonText, change, (text, [position, put]) => {
        const at = position % (text.length + 1)
        const mangled = text.slice(0, at) + put + text.slice(at + 1)
        let valid = true
        try {
          JSON.parse(mangled)
        } catch {
          valid = false
        }
        const fault = faultOf(mangled)
        // a repeated key may stand before the first break of the syntax
        if (!valid) assert.ok(fault, mangled)
        else assert.ok(fault === undefined || fault.code === 'key_repeated', mangled)
        if (fault) assert.ok(fault.offset <= mangled.length)
      }),
      { numRuns: 2000 },
    )
  })

  test('parses lines together only where each by itself is one good value', () => {
    const line = fc.oneof(
      { weight: 3, arbitrary: fc.json({ maxDepth: 3 }) },
      fc.constantFrom(
        '',
        ' ',
        '{"a":1,"a":2}',
        '1,2',
        '[1',
        '2]',
        '1],[2',
        '{"a":"x',
        'y"}',
        '{"é\\"":[]}',
        '\\"',
        '"',
      ),
      fc.constantFrom(
        '['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH),
        '['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1),
      ),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.boolean(), (lines, ended) => {
        const whole = lines.map((one) => `${one}\n`).join('')
        const text = ended || lines.at(-1) === '' ? whole : whole.slice(0, -1)
        const parsed = lines.map(parseJson)
        const good = parsed.every((one) => 'value' in one)
        const together = parseJsonLines(new TextEncoder().encode(text), text)
        if (!good) assert.equal(together, undefined, text)
        else
          assert.deepEqual(
            together,
            parsed.map((one) => 'value' in one && one.value),
            text,
          )
      }),
      { numRuns: 2000, examples: [[['[1', '2]', '1,2'], true]] },
    )
  })

  const faults: [text: string, code: string, offset: number, message: string][] = [
    ['{"a": 1, "a": 2}', 'key_repeated', 9, 'the key `a` stands twice in one object; one of the two would be lost'],
    [
      '{"a": 1, "\\u0061": 2}',
      'key_repeated',
      9,
      'the key `a` stands twice in one object; one of the two would be lost',
    ],
    [
      '{"__proto__": 1, "__proto__": 2}',
      'key_repeated',
      17,
      'the key `__proto__` stands twice in one object; one of the two would be lost',
    ],
    ['[1, 2', 'syntax_invalid', 5, 'not valid JSON: it ends in the middle of a value'],
    ['["abc', 'syntax_invalid', 1, 'not valid JSON: it ends in the middle of a value'],
    ['[1, ]', 'syntax_invalid', 4, 'not valid JSON: a value belongs here'],
    ['{"a" 1}', 'syntax_invalid', 5, 'not valid JSON: `:` belongs here'],
    ['{a: 1}', 'syntax_invalid', 1, 'not valid JSON: a key in double quotes belongs here'],
    ['[1 2]', 'syntax_invalid', 3, 'not valid JSON: `,` or `]` belongs here'],
    ['[01]', 'syntax_invalid', 1, 'not valid JSON: a value belongs here'],
    ['{} {}', 'syntax_invalid', 3, 'not valid JSON: the end of the file belongs here'],
  ]
  for (const [text, code, offset, message] of faults) {
    test(`finds the fault in ${text}`, () => {
      const fault = faultOf(text)
      assert.deepEqual([fault?.code, fault?.offset, fault?.message], [code, offset, message])
    })
  }

  test('stops at the depth it names', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    assert.equal(faultOf(nested(MAX_DEPTH)), undefined)
    assert.equal(faultOf(nested(MAX_DEPTH + 1))?.code, 'nesting_too_deep')
    assert.equal(faultOf('['.repeat(1_000_000))?.code, 'nesting_too_deep')
  })

  test('is not misled by braces and colons inside texts', () => {
    assert.deepEqual(parseJson('{"a:{[": "}]:\\\\", "b\\"": ":"}'), { value: { 'a:{[': '}]:\\', 'b"': ':' } })
  })
})

suite('Places in JSON', () => {
  test('are visited in order, each once', () => {
    const paths: string[] = []
    walkJson('{"a": [1, {"b": 2}], "c": {}}', (path, offset) => paths.push(`${path.join('/')}@${offset}`))
    assert.deepEqual(paths, ['@0', 'a@6', 'a/0@7', 'a/1@10', 'a/1/b@16', 'c@26'])
  })

  test('have the lines that a reader counts', () => {
    const text = '{\n"a": [\n1,\n{"b/c": 2}]}'
    assert.equal(lineAt(text, text.indexOf('2')), 4)
    assert.deepEqual(
      linesOf(text, new Set(['', '/a', '/a/0', '/a/1/b~1c', '/gone'])),
      new Map([
        ['', 1],
        ['/a', 2],
        ['/a/0', 3],
        ['/a/1/b~1c', 4],
      ]),
    )
  })
})
