/** Writes the schemas of what Ambit prints, docs/schema/{report,review,simulation}.schema.json, from the contracts. */
import { writeFileSync } from 'node:fs'
import { breachesSchemaText, reportSchemaText, reviewSchemaText, simulationSchemaText } from '#report/schema.ts'

writeFileSync(new URL('../docs/schema/report.schema.json', import.meta.url), reportSchemaText())
writeFileSync(new URL('../docs/schema/review.schema.json', import.meta.url), reviewSchemaText())
writeFileSync(new URL('../docs/schema/simulation.schema.json', import.meta.url), simulationSchemaText())
writeFileSync(new URL('../docs/schema/breaches.schema.json', import.meta.url), breachesSchemaText())
