/** Accounts that no rule of the policy tells apart, so that what is asked of one is asked of all. */
import { ACCOUNT_FIELDS } from '#policy/cel.ts'
import { fieldsNamed, seenIn } from '#policy/named-fields.ts'
import type { FactOf } from '#model/facts.ts'
import type { Policy, RuleFacts } from '#policy/policy.ts'
import { numbering } from '#lib/kept.ts'

export interface Alike {
  readonly numberOf: (account: FactOf<'account'>) => number
  /** what the rules may look at of any account of this number */
  readonly at: (number: number) => { readonly account: RuleFacts['account']; readonly system: string | null }
}

export function alikeUnder(policy: Policy): Alike {
  const fields = fieldsNamed(policy, 'account', ACCOUNT_FIELDS)
  const numbers = numbering<{ account: RuleFacts['account']; system: string | null }>()
  return {
    numberOf: (account) => {
      const seen = seenIn(fields, account)
      const system = account.system ?? null
      return numbers.numberOf(JSON.stringify([seen, system]), () => ({ account: seen, system }))
    },
    at: numbers.at,
  }
}
