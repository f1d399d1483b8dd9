import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { AmbitError } from '#lib/errors.ts'
import type { Paint } from '#report/paint.ts'
import { paintOf, progressOn, screenOf, widthOf, type Progress } from './terminal.ts'

/** What a command may do to the world; tests pass their own. */
export interface Io {
  /** results, on standard output */
  readonly write: (text: string) => void
  /** what is said beside results, on standard error */
  readonly error: (text: string) => void
  /** results that may be longer than one text, on standard output */
  readonly writeAll: (pieces: Iterable<string>) => Promise<void>
  readonly writeFile: (path: string, text: string | Iterable<string>) => Promise<void>
  readonly progress: Progress
  readonly width: number
  readonly paint: Paint
}

/** The process's own streams and files. */
export function processIo(): Io {
  return {
    write: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    writeAll: (pieces) => send(process.stdout, pieces),
    async writeFile(path, text) {
      try {
        const file = createWriteStream(path)
        const written = finished(file)
        await Promise.race([send(file, typeof text === 'string' ? [text] : text), written])
        file.end()
        await written
      } catch (error) {
        throw unwritable(path, error)
      }
    },
    progress: progressOn(screenOf(process.stderr, process.env), process.env),
    width: widthOf(process.stdout),
    paint: paintOf(process.stdout, process.env),
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist; make the folder, or name another',
  ENOTDIR: 'what should be its folder is a file; name another',
  EISDIR: 'it is a folder; name a file in it',
  EACCES: 'it may not be written; check its permissions and those of its folder, or name another file',
  EPERM: 'it may not be written; check its permissions and those of its folder, or name another file',
  EROFS: 'it lies on a disk that may only be read; name a file elsewhere',
  ENOSPC: 'the disk is full, and what was written is not complete; make room, or name a file elsewhere',
  EDQUOT: 'your share of the disk is full, and what was written is not complete; make room, or name a file elsewhere',
}

/** Why a file cannot be written; what went wrong in making its text stays what it is. */
function unwritable(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error && 'code' in error)) return error
  if (path === '') return new AmbitError('output_unwritable', 'the name of the file to write is empty; name one')
  const code = String(error.code)
  const why = REASONS[code] ?? `the system says ${code}, and what was written is not complete; name a file elsewhere`
  return new AmbitError('output_unwritable', `cannot write \`${path}\`: ${why}`, { path })
}

/** Characters that are put together before they are written. */
const BATCH = 1_000_000

/** Writes pieces as fast as the stream takes them, so that no more than a batch is held. */
async function send(stream: NodeJS.WritableStream, pieces: Iterable<string>): Promise<void> {
  let batch: string[] = []
  let length = 0
  const flush = async (): Promise<void> => {
    const text = batch.join('')
    batch = []
    length = 0
    if (text !== '' && !stream.write(text)) await once(stream, 'drain')
  }
  for (const piece of pieces) {
    batch.push(piece)
    length += piece.length
    if (length >= BATCH) await flush()
  }
  await flush()
}
