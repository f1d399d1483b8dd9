/**
 * Facts as they are kept: lines of JSON in pieces that are compressed one by one (Zstandard, RFC 8878), so that neither
 * writing nor reading holds all of it at once. The first line says what follows: all facts, or a change.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Delta } from '#analysis/live.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Inventory, PlacedFact } from '#model/facts.ts'

/** Characters of JSON in one piece. */
const PIECE = 1_000_000
/** Version of the lines. */
const FORMAT = 1

export function* encodeInventory({ facts, ...header }: Inventory): Generator<Uint8Array> {
  yield* pieces({ format: FORMAT, holds: 'facts', ...header }, facts)
}

export function* encodeDelta({ upsert = [], remove = [], at }: Delta): Generator<Uint8Array> {
  const lines = [...remove.map((gone) => ({ gone })), ...upsert]
  yield* pieces({ format: FORMAT, holds: 'change', ...(at === undefined ? {} : { at }) }, lines)
}

function* pieces(header: object, lines: readonly object[]): Generator<Uint8Array> {
  let text = `${JSON.stringify(header)}\n`
  for (const line of lines) {
    text += `${JSON.stringify(line)}\n`
    if (text.length < PIECE) continue
    yield compressed(text)
    text = ''
  }
  if (text !== '') yield compressed(text)
}

const compressed = (text: string): Uint8Array =>
  zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } })

/** @throws {AmbitError} `snapshot_invalid` where pieces are missing, changed or of another version */
export async function decodeInventory(body: AsyncIterable<Uint8Array>): Promise<Inventory> {
  const { header, lines } = await decoded(body, 'facts')
  const { name, at, sources, diagnostics } = header as unknown as Inventory
  return {
    ...(name === undefined ? {} : { name }),
    ...(at === undefined ? {} : { at }),
    sources,
    diagnostics,
    facts: lines as PlacedFact[],
  }
}

/** As {@link decodeInventory}. */
export async function decodeDelta(body: AsyncIterable<Uint8Array>): Promise<Delta> {
  const { header, lines } = await decoded(body, 'change')
  const { at } = header as unknown as Delta
  const upsert: PlacedFact[] = []
  const remove: NonNullable<Delta['remove']>[number][] = []
  for (const line of lines as (PlacedFact | { gone: (typeof remove)[number] })[]) {
    if ('gone' in line) remove.push(line.gone)
    else upsert.push(line)
  }
  return { upsert, remove, ...(at === undefined ? {} : { at }) }
}

async function decoded(
  body: AsyncIterable<Uint8Array>,
  holds: string,
): Promise<{ header: Readonly<Record<string, unknown>>; lines: readonly unknown[] }> {
  const lines: unknown[] = []
  try {
    for await (const piece of body) {
      const text = zstdDecompressSync(piece).toString('utf8')
      for (const line of text.split('\n')) if (line !== '') lines.push(JSON.parse(line))
      // others take their turn between two pieces
      await new Promise(setImmediate)
    }
  } catch (error) {
    throw invalid(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const [header, ...rest] = lines as [Readonly<Record<string, unknown>> | undefined, ...unknown[]]
  if (header?.['format'] !== FORMAT || header['holds'] !== holds) throw invalid('it was written by another version')
  return { header, lines: rest }
}

const invalid = (why: string) =>
  new AmbitError(
    'snapshot_invalid',
    `a snapshot in the store is damaged: ${why}; restore a backup, or send the inventory again`,
  )
