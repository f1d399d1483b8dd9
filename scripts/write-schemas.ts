/** Writes docs/schema/inventory.schema.json, and the field tables of docs/inventory.md, from the schemas of facts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { changeSchemaText } from '#planning/change-file.ts'
import { inventorySchemaText, withFieldTables } from '#importers/native-schema.ts'

const page = new URL('../docs/inventory.md', import.meta.url)

writeFileSync(new URL('../docs/schema/inventory.schema.json', import.meta.url), inventorySchemaText())
writeFileSync(page, withFieldTables(readFileSync(page, 'utf8')))
writeFileSync(new URL('../docs/schema/change.schema.json', import.meta.url), changeSchemaText())
