/** Cuts pieces of a file at line ends, so that no line and no character is torn. */

/** Whole lines of a file, with their line feeds; only the last block may end without one. */
export interface LineBlock {
  readonly bytes: Uint8Array
}

/**
 * Blocks of whole lines, about as long as the pieces that come in. A line longer than a piece is joined once, when its
 * end is found. Yields nothing for an empty file.
 */
export async function* lineBlocks(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<LineBlock, void, undefined> {
  let pieces: Uint8Array[] = []
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(0x0a) + 1
    if (end > 0) {
      pieces.push(chunk.subarray(0, end))
      yield { bytes: joined(pieces) }
      pieces = []
    }
    // copied, because whoever reads the file may fill the same buffer again
    if (end < chunk.length) pieces.push(chunk.slice(end))
  }
  if (pieces.length > 0) yield { bytes: joined(pieces) }
}

/**
 * Bytes per text that is decoded at once. V8 makes texts of up to 128 KiB where its youngest objects live; a longer one
 * is allocated apart, which was measured to take forty times as long.
 */
const PIECE_BYTES = 65_536

/** A block in pieces of whole lines, of about {@link PIECE_BYTES} or of one longer line. */
export function* linePieces({ bytes }: LineBlock): Generator<Uint8Array, void, undefined> {
  for (let from = 0; from < bytes.length;) {
    let end = bytes.length
    if (end - from > PIECE_BYTES) {
      const before = bytes.lastIndexOf(0x0a, from + PIECE_BYTES - 1)
      const found = before < from ? bytes.indexOf(0x0a, from + PIECE_BYTES) : before
      if (found >= 0) end = found + 1
    }
    yield bytes.subarray(from, end)
    from = end
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  if (only && pieces.length === 1) return only
  let length = 0
  for (const piece of pieces) length += piece.length
  const all = new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    all.set(piece, offset)
    offset += piece.length
  }
  return all
}
