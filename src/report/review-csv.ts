/** The worksheet: one row an item, for a spreadsheet, with room for a decision; read back with `ambit review --read`. */
import { WORKSHEET, type Review, type ReviewItem } from '#contract/review.ts'
import { BYTE_ORDER_MARK, csvCell } from './csv.ts'
import { placeText } from './phrases.ts'
import { goneText, namesIn, whyText } from './review-words.ts'

type Column = readonly [title: string, of: (item: ReviewItem, name: (id: string) => string) => string | number | null]

const peersText = ({ evidence }: ReviewItem) => {
  const found = evidence.find(
    ({ check, is, facts }) => check === 'unlike_peers' && (is !== 'unknown' || facts.length > 0),
  )
  return found?.text ?? null
}

const COLUMNS: readonly Column[] = [
  ['rank', ({ rank }) => rank],
  [WORKSHEET.item, ({ id }) => id],
  ['kind', ({ kind }) => kind],
  ['holder', ({ holder }) => holder],
  ['holder_name', ({ holderName }) => holderName],
  ['right', ({ right }) => right],
  ['on', ({ on }) => on],
  ['on_name', ({ onName }) => onName],
  ['capabilities', ({ capabilities }) => capabilities.join('; ')],
  ['impact', ({ kind, impact }) => (kind === 'membership' ? null : impact)],
  ['holders', ({ holders }) => holders],
  ['granted_at', ({ grantedAt }) => grantedAt],
  ['granted_by', ({ grantedBy }) => grantedBy],
  ['last_used', ({ lastUsed }) => lastUsed],
  ['peers', peersText],
  ['against_it', ({ evidence }) => evidence.flatMap(({ check, is }) => (is === 'yes' ? [check] : [])).join('; ')],
  ['not_known', ({ evidence }) => evidence.flatMap(({ check, is }) => (is === 'unknown' ? [check] : [])).join('; ')],
  ['why', whyText],
  ['reach_that_goes', (item, name) => goneText(item, name)],
  ['high_capabilities_removed', ({ marginal }) => marginal.highCapabilities.length],
  ['may_keep_code', ({ marginal }) => marginal.mayKeepCode.join('; ')],
  ['read_at', ({ place }) => placeText(place)],
  ['suggestion', ({ suggestion }) => suggestion],
  [WORKSHEET.decision, () => null],
  [WORKSHEET.comment, () => null],
  [WORKSHEET.reviewer, () => null],
  [WORKSHEET.check, ({ check }) => check],
]

/** UTF-8 with a byte order mark, CRLF, a header, a row an item, by rank; a cell that would run starts with an apostrophe. */
export function renderWorksheet(review: Review): string {
  const name = namesIn(review)
  const lines = [COLUMNS.map(([title]) => title).join(',')]
  for (const item of review.items) lines.push(COLUMNS.map(([, of]) => csvCell(of(item, name))).join(','))
  return `${BYTE_ORDER_MARK}${lines.join('\r\n')}\r\n`
}
