/** Writes docs/schema/access-policy.schema.json and decision.schema.json; `test/docs/decide.test.ts` fails when they are out of date. */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { ACCESS_POLICY } from '#decision/access-policy.ts'
import { DECISION_SETTINGS } from '#decision/settings.ts'

const schemaText = (title: string, description: string, schema: object): string =>
  `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema, title, description }, null, 2)}\n`

/** By path: the text that belongs there. */
export const DECISION_SCHEMAS: Readonly<Record<string, () => string>> = {
  'docs/schema/access-policy.schema.json': () =>
    schemaText(
      'Ambit access policy',
      'Who may do what, where no entitlement of an inventory can say so.',
      ACCESS_POLICY,
    ),
  'docs/schema/decision.schema.json': () =>
    schemaText(
      'Ambit decision settings',
      'How requests name things, and what is asked on every access.',
      DECISION_SETTINGS,
    ),
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [path, text] of Object.entries(DECISION_SCHEMAS))
    writeFileSync(new URL(`../${path}`, import.meta.url), text())
}
