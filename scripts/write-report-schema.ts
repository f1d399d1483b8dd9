/** Writes docs/schema/report.schema.json from the contract. */
import { writeFileSync } from 'node:fs'
import { reportSchemaText } from '#report/schema.ts'

writeFileSync(new URL('../docs/schema/report.schema.json', import.meta.url), reportSchemaText())
