import type { Report } from '#contract/report.ts'

/** The whole report as one JSON document, as `docs/schema/report.schema.json` describes it; ends with a line break. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`
}
