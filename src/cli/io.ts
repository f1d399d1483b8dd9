import { writeFile } from 'node:fs/promises'
import { AmbitError } from '#lib/errors.ts'
import type { Paint } from '#report/paint.ts'
import { paintOf, progressOn, widthOf, type Progress } from './terminal.ts'

/** What a command may do to the world; tests pass their own. */
export interface Io {
  /** results, on standard output */
  readonly write: (text: string) => void
  /** what is said beside results, on standard error */
  readonly error: (text: string) => void
  readonly writeFile: (path: string, text: string) => Promise<void>
  readonly progress: Progress
  readonly width: number
  readonly paint: Paint
}

/** The process's own streams and files. */
export function processIo(): Io {
  return {
    write: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    async writeFile(path, text) {
      await writeFile(path, text).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        throw new AmbitError('usage', `cannot write \`${path}\`: ${why}; name a file in a folder you may write to`)
      })
    },
    progress: progressOn(process.stderr, process.env),
    width: widthOf(process.stdout),
    paint: paintOf(process.stdout, process.env),
  }
}
