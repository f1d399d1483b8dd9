/** Ambit's NDJSON: a header line, then one fact a line, read as it arrives. The form for inventories of any size. */
import type { Diagnostic, Place, PlacedFact } from '#model/facts.ts'
import { isNativeHeader, nativeReader, type NativeHeader } from './native.ts'
import { decodedText, firstUndecodableLine, NOT_UTF8 } from './read-bytes.ts'
import { parseJson, parseJsonLines } from './read-json.ts'
import { linePieces, type LineBlock } from './read-lines.ts'

/** A header found at the start of a file. */
export interface FoundHeader {
  readonly root: Readonly<Record<string, unknown>>
  /** line of the header, from 1; blank lines may stand before it */
  readonly line: number
}

/** Longest header line, in characters; a longer first line is a whole document, which is not parsed here to find out. */
const MAX_HEADER_LENGTH = 65_536

/** The header, when the first line that is not blank is one; undefined when the file is something else. */
export function ndjsonHeader({ bytes }: LineBlock): FoundHeader | undefined {
  let line = 0
  for (let from = 0; from < bytes.length;) {
    line++
    const found = bytes.indexOf(0x0a, from)
    const end = found < 0 ? bytes.length : found
    const text = decodedText(bytes.subarray(from, end))?.trim()
    if (text === undefined || (text !== '' && !text.startsWith('{'))) return undefined
    if (text !== '') {
      if (text.length > MAX_HEADER_LENGTH) return undefined
      const parsed = parseJson(text)
      return 'value' in parsed && isNativeHeader(parsed.value) ? { root: parsed.value, line } : undefined
    }
    from = end + 1
  }
  return undefined
}

interface NdjsonFile {
  readonly file: string
  readonly header: FoundHeader
  readonly first: LineBlock
  readonly rest: AsyncIterable<LineBlock>
}

/** Reads all fact lines into `target` and returns the header. Every line becomes facts or a diagnostic. */
export async function readNdjson(
  { file, header, first, rest }: NdjsonFile,
  target: { readonly facts: PlacedFact[]; readonly diagnostics: Diagnostic[] },
): Promise<NativeHeader> {
  const sink = {
    fact: (placed: PlacedFact) => void target.facts.push(placed),
    diagnostic: (diagnostic: Diagnostic) => void target.diagnostics.push(diagnostic),
  }
  const reader = nativeReader(header.root, () => ({ file, line: header.line }), sink)
  for (const field of Object.keys(header.root)) {
    if (HEADER_FIELDS.has(field)) continue
    const message = `unknown field \`${field.slice(0, 60)}\` in the header line`
    const remedy = 'the header holds `ambit`, `name`, `at`, `defaults` and `facts`'
    sink.diagnostic({ code: 'field_unknown', level: 'error', message, place: { file, line: header.line }, remedy })
  }
  let line = 0
  let records = 0
  const placeOf = (pointer: string): Place => (pointer === '' ? { file, line } : { file, line, pointer })
  const takeLine = (text: string) => {
    line++
    if (line <= header.line || isBlank(text)) return
    records++
    const parsed = parseJson(text)
    if ('fault' in parsed) {
      const { code, message, remedy, offset } = parsed.fault
      const said = `${message} (column ${offset + 1})`
      sink.diagnostic({ code, level: 'error', message: said, place: placeOf(''), remedy })
    } else reader.take(parsed.value, '', placeOf)
  }
  const takeValue = (value: unknown) => {
    line++
    if (line <= header.line) return
    records++
    reader.take(value, '', placeOf)
  }
  const takeLines = (text: string) => {
    for (let from = 0; from < text.length;) {
      const found = text.indexOf('\n', from)
      const end = found < 0 ? text.length : found
      takeLine(text.slice(from, end))
      from = end + 1
    }
  }
  const takeBlock = (block: LineBlock): boolean => {
    for (const piece of linePieces(block)) {
      const text = decodedText(piece)
      if (text === undefined) {
        const place = { file, line: line + firstUndecodableLine(piece) }
        sink.diagnostic({ ...NOT_UTF8, place })
        return false
      }
      const values = parseJsonLines(piece, text)
      if (values) for (const value of values) takeValue(value)
      else takeLines(text)
    }
    return true
  }
  let decodable = takeBlock(first)
  if (decodable) {
    for await (const block of rest) {
      decodable = takeBlock(block)
      if (!decodable) break
    }
  }
  const expected = reader.header.facts
  if (decodable && expected !== undefined && expected !== records) {
    const message = `the header announces ${expected} facts, and ${records} follow`
    const remedy = 'the file was probably cut off; export it again'
    sink.diagnostic({ code: 'facts_missing', level: 'error', message, place: { file, line: header.line }, remedy })
  }
  return reader.header
}

const HEADER_FIELDS = new Set(['ambit', 'name', 'at', 'defaults', 'facts'])

function isBlank(text: string): boolean {
  const c = text.charCodeAt(0)
  return (Number.isNaN(c) || c <= 0x20) && text.trim() === ''
}
