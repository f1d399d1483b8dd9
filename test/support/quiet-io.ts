import type { Io } from '#cli/io.ts'
import { unpainted } from '#report/paint.ts'

/** What a command wrote: standard output, standard error, and files. */
export interface Written {
  out: string
  err: string
  readonly files: Map<string, string>
}

/** An {@link Io} that keeps what is written in `written` and shows nothing. */
export function quietIo(written: Written = { out: '', err: '', files: new Map() }): Io {
  return {
    write: (text) => void (written.out += text),
    error: (text) => void (written.err += text),
    writeAll: async (pieces) => {
      for (const piece of pieces) written.out += piece
    },
    writeFile: async (path, text) => void written.files.set(path, typeof text === 'string' ? text : [...text].join('')),
    progress: { show: () => {}, done: () => {} },
    width: 80,
    paint: unpainted,
  }
}
