/**
 * Reads files of every known format into one inventory. Pure over bytes: where they come from is the caller's matter.
 * Errors of all files are gathered, so that a person sees them together.
 */
import type { Diagnostic, Inventory, Place, PlacedFact } from '#model/facts.ts'
import { instantOf } from '#model/inventory-dates.ts'
import { runImporter, type ImportDiagnostic, type Importer } from './importer.ts'
import { readNativeDocument, recognisesNative, type NativeHeader } from './native.ts'
import { decodedText, firstUndecodableLine, foreignBytes, NOT_UTF8 } from './read-bytes.ts'
import { lineAt, linesOf, parseJson } from './read-json.ts'
import { lineBlocks, type LineBlock } from './read-lines.ts'
import { ndjsonHeader, readNdjson } from './read-ndjson.ts'
import { parseYaml } from './read-yaml.ts'

/** One file to read: its name, for messages, and its bytes, at once or in pieces. */
export type InputFile =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> }

/** Thrown by the chunks of a file that cannot be read: the others still are. */
export class UnreadableFile extends Error {
  readonly problem: Diagnostic

  constructor(problem: Diagnostic) {
    super(problem.message)
    this.problem = problem
  }
}

/** Largest file read as one document. V8 holds texts of at most 2^29 - 24 characters (`buffer.constants`). */
const MAX_DOCUMENT_BYTES = 500_000_000

/** What one file, or one document of it, yielded. */
interface Reading {
  importer: string
  readonly facts: PlacedFact[]
  readonly diagnostics: Diagnostic[]
  readonly headers: { readonly header: NativeHeader; readonly place: Place }[]
}

/**
 * Reads every file and hands back all facts and everything that is wrong, in the order of the files. Never throws on
 * any content, and takes an {@link UnreadableFile} from the chunks for what is wrong with that file; what else they throw
 * passes through.
 *
 * @param importers  called at most once, and only if a file is not an Ambit inventory, since loading them takes time
 */
export async function readInventory(
  files: readonly InputFile[],
  importers: () => readonly Importer[] | Promise<readonly Importer[]>,
): Promise<Inventory> {
  let loaded: readonly Importer[] | undefined
  const foreign = async () => (loaded ??= await importers())
  const readings: { file: string; reading: Reading }[] = []
  for (const file of files) readings.push({ file: file.name, reading: await readOrTell(file, foreign) })

  const { header, diagnostics } = mergedHeader(readings.flatMap(({ reading }) => reading.headers))
  const facts: PlacedFact[] = []
  for (const { reading } of readings) for (const placed of reading.facts) facts.push(placed)
  return {
    ...header,
    sources: readings.map(({ file, reading }) => ({ file, importer: reading.importer, facts: reading.facts.length })),
    facts,
    diagnostics: [...readings.flatMap(({ reading }) => reading.diagnostics), ...diagnostics],
  }
}

/** Nothing of a file that could be read in part only: whoever mends it is not to believe the rest was all. */
async function readOrTell(file: InputFile, importers: () => Promise<readonly Importer[]>): Promise<Reading> {
  try {
    return await readFile(file, importers)
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    return { importer: 'none', facts: [], diagnostics: [error.problem], headers: [] }
  }
}

async function readFile(file: InputFile, importers: () => Promise<readonly Importer[]>): Promise<Reading> {
  const reading: Reading = { importer: 'none', facts: [], diagnostics: [], headers: [] }
  const blocks = lineBlocks('bytes' in file ? [file.bytes] : file.chunks)
  const first = await blocks.next()
  if (first.done) {
    reading.diagnostics.push({ ...EMPTY, place: { file: file.name } })
    return reading
  }
  const foreign = foreignBytes(first.value.bytes)
  if (foreign) {
    reading.diagnostics.push({ ...foreign, place: { file: file.name } })
    return reading
  }
  const header = ndjsonHeader(first.value)
  if (header) {
    reading.importer = 'ambit'
    reading.headers.push({
      header: await readNdjson({ file: file.name, header, first: first.value, rest: blocks }, reading),
      place: { file: file.name, line: header.line },
    })
    return reading
  }
  const bytes = await gathered(first.value, blocks)
  if (!bytes) reading.diagnostics.push({ ...TOO_LARGE, place: { file: file.name } })
  else await readDocuments(file.name, bytes, reading, importers)
  return reading
}

const EMPTY: ImportDiagnostic = {
  code: 'file_empty',
  level: 'error',
  message: 'the file is empty',
  remedy: 'leave it out, or export it again',
}

const TOO_LARGE: ImportDiagnostic = {
  code: 'file_too_large',
  level: 'error',
  message: 'the file is too large to be read as one document',
  remedy: 'write it as NDJSON: a header line `{"ambit":1}`, then one fact a line',
}

