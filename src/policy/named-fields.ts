import type { Fields } from './cel.ts'
import type { Policy } from './policy.ts'

/** The fields of a variable that some rule names; all of them where a rule reads the variable in a way that does not tell. */
export function fieldsNamed({ rules }: Pick<Policy, 'rules'>, variable: string, fields: Fields): string[] {
  const all = Object.keys(fields)
  const named = new Set<string>()
  for (const { condition } of rules) {
    if (condition === undefined) return all
    const uses = condition.match(new RegExp(`\\b${variable}\\b`, 'gu'))?.length ?? 0
    const plain = [...condition.matchAll(new RegExp(`\\b${variable}\\.([a-zA-Z]+)`, 'gu'))]
    if (plain.length !== uses) return all
    for (const [, field] of plain) named.add(field!)
  }
  return all.filter((field) => named.has(field))
}

/** Whether any rule looks at the size of a reach; what cannot be told counts as yes. */
export function asksForSizes({ rules }: Pick<Policy, 'rules'>): boolean {
  return rules.some(({ condition }) => condition === undefined || /\breach\b/u.test(condition))
}

/** Those of some fields that something has, as a text that is the same for two things if they are. */
export function seenIn(fields: readonly string[], of: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(fields.flatMap((field) => (of[field] === undefined ? [] : [[field, of[field]]])))
}
