/** Reads a worksheet back: the decisions that reviewers wrote into it, or everything that is wrong with it. */
import { DECISIONS, WORKSHEET, type Decision, type ReviewItem } from '#contract/review.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Diagnostic } from '#model/facts.ts'
import { quoted } from '#model/inventory-places.ts'
import { parseCsv, type CsvRow } from './csv.ts'

/** One row that was read. */
export interface Row {
  /** line of the file on which it begins */
  readonly line: number
  readonly item: ReviewItem
  /** null where the reviewer left it open */
  readonly decision: Decision | null
  readonly comment: string
  readonly reviewer: string
}

/**
 * Returns the rows of a worksheet, each for an item of this review and for no other.
 *
 * @throws {AmbitError} `worksheet_invalid` with every line that cannot be taken as written: then nothing is decided
 */
export function readWorksheet(text: string, file: string, items: readonly ReviewItem[]): Row[] {
  const problems: Diagnostic[] = []
  const fail = (line: number, message: string, remedy: string) =>
    problems.push({ code: 'worksheet_row', level: 'error', message, place: { file, line }, remedy })
  const { header, rows, broken } = parseCsv(text)
  if (broken !== null) fail(broken, 'a quoted cell that begins here has no end', 'close it with `"`')
  const columns = columnsOf(header, fail)
  const read = columns === null || broken !== null ? [] : rowsOf(rows, header.length, columns, items, fail)
  if (problems.length === 0) return read
  const count = problems.length === 1 ? 'one line' : `${problems.length} lines`
  const message = `\`${file}\`: ${count} cannot be taken as written, so no decision was; mend and read it again`
  throw new AmbitError('worksheet_invalid', message, { diagnostics: problems })
}

/** Rows of a worksheet, of whichever inventory, in which a reviewer wrote something; 0 for a text that is no worksheet. */
export function filledRowsIn(text: string): number {
  const { header, rows } = parseCsv(text)
  const columns = columnsOf(header, () => {})
  if (columns === null) return 0
  const isFilled = ({ cells }: CsvRow): boolean =>
    [columns.decision, columns.comment, columns.reviewer].some((at) => (cells[at] ?? '').trim() !== '')
  return rows.filter(isFilled).length
}

type Fail = (line: number, message: string, remedy: string) => void
type Columns = Readonly<Record<keyof typeof WORKSHEET, number>>

function columnsOf(header: readonly string[], fail: Fail): Columns | null {
  const names = header.map((name) => name.trim().toLowerCase())
  const columns = Object.fromEntries(Object.entries(WORKSHEET).map(([key, name]) => [key, names.indexOf(name)]))
  const lacking = Object.values(WORKSHEET).filter((name) => !names.includes(name))
  if (lacking.length > 0) {
    const message = `there is no column ${lacking.map((name) => `\`${name}\``).join(', ')}`
    fail(1, message, 'keep the first line and every column of the worksheet as Ambit wrote them')
    return null
  }
  return columns as Columns
}

function rowsOf(
  rows: readonly CsvRow[],
  width: number,
  columns: Columns,
  items: readonly ReviewItem[],
  fail: Fail,
): Row[] {
  const byId = new Map(items.map((item) => [item.id, item]))
  const byCheck = new Map(items.map((item) => [item.check, item]))
  const seen = new Map<string, number>()
  return rows.flatMap(({ line, cells }): Row[] => {
    if (cells.every((cell) => cell.trim() === '')) return []
    if (cells.length !== width) {
      fail(line, `${cells.length} cells, where the first line has ${width}`, 'restore the row from the worksheet')
      return []
    }
    const cell = (key: keyof typeof WORKSHEET) => harmless(cells[columns[key]]!)
    const item = byId.get(cells[columns.item]!) ?? byId.get(cell('item'))
    if (item === undefined) {
      const moved = byCheck.get(cell('check'))
      const what = quoted(cell('item'))
      if (moved)
        fail(line, `the item is called ${what} here and ${quoted(moved.id)} in the inventory`, 'restore its id')
      else fail(line, `${what} is not in this inventory`, 'write the worksheet again, or delete the row')
      return []
    }
    const before = seen.get(item.id)
    if (before !== undefined) {
      fail(line, `${quoted(item.id)} has a row already, on line ${before}`, 'delete one of the two')
      return []
    }
    seen.set(item.id, line)
    if (cell('check') !== item.check) {
      const message = `${quoted(item.id)} is no longer what the worksheet was written about, or its row was altered`
      fail(line, message, 'write the worksheet again and decide on what is there now')
      return []
    }
    const word = cell('decision').toLowerCase()
    const decision = DECISIONS.find((each) => each === word)
    if (decision === undefined && word !== '') {
      fail(line, `${quoted(word)} is no decision`, `write ${DECISIONS.join(' or ')}, or leave the cell empty`)
      return []
    }
    const reviewer = cell('reviewer')
    if (decision !== undefined && reviewer === '') {
      fail(line, `nobody answers for the decision on ${quoted(item.id)}`, 'write who decided in the column `reviewer`')
      return []
    }
    return [{ line, item, decision: decision ?? null, comment: cell('comment'), reviewer }]
  })
}

/** A cell without the apostrophe that keeps a spreadsheet from running it, and without blanks around it. */
const harmless = (cell: string): string =>
  cell
    .trim()
    .replace(/^'(?=[\s"'`]*[=+\-@|%\uff1d\uff0b\uff0d\uff20\t\r\n])/u, '')
    .trim()
