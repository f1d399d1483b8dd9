/** Colour, as the renderings ask for it; `cli/terminal.ts` decides whether there is any. */
export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan'

/** Returns the text in a style. Never changes the text itself, so widths are measured before painting. */
export type Paint = (style: Style, text: string) => string

/** No colour at all. */
export const unpainted: Paint = (_, text) => text

/** What a terminal rendering needs to know: columns, and how to paint (absent: not at all). */
export interface Terminal {
  readonly width: number
  readonly colour?: Paint
}

/** Styles of verdicts and severities; words and marks say the same without them. */
export const STYLE_OF: Readonly<Record<string, Style>> = {
  unfit: 'red',
  unknown: 'yellow',
  excepted: 'yellow',
  fit_with_controls: 'cyan',
  fit: 'green',
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
}
