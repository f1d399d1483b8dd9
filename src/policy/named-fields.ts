import type { Fields } from './cel.ts'
import type { Policy } from './policy.ts'

/** The fields of a variable that some rule looks at; all of them where what a rule looks at cannot be told. */
export function fieldsNamed({ rules }: Pick<Policy, 'rules'>, variable: string, fields: Fields): string[] {
  const all = Object.keys(fields)
  return all.filter((field) => rules.some(({ uses }) => uses === undefined || uses.get(variable)?.has(field) === true))
}

/** Whether any rule looks at the size of a reach; what cannot be told counts as yes. */
export function asksForSizes({ rules }: Pick<Policy, 'rules'>): boolean {
  return rules.some(({ uses }) => uses === undefined || uses.has('reach'))
}

/** Those of some fields that something has, the same for two things that differ in no other. */
export function seenIn(fields: readonly string[], of: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(fields.flatMap((field) => (of[field] === undefined ? [] : [[field, of[field]]])))
}