/** All bytes of a file, or undefined when they are more than one text may hold. */
async function gathered(first: LineBlock, rest: AsyncIterable<LineBlock>): Promise<Uint8Array | undefined> {
  const parts = [first.bytes]
  let length = first.bytes.length
  for await (const { bytes } of rest) {
    parts.push(bytes)
    length += bytes.length
    if (length > MAX_DOCUMENT_BYTES) return undefined
  }
  const all = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

/** One parsed document: its value, and the line of a JSON pointer where that is known at once (YAML). */
interface ParsedDocument {
  readonly root: unknown
  readonly lineOf?: (pointer: string) => number
}

async function readDocuments(
  file: string,
  bytes: Uint8Array,
  reading: Reading,
  importers: () => Promise<readonly Importer[]>,
): Promise<void> {
  const text = decodedText(bytes)
  const tell = (said: ImportDiagnostic, place: Omit<Place, 'file'>) =>
    reading.diagnostics.push({ ...said, place: { file, ...place } })
  if (text === undefined) {
    tell(NOT_UTF8, { line: firstUndecodableLine(bytes) })
    return
  }
  const documents: ParsedDocument[] = []
  const start = text.trimStart().charAt(0)
  if (start === '') tell(EMPTY, {})
  else if (start === '{' || start === '[') {
    const parsed = parseJson(text)
    if ('value' in parsed) documents.push({ root: parsed.value })
    else {
      const { code, message, remedy, offset, pointer } = parsed.fault
      const place = { line: lineAt(text, offset), ...(pointer !== undefined && { pointer }) }
      tell({ code, level: 'error', message, remedy }, place)
    }
  } else {
    const parsed = parseYaml(text)
    documents.push(...parsed.documents)
    for (const { line, ...said } of parsed.faults) tell(said, { line })
    if (documents.length + parsed.faults.length === 0) tell(EMPTY, {})
  }
  for (const document of documents) await readDocument(file, document, reading, importers)
  if (start === '{' || start === '[') addLines(text, reading.diagnostics)
}

async function readDocument(
  file: string,
  { root, lineOf }: ParsedDocument,
  reading: Reading,
  importers: () => Promise<readonly Importer[]>,
): Promise<void> {
  const placeOf = (pointer: string): Place => (lineOf ? { file, line: lineOf(pointer), pointer } : { file, pointer })
  const { facts, diagnostics, headers } = reading
  if (recognisesNative(root)) {
    const sink = {
      fact: (placed: PlacedFact) => void facts.push(placed),
      diagnostic: (diagnostic: Diagnostic) => void diagnostics.push(diagnostic),
    }
    headers.push({ header: readNativeDocument(root, placeOf, sink), place: placeOf('') })
    reading.importer = nameOf(reading.importer, 'ambit')
    return
  }
  const known = await importers()
  const importer = known.find((candidate) => candidate.recognises(root))
  if (!importer) {
    diagnostics.push({ ...unrecognised(known), place: placeOf('') })
    return
  }
  const result = runImporter(importer, root, { file })
  const placed = ({ pointer = '' }: Place) => placeOf(pointer)
  for (const fact of result.facts) facts.push(lineOf ? { ...fact, place: placed(fact.place) } : fact)
  for (const said of result.diagnostics) diagnostics.push({ ...said, place: placed(said.place ?? { file }) })
  reading.importer = nameOf(reading.importer, importer.source)
}

const nameOf = (before: string, source: string) =>
  before === 'none' || before === source ? source : `${before}, ${source}`

function unrecognised(importers: readonly Importer[]): ImportDiagnostic {
  const formats = ['Ambit inventory (`ambit: 1`)', ...importers.map(({ title, source }) => `${title} (${source})`)]
  return {
    code: 'file_unrecognised',
    level: 'error',
    message: 'the file is in no format that Ambit reads',
    remedy: `give one of: ${formats.join('; ')}; an inventory of your own begins with \`ambit: 1\``,
  }
}

/** Adds line numbers to the diagnostics of a JSON text, in one walk; its facts are placed by pointer alone. */
function addLines(text: string, diagnostics: Diagnostic[]): void {
  const pointers = new Set<string>()
  for (const { place } of diagnostics) {
    if (place?.line === undefined && place?.pointer !== undefined)
      for (const p of selfAndAbove(place.pointer)) pointers.add(p)
  }
  if (pointers.size === 0) return
  const lines = linesOf(text, pointers)
  for (const [index, diagnostic] of diagnostics.entries()) {
    const { place } = diagnostic
    if (place?.line !== undefined || place?.pointer === undefined) continue
    const line = selfAndAbove(place.pointer)
      .map((pointer) => lines.get(pointer))
      .find((found) => found !== undefined)
    if (line !== undefined) diagnostics[index] = { ...diagnostic, place: { ...place, line } }
  }
}

/** A pointer, then those of what is around it: a missing field has no line, the record that lacks it has. */
function selfAndAbove(pointer: string): string[] {
  const all = [pointer]
  for (let end = pointer.lastIndexOf('/'); end >= 0; end = pointer.lastIndexOf('/', end - 1)) {
    all.push(pointer.slice(0, end))
    if (end === 0) break
  }
  return all
}

/** One name and time for the whole: the first name, the latest time, and what the files disagree about. */
function mergedHeader(headers: Reading['headers']): {
  header: { name?: string; at?: string }
  diagnostics: Diagnostic[]
} {
  const diagnostics: Diagnostic[] = []
  const named = headers.filter(({ header }) => header.name !== undefined)
  const timed = headers.filter(({ header }) => header.at !== undefined)
  const name = named[0]?.header.name
  for (const { header, place } of named) {
    if (header.name === name) continue
    const message = `this file is called \`${header.name}\`, an earlier one \`${name}\`; the earlier name is used`
    diagnostics.push({ code: 'name_conflict', level: 'info', message, place, remedy: 'give the files one `name`' })
  }
  let at: string | undefined
  for (const { header } of timed) {
    if (at === undefined || (instantOf(header.at ?? '') ?? 0) > (instantOf(at) ?? 0)) at = header.at
  }
  for (const { header, place } of timed) {
    if (header.at === at) continue
    const message = `the facts of this file held at ${header.at}, those of another at ${at}; the later time is used for all`
    const remedy = 'export the sources at one time, or give the files one `at`'
    diagnostics.push({ code: 'time_conflict', level: 'warning', message, place, remedy })
  }
  return { header: { ...(name !== undefined && { name }), ...(at !== undefined && { at }) }, diagnostics }
}
