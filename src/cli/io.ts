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
        const why = error instanceof Error ? error.message : String(error)
        throw new AmbitError('usage', `cannot write \`${path}\`: ${why}; name a file in a folder you may write to`)
      }
    },
    progress: progressOn(screenOf(process.stderr, process.env), process.env),
    width: widthOf(process.stdout),
    paint: paintOf(process.stdout, process.env),
  }
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
