import { analyse } from '#analysis/analyse.ts'
import type { Report } from '#contract/report.ts'
import { SEVERITIES, type Severity } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { csvPieces } from '#report/csv.ts'
import { renderHtml } from '#report/html.ts'
import { jsonPieces } from '#report/json.ts'
import { ndjsonLines } from '#report/ndjson.ts'
import { sarifPieces } from '#report/sarif.ts'
import { renderText } from '#report/text.ts'
import { counted, grouped } from '#report/words.ts'
import type { Io } from '../io.ts'
import { readFiles } from '../read-files.ts'
import { readPolicyFile } from '../read-policy.ts'

export const FORMATS = ['text', 'json', 'ndjson', 'html', 'sarif', 'csv'] as const
export type Format = (typeof FORMATS)[number]

export interface AnalyzeOptions {
  readonly paths: readonly string[]
  readonly policy?: string
  readonly format: Format
  /** a file, or `-` for standard output */
  readonly output?: string
  readonly failOn: Severity | 'never'
  /** time at which the facts hold, where no file says */
  readonly at?: string
  readonly top?: number
}

/** Exit codes: nothing at or above the threshold; findings; bad input or usage. */
export const EXIT = { clean: 0, findings: 1, bad: 2 } as const

/** Reads, analyses, renders. Returns the exit code. */
export async function analyzeCommand(options: AnalyzeOptions, io: Io): Promise<number> {
  const report = await reportOf(options, io)
  const pieces = render(report, options, io)
  if (options.output === undefined || options.output === '-') await io.writeAll(pieces)
  else {
    await io.writeFile(options.output, pieces)
    const { findings, verdicts } = report.summary
    io.error(
      `wrote ${options.output}: ${counted(findings, 'finding')}, ${grouped(verdicts['unfit'] ?? 0)} of ${counted(report.summary.accounts, 'account')} unfit\n`,
    )
  }
  return exitCodeOf(report, options.failOn)
}

/** The report for some inventory paths, with progress on a terminal. */
export async function reportOf(
  { paths, policy, at }: Pick<AnalyzeOptions, 'paths' | 'policy' | 'at'>,
  io: Io,
): Promise<Report> {
  const read = await readPolicyFile(policy)
  return analysePaths(paths, read, at, io)
}

/** As {@link reportOf}, under a policy that is already read. */
export async function analysePaths(
  paths: readonly string[],
  policy: Policy,
  at: string | undefined,
  io: Io,
): Promise<Report> {
  io.progress.show('reading …')
  try {
    const inventory = await readFiles(paths)
    const checked = checkInventory(at === undefined ? inventory : { ...inventory, at: inventory.at ?? at })
    refuseErrors(checked.diagnostics)
    return analyse(checked, policy, (stage) => io.progress.show(`${stage} …`))
  } finally {
    io.progress.done()
  }
}

/** The report in a format, in pieces: of many accounts it is longer than one text may be. */
export function render(
  report: Report,
  { format, output, top }: Pick<AnalyzeOptions, 'format' | 'output' | 'top'>,
  io: Io,
): Iterable<string> {
  const plain = output !== undefined && output !== '-'
  switch (format) {
    case 'text':
      return [
        renderText(report, {
          width: plain ? 100 : io.width,
          ...(plain ? {} : { colour: io.paint }),
          ...(top === undefined ? {} : { top }),
        }),
      ]
    case 'json':
      return jsonPieces(report)
    case 'ndjson':
      return ndjsonLines(report)
    case 'html':
      return [renderHtml(report)]
    case 'sarif':
      return sarifPieces(report)
    case 'csv':
      return csvPieces(report)
  }
}

/** 1 when a finding is at or above the threshold. Findings under a live exception count one step lower already. */
export function exitCodeOf(report: Report, failOn: Severity | 'never'): number {
  if (failOn === 'never') return EXIT.clean
  const least = SEVERITIES.indexOf(failOn)
  return report.findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= least) ? EXIT.findings : EXIT.clean
}

/** @throws {AmbitError} `usage` for a word that is no severity */
export function severityOf(word: string): Severity | 'never' {
  if (word === 'never' || (SEVERITIES as readonly string[]).includes(word)) return word as Severity | 'never'
  throw new AmbitError('usage', `\`${word}\` is no severity; use one of ${SEVERITIES.join(', ')} or never`)
}
