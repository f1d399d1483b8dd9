import { policySchema } from './schema.ts'

/**
 * The JSON Schema (draft 2020-12) of a policy file, as `docs/schema/policy.schema.json` publishes it for editors. What
 * a file with `extends` may leave out is optional in it; `ambit policy check` knows what is missing otherwise.
 */
export function policySchemaText(): string {
  const { required } = policySchema(false)
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ambit policy',
    description: 'What each impact requires, what each authenticator is worth, and who is expected to attack.',
  }
  const whole = { if: { not: { required: ['extends'] } }, then: { required } }
  return `${JSON.stringify({ ...head, ...policySchema(true), ...whole }, null, 2)}\n`
}
