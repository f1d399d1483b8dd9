import { Report } from '#contract/report.ts'

/** The JSON Schema (draft 2020-12) of a report, as `docs/schema/report.schema.json` publishes it. */
export function reportSchemaText(): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ambit report',
    description:
      'What `ambit analyze --format json` prints and `ambit verify` reads. Readers ignore keys they do not know.',
  }
  return `${JSON.stringify({ ...head, ...Report }, null, 2)}\n`
}
