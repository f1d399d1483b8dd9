import { Breaches } from '#contract/breaches.ts'
import { Report } from '#contract/report.ts'
import { Review } from '#contract/review.ts'
import { Simulation } from '#contract/simulation.ts'

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

/** The JSON Schema of a simulation, as `docs/schema/simulation.schema.json` publishes it. */
export function simulationSchemaText(): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ambit simulation',
    description:
      'What `ambit simulate --format json` prints and `ambit verify` reads. Readers ignore keys they do not know.',
  }
  return `${JSON.stringify({ ...head, ...Simulation }, null, 2)}\n`
}

/** The JSON Schema (draft 2020-12) of a review, as `docs/schema/review.schema.json` publishes it. */
export function reviewSchemaText(): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ambit review',
    description: 'What `ambit review --format json` prints. Readers ignore keys they do not know.',
  }
  return `${JSON.stringify({ ...head, ...Review }, null, 2)}\n`
}

/** The JSON Schema of held breach chains, as `docs/schema/breaches.schema.json` publishes it. */
export function breachesSchemaText(): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ambit breaches',
    description:
      'What `ambit breaches --format json` prints and `ambit verify` reads. Readers ignore keys they do not know.',
  }
  return `${JSON.stringify({ ...head, ...Breaches }, null, 2)}\n`
}
