/** Files that are not what they claim to be: each gets an error that names the place and what to do, and no exception. */
import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { suite, test } from 'node:test'
import { bytesOf, checked, lines } from './reading.ts'

const YAML = 'ambit: 1\nat: 2026-01-01\n'
const NDJSON = '{"ambit":1,"at":"2026-01-01"}\n'
const ADA = '{"fact":"account","id":"a:1","kind":"human"}\n'

const utf16 = (text: string, order: 'little' | 'big'): Uint8Array => {
  const view = new DataView(new ArrayBuffer(text.length * 2))
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), order === 'little')
  return new Uint8Array(view.buffer)
}
const around = (before: string, bytes: readonly number[], after: string) =>
  Uint8Array.of(...bytesOf(before), ...bytes, ...bytesOf(after))

/** What is given, the file, and the errors that are told: all of them, each in full where it matters. */
const CASES: readonly (readonly [
  title: string,
  file: string,
  content: string | Uint8Array,
  errors: readonly RegExp[],
])[] = [
  [
    'JSON cut off inside a text',
    'a.json',
    '{"ambit": 1,\n "accounts": [\n  {"id": "a:1", "ki',
    [/^syntax_invalid a\.json:3 .*ends in the middle of a value; it was probably cut off; export it again$/],
  ],
  [
    'JSON cut off between values',
    'a.json',
    '{"ambit": 1,\n "accounts": [\n  {"id": "a:1"}',
    [/^syntax_invalid a\.json:3 .*it was probably cut off/],
  ],
  ['JSON with something after its end', 'a.json', '{"ambit":1,"accounts":[]}\n}', [/^syntax_invalid a\.json:2 /]],
  [
    'JSON with a word that is no value',
    'a.json',
    '{"ambit":1,\n"accounts":NaN}',
    [/^syntax_invalid a\.json:2 .*a value/],
  ],
  [
    'JSON with a key twice',
    'a.json',
    '{"ambit":1,"accounts":[],\n"accounts":[]}',
    [/^key_repeated a\.json:2 \/accounts .*one of the two would be lost; merge the two/],
  ],
  [
    'JSON with a raw NUL byte in a text',
    'a.json',
    '{"ambit":1,\n"name":"a\0b"}',
    [/^syntax_invalid a\.json:2 .*; write it as/],
  ],
  [
    'YAML cut off inside a mapping',
    'a.yaml',
    `${YAML}accounts:\n  - {id: a:1, kind: hum`,
    [/^syntax_invalid a\.yaml:4 /],
  ],
  ['YAML cut off inside quotes', 'a.yaml', `${YAML}accounts:\n  - id: "a:1`, [/^syntax_invalid a\.yaml:4 .*quote/]],
  ['YAML indented with a tab', 'a.yaml', `${YAML}accounts:\n\t- {id: a:1}\n`, [/^syntax_invalid a\.yaml:4 .*tabs/]],
  ['YAML with a key twice', 'a.yaml', `${YAML}name: a\nname: b\n`, [/^key_repeated a\.yaml:4 /]],
  [
    'YAML 1.1, where `no` is false',
    'a.yaml',
    '%YAML 1.1\n---\nambit: 1\n',
    [/^syntax_invalid a\.yaml:1 .*remove the `%YAML` line/],
  ],
  [
    'YAML with a tag that makes code',
    'a.yaml',
    `${YAML}name: !!js/function "x"\n`,
    [/^tag_unknown a\.yaml:3 .*; remove the tag/],
  ],
  ['YAML with an alias of nothing', 'a.yaml', `${YAML}accounts: *x\n`, [/^alias_invalid a\.yaml:3 .*names no anchor/]],
  [
    'YAML with an alias of itself',
    'a.yaml',
    `${YAML}accounts: &x [*x]\n`,
    [/^alias_invalid a\.yaml:3 .*inside its own anchor/],
  ],
  [
    'YAML that merges what is no mapping',
    'a.yaml',
    `${YAML}groups:\n  - {id: g, <<: 1}\n`,
    [/^merge_invalid a\.yaml:4 .*; write the alias/],
  ],
  [
    'NDJSON cut off inside a line',
    'a.ndjson',
    `${NDJSON}${ADA}{"fact":"acc`,
    [/^syntax_invalid a\.ndjson:3 .*\(column 9\); it was probably cut off/],
  ],
  [
    'NDJSON cut off between lines',
    'a.ndjson',
    `{"ambit":1,"facts":3}\n${ADA}`,
    [/^facts_missing a\.ndjson:1 .*announces 3 facts, and 1 follow; the file was probably cut off/],
  ],
  ['NDJSON with two facts in a line', 'a.ndjson', `${NDJSON}${ADA.trim()}${ADA}`, [/^syntax_invalid a\.ndjson:2 /]],
  ['an empty file', 'a.yaml', '', [/^file_empty a\.yaml the file is empty; leave it out/]],
  ['a file of blanks', 'a.yaml', ' \n\n', [/^file_empty a\.yaml /]],
  ['a file of comments', 'a.yaml', '# later\n', [/^file_empty a\.yaml /]],
  ['a mere text', 'a.yaml', 'hello\n', [/^file_unrecognised a\.yaml:1 .*give one of: .*`ambit: 1`/]],
  ['a table', 'a.csv', 'id,name\n1,ada\n', [/^file_unrecognised a\.csv:1 /]],
  ['a web page', 'a.html', '<!doctype html>\n<html></html>', [/^file_unrecognised a\.html:1 /]],
  ['a JSON null', 'a.json', 'null', [/^file_unrecognised a\.json:1 /]],
  ['a list instead of a document', 'a.json', '[1, 2]', [/^file_unrecognised a\.json:1 /]],
  ['another version', 'a.yaml', 'ambit: 2\n', [/^version_unsupported a\.yaml:1 \/ambit .*`2`.*; write `ambit: 1`$/]],
  [
    'UTF-16 with a mark',
    'a.yaml',
    utf16(`\uFEFF${YAML}`, 'little'),
    [/^encoding_unsupported a\.yaml .*UTF-16.*; save it as UTF-8$/],
  ],
  ['UTF-16, the other way round', 'a.yaml', utf16(`\uFEFF${YAML}`, 'big'), [/^encoding_unsupported a\.yaml .*UTF-16/]],
  ['UTF-16 without a mark', 'a.yaml', utf16(YAML, 'little'), [/^encoding_unsupported a\.yaml .*UTF-16/]],
  [
    'YAML that is not UTF-8',
    'a.yaml',
    around(`${YAML}name: "`, [0xc3, 0x28], '"\n'),
    [/^encoding_invalid a\.yaml:3 .*; save the file as UTF-8/],
  ],
  [
    'NDJSON that is not UTF-8',
    'a.ndjson',
    around(`${NDJSON}${ADA}{"id":"`, [0xff], '"}\n'),
    [/^encoding_invalid a\.ndjson:3 /],
  ],
  [
    'a file packed with gzip',
    'a.json',
    new Uint8Array(gzipSync('{"ambit":1}')),
    [/^encoding_unsupported a\.json .*gzip; unpack it first/],
  ],
  [
    'a zip archive',
    'a.zip',
    Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0),
    [/^encoding_unsupported a\.zip .*zip archive; unpack it first/],
  ],
  ['a PDF document', 'a.pdf', bytesOf('%PDF-1.7\n'), [/^encoding_unsupported a\.pdf .*PDF/]],
]

