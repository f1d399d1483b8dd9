import { Compile } from 'typebox/compile'
import { ChangeFile, type Change } from '#contract/plan.ts'
import { AmbitError } from '#lib/errors.ts'
import { readYaml } from '#policy/parse.ts'

const checker = Compile(ChangeFile)

/**
 * Reads a file of changes: the JSON that `ambit plan` writes, whole or with some of its steps, or YAML or JSON written by
 * hand in the format of `docs/schema/change.schema.json`.
 *
 * @throws {AmbitError} `change_invalid`
 */
export function readChanges(text: string, file: string): readonly Change[] {
  let value: unknown
  try {
    value = text.trimStart().startsWith('{') ? JSON.parse(text) : readYaml(text, file).value
  } catch (error) {
    throw refusal(file, error instanceof Error ? error.message : String(error))
  }
  if (!checker.Check(value)) {
    const [first] = checker.Errors(value)
    throw refusal(file, first === undefined ? 'unknown shape' : `${first.instancePath || '/'} ${first.message}`)
  }
  return value.steps
}

const refusal = (file: string, why: string): AmbitError =>
  new AmbitError(
    'change_invalid',
    `\`${file}\` is no file of changes: ${why}; docs/schema/change.schema.json has the format`,
    {
      file,
    },
  )

/** The JSON Schema (draft 2020-12) of a file of changes. */
export function changeSchemaText(): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ambit changes',
    description: 'Changes of an inventory: what ambit plan writes and ambit whatif reads.',
  }
  return `${JSON.stringify({ ...head, ...ChangeFile }, null, 2)}\n`
}
