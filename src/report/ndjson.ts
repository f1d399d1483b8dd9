import type { Report } from '#contract/report.ts'

/**
 * The report as one JSON object per line, for tools that read streams. The key `line` says what a line is, in this order:
 * one `header` (ambit, snapshot, policy), each `diagnostic`, each `account`, each `finding`, one `summary`. A file without
 * its `summary` line was cut short.
 */
export function* ndjsonLines(report: Report): Generator<string> {
  const { ambit, snapshot, policy, diagnostics, accounts, findings, summary } = report
  yield written('header', { ambit, snapshot, policy })
  for (const diagnostic of diagnostics) yield written('diagnostic', diagnostic)
  for (const account of accounts) yield written('account', account)
  for (const finding of findings) yield written('finding', finding)
  yield written('summary', summary)
}

function written(line: string, content: object): string {
  return `${JSON.stringify({ line, ...content })}\n`
}
