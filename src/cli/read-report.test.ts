import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { AmbitError } from '#lib/errors.ts'
import { giveLines, textOf } from './read-report.ts'

async function* bytesOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

/** Every line that is given of a text which arrives in pieces of `size` bytes, with its number. */
async function given(text: string, size: number, longest?: number): Promise<unknown[]> {
  const lines: unknown[] = []
  const take = (value: unknown, line: number) => void lines.push([line, value])
  const last = await giveLines({ path: 'r.ndjson', chunks: bytesOf(text, size) }, { take }, longest)
  return [...lines, last]
}

const refusal = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof AmbitError && error.code === code && message.test(error.message)

suite('a report that is read', () => {
  test('line by line is given the same, wherever it is cut into pieces', async () => {
    const text = '{"line":"größe"}\r\n\n[1]\n2'
    for (let size = 1; size <= text.length + 2; size++)
      assert.deepEqual(await given(text, size), [[1, { line: 'größe' }], [3, [1]], [4, 2], 4])
  })
  test('line by line names the line that is no JSON, has a member twice, or is cut off', async () => {
    await assert.rejects(given('1\n{,}\n', 3), refusal('report_invalid', /^r\.ndjson:2: (?!.*cut off).*column 2/))
    await assert.rejects(given('{"a":1,"a":2}\n', 3), refusal('report_invalid', /^r\.ndjson:1: .*a/))
    await assert.rejects(given('1\n{"a', 3), refusal('report_invalid', /^r\.ndjson:2: .*probably cut off/))
  })
  test('line by line names the line whose bytes are not UTF-8', async () => {
    const chunks = (async function* () {
      yield Buffer.from('1\n2\n"\u00e4"\n', 'latin1')
    })()
    const reading = giveLines({ path: 'r.ndjson', chunks }, { take() {} })
    await assert.rejects(reading, refusal('report_invalid', /^r\.ndjson:3: .*UTF-8/))
  })
  test('line by line may be of any length, but for its lines', async () => {
    assert.equal((await given('"1234"\n'.repeat(1000), 4, 10)).length, 1001)
    await assert.rejects(
      given(`1\n"${'2'.repeat(20)}"\n`, 4, 10),
      refusal('report_invalid', /^r\.ndjson:2: the line is longer than 10 bytes/),
    )
  })
  test('as one document may be as long as a text, and is pointed to the form in lines beyond', async () => {
    assert.equal(await textOf('r.json', bytesOf('"größe"', 1), 7), '"größe"')
    await assert.rejects(textOf('r.json', bytesOf('12345678', 3), 7), refusal('input_unreadable', /--format ndjson/))
  })
  test('as one document that is not UTF-8 is refused', async () => {
    const chunks = (async function* () {
      yield Buffer.from('"\u00e4"', 'latin1')
    })()
    await assert.rejects(textOf('r.json', chunks), refusal('report_invalid', /not UTF-8/))
  })
})
