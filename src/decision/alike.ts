/** Accounts that no rule of the policy tells apart, so that what is asked of one is asked of all. */
import { ACCOUNT_FIELDS } from '#policy/cel.ts'
import type { FactOf } from '#model/facts.ts'
import type { Policy, RuleFacts } from '#policy/policy.ts'
import { numbering } from './kept.ts'

export interface Alike {
  readonly numberOf: (account: FactOf<'account'>) => number
  /** what the rules may look at of any account of this number */
  readonly at: (number: number) => { readonly account: RuleFacts['account']; readonly system: string | null }
}

export function alikeUnder(policy: Policy): Alike {
  const fields = fieldsOf(policy)
  const numbers = numbering<{ account: RuleFacts['account']; system: string | null }>()
  return {
    numberOf: (account) => {
      const seen = Object.fromEntries(
        fields.flatMap((field) => (account[field] === undefined ? [] : [[field, account[field]]])),
      )
      const system = account.system ?? null
      return numbers.numberOf(JSON.stringify([seen, system]), () => ({ account: seen, system }))
    },
    at: numbers.at,
  }
}

/** The fields that some rule names; all of them where a rule reads the account in a way that does not tell. */
function fieldsOf({ rules }: Policy): (keyof typeof ACCOUNT_FIELDS)[] {
  const all = Object.keys(ACCOUNT_FIELDS) as (keyof typeof ACCOUNT_FIELDS)[]
  const named = new Set<string>()
  for (const { condition } of rules) {
    if (condition === undefined) return all
    const uses = condition.match(/\baccount\b/gu)?.length ?? 0
    const plain = [...condition.matchAll(/\baccount\.([a-zA-Z]+)/gu)]
    if (plain.length !== uses) return all
    for (const [, field] of plain) named.add(field!)
  }
  return all.filter((field) => named.has(field))
}
