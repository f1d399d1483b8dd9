/**
 * Checks a report that is one JSON object a line, as `ambit analyze --format ndjson` writes it, while its lines go by: one
 * `header`, each `diagnostic`, each `account`, each `finding`, one `summary`. Of a line nothing is kept but ids and counts.
 */
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { Account, Finding, Report, ReportDiagnostic } from '#contract/report.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Inventory } from '#model/facts.ts'
import { checkReport, misfit, type ReportCheck, type Verification } from './check-report.ts'
import type { Failure } from './failure.ts'
import type { Sha256 } from './snapshot-id.ts'

const { ambit, snapshot, policy, summary } = Report.properties
const HEADER = Compile(Type.Object({ ambit, snapshot, policy }))
const DIAGNOSTIC = Compile(ReportDiagnostic)
const ACCOUNT = Compile(Account)
const FINDING = Compile(Finding)
const SUMMARY = Compile(summary)

/** What lines there are, in the order in which they come. */
const KINDS = ['header', 'diagnostic', 'account', 'finding', 'summary'] as const
type Kind = (typeof KINDS)[number]

const isKind = (word: unknown): word is Kind => KINDS.some((kind) => kind === word)

/** A check that is given one line after another. */
export interface LinesCheck {
  /**
   * @param value  a parsed line, of any shape
   * @param line  its number in the file, from 1
   * @throws {AmbitError} `report_invalid`, with file and line, when it is no line of a report, or not one that may stand there
   */
  readonly take: (value: unknown, line: number) => void
  /**
   * What was found in all lines together; each failure has the line at which it came out.
   *
   * @param line  the last line of the file; 0 when it has none
   * @throws {AmbitError} `report_invalid` when the summary has not come
   */
  readonly end: (line: number) => Verification
}

interface Lines {
  /** name of the file, for messages */
  readonly file: string
  readonly inventory: Inventory
  /** with it, the snapshot's id is recomputed too */
  readonly sha256?: Sha256
}

/** Begins the check of a report in lines: the same as `verifyReport` of the same report in one piece. */
export function checkLines({ file, inventory, sha256 }: Lines): LinesCheck {
  const failures: Failure[] = []
  let check: ReportCheck | undefined
  let last: Kind | undefined
  return {
    take(value, line) {
      const refuse = (why: string): never => refuseLine({ file, line, why })
      const kind = kindOf(value, refuse)
      const flaw = flawOfOrder(kind, last)
      if (flaw !== null) refuse(flaw)
      last = kind
      const found = (flaws: readonly Failure[]) => {
        for (const each of flaws) failures.push({ ...each, line })
      }
      const fitting = <T>(shape: Shape<T>): T =>
        shape.Check(value) ? value : refuse(`this is not the ${kind} of a report: ${misfit(shape.Errors(value))}`)
      if (kind === 'header') {
        check = checkReport(fitting<Pick<Report, 'snapshot'>>(HEADER), inventory, sha256)
        found(check.snapshot)
      } else if (check === undefined) refuse('no header came before it')
      else if (kind === 'diagnostic') {
        fitting(DIAGNOSTIC)
        check.diagnostic()
      } else if (kind === 'account') found(check.account(fitting<Account>(ACCOUNT)))
      else if (kind === 'finding') found(check.finding(fitting<Finding>(FINDING)))
      else found(check.summary(fitting<Report['summary']>(SUMMARY)))
    },
    end(line) {
      if (check === undefined || last !== 'summary')
        return refuseLine({ file, line, why: 'the file ends here, without its summary: it was cut off' })
      return { checked: check.checked(), failures }
    },
  }
}

interface Shape<T> {
  Check(value: unknown): value is T
  Errors(value: unknown): { instancePath: string; message: string }[]
}

function kindOf(value: unknown, refuse: (why: string) => never): Kind {
  const kind = typeof value === 'object' && value !== null && 'line' in value ? value.line : undefined
  if (isKind(kind)) return kind
  const known = `a line of a report says that it is one of ${KINDS.join(', ')}`
  return refuse(
    typeof kind === 'string' ? `\`line\` is \`${kind.slice(0, 60)}\`; ${known}` : `\`line\` is missing; ${known}`,
  )
}

/** Why a line may not follow the one before it; null where it may. */
function flawOfOrder(kind: Kind, last: Kind | undefined): string | null {
  if (last === undefined) return kind === 'header' ? null : `the first line is a ${kind}; it has to be the header`
  if (kind === last && (kind === 'header' || kind === 'summary')) return `there is a second ${kind}`
  if (KINDS.indexOf(kind) >= KINDS.indexOf(last)) return null
  return `a line \`${kind}\` comes after a line \`${last}\`; their order is ${KINDS.join(', ')}`
}

/** @throws {AmbitError} `report_invalid`, with the place and the remedy */
export function refuseLine({ file, line, why }: { file: string; line: number; why: string }): never {
  const message = `${file}:${line}: ${why}; write the report again with \`ambit analyze --format ndjson\``
  throw new AmbitError('report_invalid', message, { file, line })
}
