/** What the command line knows of its terminal: how wide it is, whether it has colour, and a line that shows progress. */
import { styleText } from 'node:util'
import type { Paint } from '#report/paint.ts'

/** The part of a stream that matters here; `process.stdout` and `process.stderr` have it. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Columns where the terminal does not say, as in pipes and files. */
const USUAL_WIDTH = 80
/** Longer lines are hard to read, whatever the terminal has room for. */
const WIDEST = 120

/** The screen behind a stream: `bin/memory.js` reads standard error in between, and says how wide the terminal behind it is. */
export function screenOf(stream: Screen, env: Environment): Screen {
  const columns = Number(env['AMBIT_TERMINAL_COLUMNS'] ?? 0)
  if (stream.isTTY === true || !(columns > 0)) return stream
  return { isTTY: true, columns, write: (text) => stream.write(text) }
}

/** Columns to write in, between 40 and {@link WIDEST}. */
export function widthOf(screen: Screen): number {
  const columns = screen.columns ?? 0
  return columns > 0 ? Math.min(WIDEST, Math.max(40, columns)) : USUAL_WIDTH
}

/**
 * Whether to use colour: only on a terminal that has it. `NO_COLOR`, set to anything but nothing, turns it off
 * (no-color.org); `FORCE_COLOR`, set to anything but `0`, turns it on where there is no terminal.
 */
export function hasColour(screen: Screen, env: Environment): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return screen.isTTY === true && env['TERM'] !== 'dumb'
}

/** How to paint on this screen; changes nothing where there is no colour. */
export function paintOf(screen: Screen, env: Environment): Paint {
  if (!hasColour(screen, env)) return (_, text) => text
  return (style, text) => styleText(style, text, { validateStream: false })
}

export interface Progress {
  /** shows what is being done, in place of what was shown before */
  readonly show: (text: string) => void
  /** clears the line; nothing of the progress stays on the screen */
  readonly done: () => void
}

/** A line of progress on a terminal; nothing at all anywhere else, so that logs and pipes stay clean. */
export function progressOn(screen: Screen, env: Environment = {}): Progress {
  if (screen.isTTY !== true || env['TERM'] === 'dumb') return { show: () => {}, done: () => {} }
  const clear = '\r\u001b[2K'
  return {
    // cut by code points, which may differ from columns only for names, and those are not shown here
    show: (text) => void screen.write(`${clear}${[...text].slice(0, widthOf(screen) - 1).join('')}`),
    done: () => void screen.write(clear),
  }
}