suite('A broken file', () => {
  for (const [title, file, content, errors] of CASES) {
    test(`${title}: the error names the place and a remedy`, async () => {
      const told = lines(await checked({ [file]: content }), 'error')
      assert.equal(told.length, errors.length, told.join('\n'))
      for (const [index, error] of errors.entries()) assert.match(told[index] ?? '', error)
    })
  }

  test('two files with two errors each tell all four, in the order of the files', async () => {
    const told = lines(
      await checked({
        'b.yaml': `${YAML}accounts:\n  - {id: a:1, kind: robot}\n  - {kind: human}\n`,
        'a.json': '{"ambit":1,\n"accounts":[\n{"id":"a:3","kind":"human","nmae":"x"},\n{"id":7,"kind":"human"}]}',
      }),
      'error',
    )
    assert.deepEqual(
      told.map((each) => each.split(' ').slice(0, 3).join(' ')),
      [
        'fact_invalid b.yaml:4 /accounts/0/kind',
        'fact_invalid b.yaml:5 /accounts/1',
        'fact_invalid a.json:3 /accounts/0/nmae',
        'fact_invalid a.json:4 /accounts/1/id',
      ],
    )
  })
})

suite('What only looks broken', () => {
  const accepted: readonly (readonly [title: string, file: string, content: string, facts: number])[] = [
    ['a byte order mark before YAML', 'a.yaml', `\uFEFF${YAML}accounts: [{id: a:1, kind: human}]`, 1],
    ['a byte order mark before JSON', 'a.json', '\uFEFF{"ambit":1,"at":"2026-01-01","groups":[{"id":"g"}]}', 1],
    ['a byte order mark before NDJSON', 'a.ndjson', `\uFEFF${NDJSON}${ADA}`, 1],
    [
      'line ends of Windows in YAML',
      'a.yaml',
      `${YAML}groups:\n  - {id: g}\n  - {id: h}\n`.replaceAll('\n', '\r\n'),
      2,
    ],
    ['line ends of Windows in NDJSON', 'a.ndjson', (NDJSON + ADA).replaceAll('\n', '\r\n'), 1],
    ['blank lines in NDJSON', 'a.ndjson', `\n${NDJSON}\n \t \n${ADA}\n\n`, 1],
    ['NDJSON without a last line feed', 'a.ndjson', NDJSON + ADA.trim(), 1],
    [
      'a header that announces exactly what follows',
      'a.ndjson',
      `{"ambit":1,"at":"2026-01-01","facts":1}\n\n${ADA}`,
      1,
    ],
    ['a document without facts', 'a.yaml', YAML, 0],
    ['an ending that belies the content', 'a.json', `${YAML}groups: [{id: g}]\n`, 1],
  ]
  for (const [title, file, content, facts] of accepted) {
    test(`${title} is read without a word`, async () => {
      const result = await checked({ [file]: content })
      assert.deepEqual(result.diagnostics, [])
      assert.equal(result.facts.length, facts)
    })
  }

  test('blank lines and Windows line ends do not shift the line of an error', async () => {
    const told = lines(await checked({ 'a.ndjson': `${NDJSON}\r\n\n{"fact":"group","id":"g","x":1}\r\n` }), 'error')
    assert.match(told.join('\n'), /^fact_invalid a\.ndjson:4 \/x group `g`: unknown field `x`/)
  })
})
