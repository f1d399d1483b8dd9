import type { Fields } from './cel.ts'
import type { Policy } from './policy.ts'

/** Variables with fields. Nothing but its own fields is ever asked of one: `cel.ts` refuses it. */
const WITH_FIELDS = ['account', 'system', 'reach']
/** A name after a dot, which may stand on another line, and what is before the dot if that is a name. */
const SELECTED = /(?:\b(\w+))?\.(?:\s|\/\/[^\n]*\n)*([a-zA-Z]\w*)/gu

/**
 * The fields of a variable that some rule names; all of them where a rule reads the variable in a way that does not tell.
 * Those that a rule asks of anything unknown count as well: a rule is handed all fields that it names, and may fail over
 * each of them.
 */
export function fieldsNamed({ rules }: Pick<Policy, 'rules'>, variable: string, fields: Fields): string[] {
  const all = Object.keys(fields)
  const others = WITH_FIELDS.filter((name) => name !== variable)
  const named = new Set<string>()
  for (const { condition } of rules) {
    if (condition === undefined) return all
    const uses = condition.match(new RegExp(`\\b${variable}\\b`, 'gu'))?.length ?? 0
    const plain = condition.match(new RegExp(`\\b${variable}\\.[a-zA-Z]`, 'gu'))?.length ?? 0
    if (plain !== uses) return all
    for (const [, of, field] of condition.matchAll(SELECTED)) if (!others.includes(of ?? '')) named.add(field!)
  }
  return all.filter((field) => named.has(field))
}

/** Whether any rule looks at the size of a reach; what cannot be told counts as yes. */
export function asksForSizes({ rules }: Pick<Policy, 'rules'>): boolean {
  return rules.some(({ condition }) => condition === undefined || /\breach\b/u.test(condition))
}

/** Those of some fields that something has, the same for two things that differ in no other. */
export function seenIn(fields: readonly string[], of: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(fields.flatMap((field) => (of[field] === undefined ? [] : [[field, of[field]]])))
}
