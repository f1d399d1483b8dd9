/** Writes docs/schema/report.schema.json and simulation.schema.json from the contract. */
import { writeFileSync } from 'node:fs'
import { reportSchemaText, simulationSchemaText } from '#report/schema.ts'

writeFileSync(new URL('../docs/schema/report.schema.json', import.meta.url), reportSchemaText())
writeFileSync(new URL('../docs/schema/simulation.schema.json', import.meta.url), simulationSchemaText())
