/** Opens what was written to be verified: one JSON document, or one JSON object a line. */
import { open, type FileHandle } from 'node:fs/promises'
import { TextDecoder } from 'node:util'
import { AmbitError } from '#lib/errors.ts'
import { decodedText } from '#importers/read-bytes.ts'
import { parseJson } from '#importers/read-json.ts'
import { lineBlocks, linePieces } from '#importers/read-lines.ts'
import { refuseLine, type LinesCheck } from '#verify/check-lines.ts'

/** Bytes per piece read from disk. */
const CHUNK_BYTES = 262_144

/** Longest text: 2^29 - 24 characters (V8), none of which takes less than a byte. */
const LONGEST = 2 ** 29 - 24

/** Bytes in which a file of lines shows that it is one. */
const HEAD_BYTES = 64

type Chunks = AsyncIterable<Uint8Array>

/** A report as it lies open: read whole, or still to be read line by line. */
export type OpenReport =
  | { readonly form: 'document'; readonly value: unknown }
  | {
      readonly form: 'lines'
      /** gives every line to a check, in order; returns the number of the last */
      readonly giveTo: (check: Pick<LinesCheck, 'take'>) => Promise<number>
    }

/**
 * Opens the report at `path`, lets `use` work with it, and closes it.
 *
 * @throws {AmbitError} `input_unreadable` when it cannot be read or a document is too long, `report_invalid` when it is not JSON
 */
export async function withReport<T>(path: string, use: (report: OpenReport) => Promise<T>): Promise<T> {
  const file = await open(path).catch((error: unknown) => refuseFile(path, error))
  try {
    const { head, chunks } = await withHead(chunksOf(file, path))
    if (isOfLines(head)) return await use({ form: 'lines', giveTo: (check) => giveLines({ path, chunks }, check) })
    return await use({ form: 'document', value: parsed(path, await textOf(path, chunks)) })
  } finally {
    await file.close()
  }
}

/** Whether these are the first bytes of a line that says what it is; of a document no member is called `line`. */
const isOfLines = (head: Uint8Array): boolean => /^\uFEFF?\s*\{\s*"line"\s*:/.test(new TextDecoder().decode(head))

async function* chunksOf(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES)
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES).catch((error: unknown) => refuseFile(path, error))
    if (bytesRead === 0) return
    yield chunk.subarray(0, bytesRead)
  }
}

/** The first bytes, and all chunks with them: a pipe is read only once. */
async function withHead(chunks: AsyncGenerator<Uint8Array>): Promise<{ head: Uint8Array; chunks: Chunks }> {
  const first: Uint8Array[] = []
  let length = 0
  while (length < HEAD_BYTES) {
    const next = await chunks.next()
    if (next.done === true) break
    first.push(next.value)
    length += next.value.length
  }
  const all = async function* () {
    yield* first.splice(0)
    yield* chunks
  }
  return { head: Buffer.concat(first).subarray(0, HEAD_BYTES), chunks: all() }
}

/**
 * The text of a document.
 *
 * @param longest  characters that it may have
 */
export async function textOf(path: string, chunks: Chunks, longest = LONGEST): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for await (const chunk of chunks) {
    const more = decodedBy(decoder, chunk) ?? refuseBytes(path)
    if (text.length + more.length > longest) {
      const message = `the report \`${path}\` is longer than can be read as one JSON document, 512 MB; write it with \`ambit analyze --format ndjson\`, which is checked line by line`
      throw new AmbitError('input_unreadable', message, { path })
    }
    text += more
  }
  return text + (decodedBy(decoder) ?? refuseBytes(path))
}

/** The text of the next bytes, or what the last ones left; undefined when they are not UTF-8. */
function decodedBy(decoder: TextDecoder, bytes?: Uint8Array): string | undefined {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

function refuseBytes(path: string): never {
  throw new AmbitError('report_invalid', `the report \`${path}\` is not UTF-8 text; write it again`, { path })
}

function parsed(path: string, text: string): unknown {
  const outcome = parseJson(text)
  if ('value' in outcome) return outcome.value
  const { message, offset } = outcome.fault
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  const why = `${message}, line ${line} column ${offset - before.lastIndexOf('\n')}`
  throw new AmbitError(
    'report_invalid',
    `\`${path}\` is not JSON (${why}); write it with \`ambit analyze --format json\``,
    { path, line },
  )
}

/** @param longest  bytes that a line may have */
export async function giveLines(
  { path, chunks }: { readonly path: string; readonly chunks: Chunks },
  check: Pick<LinesCheck, 'take'>,
  longest = LONGEST,
): Promise<number> {
  let line = 0
  for await (const block of lineBlocks(bounded({ path, chunks }, longest))) {
    for (const piece of linePieces(block)) {
      for (let from = 0; from < piece.length;) {
        const found = piece.indexOf(0x0a, from)
        const end = found < 0 ? piece.length : found
        line++
        takeLine({ path, line, isCutOff: found < 0 }, piece.subarray(from, end), check)
        from = end + 1
      }
    }
  }
  return line
}

function takeLine(
  { path, line, isCutOff }: { readonly path: string; readonly line: number; readonly isCutOff: boolean },
  bytes: Uint8Array,
  check: Pick<LinesCheck, 'take'>,
): void {
  const refuse = (why: string): never => refuseLine({ file: path, line, why })
  const text = decodedText(bytes) ?? refuse('the bytes of this line are not UTF-8')
  if (text.trim() === '') return
  const outcome = parseJson(text)
  if ('value' in outcome) return check.take(outcome.value, line)
  const { message, offset } = outcome.fault
  refuse(`${message} (column ${offset + 1})${isCutOff ? '; the file was probably cut off' : ''}`)
}

/** The same chunks, as long as no line is longer than may be. */
async function* bounded(
  { path, chunks }: { path: string; chunks: Chunks },
  longest: number,
): AsyncGenerator<Uint8Array> {
  let line = 1
  let length = 0
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(0x0a) + 1
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) line++
    length = end > 0 ? chunk.length - end : length + chunk.length
    if (length > longest) refuseLine({ file: path, line, why: `the line is longer than ${longest} bytes` })
    yield chunk
  }
}

function refuseFile(path: string, error: unknown): never {
  const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  throw new AmbitError('input_unreadable', `cannot read the report \`${path}\` (${why}); check the path`, { path })
}
