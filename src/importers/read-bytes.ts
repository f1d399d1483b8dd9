/** From bytes to text: the mistakes that are made before anything is parsed, each told by its own name. */
import type { ImportDiagnostic } from './importer.ts'

/** First bytes of things that are given by mistake, and what to do about each. */
const MAGIC: readonly { readonly bytes: readonly number[]; readonly what: string; readonly remedy: string }[] = [
  { bytes: [0x1f, 0x8b], what: 'compressed with gzip', remedy: 'unpack it first: `gunzip FILE`' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a zip archive', remedy: 'unpack it first, and give the folder' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'compressed with zstd', remedy: 'unpack it first: `zstd -d FILE`' },
  { bytes: [0x42, 0x5a, 0x68], what: 'compressed with bzip2', remedy: 'unpack it first: `bunzip2 FILE`' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'compressed with xz', remedy: 'unpack it first: `unxz FILE`' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'a PDF document', remedy: 'give the exported data itself' },
  { bytes: [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], what: 'an SQLite database', remedy: 'give an export of its contents' },
  { bytes: [0xff, 0xfe], what: 'UTF-16 text', remedy: 'save it as UTF-8' },
  { bytes: [0xfe, 0xff], what: 'UTF-16 text', remedy: 'save it as UTF-8' },
]

/** What the first bytes of a file betray, or undefined when they may be UTF-8 text. */
export function foreignBytes(head: Uint8Array): ImportDiagnostic | undefined {
  for (const { bytes, what, remedy } of MAGIC) {
    if (bytes.every((byte, i) => head[i] === byte)) {
      return { code: 'encoding_unsupported', level: 'error', message: `the file is ${what}`, remedy }
    }
  }
  // ASCII characters in UTF-16 without a mark: every other byte is zero
  if (head.length >= 4 && ((head[0] === 0 && head[2] === 0) || (head[1] === 0 && head[3] === 0))) {
    const message = 'the file is UTF-16 text, or not text at all'
    return { code: 'encoding_unsupported', level: 'error', message, remedy: 'save it as UTF-8' }
  }
  return undefined
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** The text of UTF-8 bytes, without a byte order mark; undefined when they are not UTF-8. */
export function decodedText(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Line, from 1, of the first line that is not UTF-8; 0 when all are. A line feed is never part of another character. */
export function firstUndecodableLine(bytes: Uint8Array): number {
  let line = 1
  for (let from = 0; from <= bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from)
    if (decodedText(bytes.subarray(from, end < 0 ? bytes.length : end)) === undefined) return line
    if (end < 0) break
    from = end + 1
  }
  return 0
}

/** Said of bytes that are not UTF-8. */
export const NOT_UTF8: ImportDiagnostic = {
  code: 'encoding_invalid',
  level: 'error',
  message: 'the bytes of this line are not UTF-8',
  remedy: 'save the file as UTF-8, or export it again',
}
