/** The report as a spreadsheet: one row per way in (RFC 4180), safe to open in programs that run formulas. */
import type { Account, Report, WayIn } from '#contract/report.ts'
import { citationText } from './words.ts'

/** Excel takes a file without this mark for the local 8-bit code page. */
export const BYTE_ORDER_MARK = '\ufeff'

/**
 * How a cell begins that a spreadsheet may take for a formula: `=`, `+`, `-`, `@`, `|`, `%` and their full-width forms, or a
 * tab or line break (OWASP, CSV Injection). Blanks, quotes and characters that are not seen in front of them count as
 * absent, since some programs drop them.
 */
export const FORMULA_START = /^[\s\p{C}\p{Z}"'`]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u

type Cell = string | number | boolean | null

interface Column {
  readonly title: string
  readonly of: (account: Account, way: WayIn | null) => Cell
}

const joined = (items: readonly string[]) => items.join('; ')
const reasonText = (reasons: WayIn['reasons']) => joined(reasons.map((reason) => reason.text))
const reasonSources = (reasons: WayIn['reasons']) =>
  joined([...new Set(reasons.flatMap((reason) => reason.citations.map(citationText)))])

const ACCOUNT_COLUMNS: readonly Column[] = [
  { title: 'account', of: (account) => account.id },
  { title: 'name', of: (account) => account.name ?? null },
  { title: 'kind', of: (account) => account.kind },
  { title: 'population', of: (account) => account.population },
  { title: 'system', of: (account) => account.system },
  { title: 'verdict', of: (account) => account.verdict },
  { title: 'impact', of: (account) => account.impact },
  { title: 'impact_uncertain', of: (account) => account.impactUncertain },
  { title: 'capabilities', of: (account) => joined(account.capabilities) },
  { title: 'required_strength', of: (account) => account.requiredStrength },
  { title: 'nominal_strength', of: (account) => account.nominalStrength },
  { title: 'effective_strength', of: (account) => account.effectiveStrength },
  { title: 'required_aal', of: (account) => account.required },
  { title: 'nominal_aal', of: (account) => account.nominal },
  { title: 'effective_aal', of: (account) => account.effective },
  { title: 'falls_to', of: (account) => joined(account.fallsTo.map(({ attacker }) => attacker)) },
  { title: 'reach_nodes', of: (account) => account.reach.nodes },
  { title: 'reach_accounts', of: (account) => account.reach.accounts },
  { title: 'reach_exact', of: (account) => account.reach.exact },
  { title: 'account_reasons', of: (account) => reasonText(account.reasons) },
  { title: 'conformance', of: (account) => joined(account.conformance.map((one) => `${one.profile}: ${one.status}`)) },
]
const WAY_COLUMNS: readonly Column[] = [
  { title: 'way_in', of: (_, way) => way?.id ?? null },
  { title: 'way_in_name', of: (_, way) => way?.name ?? null },
  { title: 'purpose', of: (_, way) => way?.purpose ?? null },
  { title: 'authenticators', of: (_, way) => (way ? joined(way.authenticators) : null) },
  { title: 'way_in_verdict', of: (_, way) => way?.verdict ?? null },
  { title: 'way_in_strength', of: (_, way) => way?.strength ?? null },
  { title: 'way_in_effective', of: (_, way) => way?.effective ?? null },
  { title: 'way_in_aal', of: (_, way) => way?.aal ?? null },
  { title: 'phishing_resistant', of: (_, way) => way?.phishingResistant ?? null },
  { title: 'hardware_backed', of: (_, way) => way?.hardwareBacked ?? null },
  { title: 'way_in_reasons', of: (_, way) => (way ? reasonText(way.reasons) : null) },
  { title: 'citations', of: (account, way) => reasonSources([...account.reasons, ...(way?.reasons ?? [])]) },
]

/**
 * The report as CSV: UTF-8 with a byte order mark, CRLF, a header, then one row per way in. An account without any way in
 * has one row with those columns empty, so that every account is in the file. An empty cell is an unknown; a cell that a
 * spreadsheet would run starts with an apostrophe.
 */
export function* csvPieces(report: Report): Generator<string> {
  const columns = [...ACCOUNT_COLUMNS, ...WAY_COLUMNS]
  yield `${BYTE_ORDER_MARK}${columns.map(({ title }) => title).join(',')}\r\n`
  for (const account of report.accounts) {
    const ways: readonly (WayIn | null)[] = account.waysIn.length > 0 ? account.waysIn : [null]
    for (const way of ways) yield `${columns.map((column) => csvCell(column.of(account, way))).join(',')}\r\n`
  }
}

/** One cell: made harmless, then quoted where RFC 4180 §2 asks for it. Null is empty; numbers are as they are. */
export function csvCell(value: Cell): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const harmless = FORMULA_START.test(value) ? `'${value}` : value
  return /[",\r\n;\t']|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
