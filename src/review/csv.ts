/** Comma-separated values as spreadsheets save them (RFC 4180): other separators, a byte order mark, any line ends. */
export interface CsvRow {
  /** line of the file on which the row begins; 1 is the first */
  readonly line: number
  readonly cells: readonly string[]
}

/** What a spreadsheet may separate cells with, by its country. */
const SEPARATORS = [',', ';', '\t'] as const

/** Takes a text apart; the first row is the header. `broken` is the line on which a quoted cell begins that never ends. */
export function parseCsv(text: string): { header: readonly string[]; rows: CsvRow[]; broken: number | null } {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text
  const separator = separatorOf(plain)
  const rows: CsvRow[] = []
  let broken: number | null = null
  let line = 1
  let at = 0
  while (at < plain.length && broken === null) {
    const begins = line
    const cells: string[] = []
    for (let more = true; more;) {
      let cell = ''
      if (plain[at] === '"') {
        const quotedFrom = line
        for (at++; ; at++) {
          const character = plain[at]
          if (character === undefined) {
            broken = quotedFrom
            break
          }
          if (character === '"' && plain[at + 1] === '"') at++
          else if (character === '"') break
          if (character === '\n') line++
          cell += character
        }
        at++
      }
      // what stands behind a closing quote belongs to the cell, as spreadsheets read it
      const from = at
      while (at < plain.length && plain[at] !== separator && plain[at] !== '\n' && plain[at] !== '\r') at++
      cells.push(cell + plain.slice(from, at))
      more = plain[at] === separator
      if (more) at++
    }
    if (plain[at] === '\r') at++
    if (plain[at] === '\n') at++
    line++
    rows.push({ line: begins, cells })
  }
  return { header: rows[0]?.cells ?? [], rows: rows.slice(1), broken }
}

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const first = text.slice(0, text.search(/[\r\n]|$/))
  const counts = SEPARATORS.map((separator) => first.split(separator).length)
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!
}
