/** Text from outside made safe to show, and measured: names may carry terminal escapes, bidirectional overrides or nothing visible. */

/**
 * Characters that act on a terminal or on the direction of the text instead of being seen: C0 and C1 controls,
 * line and paragraph separators, zero-width and bidirectional controls (Unicode UAX #9 §2), tags, unpaired surrogates.
 */
const INVISIBLE =
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}]/gu

/** The text with every invisible or acting character written out, e.g. `\u{1b}`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** East Asian wide and full-width blocks (Unicode UAX #11), and emoji, take two columns. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}/u

/** Columns the text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += WIDE.test(segment) ? 2 : /^\p{M}/u.test(segment) ? 0 : 1
  return columns
}

/** The text cut to `width` columns; what is missing is marked with `…`. */
export function clipped(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  let kept = ''
  let columns = 0
  for (const { segment } of graphemes.segment(text)) {
    const next = columns + columnsOf(segment)
    if (next > width - 1) break
    kept += segment
    columns = next
  }
  return `${kept}…`
}

/** The text cut in its middle, so that both ends of a long id stay readable. */
export function clippedMiddle(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment)
  const head = clipped(text, Math.ceil(width / 2))
  let tail = ''
  for (let i = parts.length - 1; i >= 0; i--) {
    const longer = parts[i] + tail
    if (columnsOf(longer) > width - columnsOf(head)) break
    tail = longer
  }
  return head + tail
}

/** The text with spaces added up to `width` columns, on the right or, for numbers, on the left. */
export function padded(text: string, width: number, side: 'right' | 'left' = 'right'): string {
  const space = ' '.repeat(Math.max(0, width - columnsOf(text)))
  return side === 'right' ? text + space : space + text
}

/**
 * The text broken into lines of at most `width` columns, at spaces where possible.
 *
 * @returns at least one line; a word longer than a line is broken between graphemes
 */
export function wrapped(text: string, width: number): string[] {
  const room = Math.max(1, width)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (columnsOf(joined) <= room) {
      line = joined
      continue
    }
    if (line !== '') lines.push(line)
    line = ''
    for (const piece of brokenWord(word, room)) {
      if (line !== '') lines.push(line)
      line = piece
    }
  }
  lines.push(line)
  return lines
}

function brokenWord(word: string, width: number): string[] {
  if (columnsOf(word) <= width) return [word]
  const pieces: string[] = []
  let piece = ''
  for (const { segment } of graphemes.segment(word)) {
    if (piece !== '' && columnsOf(piece + segment) > width) {
      pieces.push(piece)
      piece = ''
    }
    piece += segment
  }
  return [...pieces, piece]
}
