/** What is taken from people because others say that it is not theirs any more, or known to strangers. */
import type { Kysely } from 'kysely'
import type { FactorName } from '#authn/factors.ts'
import { tellCredentials } from './credential-events.ts'
import type { Tables } from './tables.ts'

/** Takes a mailbox or number from whoever has it, and suspends the authenticators on it; returns the accounts that had it. */
export async function dropIdentifier(
  sql: Kysely<Tables>,
  { kind, canonical }: { readonly kind: 'mail' | 'phone'; readonly canonical: string },
  now: number,
): Promise<readonly string[]> {
  const rows = await sql
    .deleteFrom('identifiers')
    .where('kind', '=', kind)
    .where('canonical', '=', canonical)
    .returning('account')
    .execute()
  const suspended = await sql
    .updateTable('authenticators')
    .set({ state: 'suspended' })
    .where('channel', '=', canonical)
    .where('state', 'in', ['active', 'pending'])
    .returning(['account', 'kind'])
    .execute()
  await tellCredentials(sql, suspended, 'revoke', now)
  return [...new Set([...rows, ...suspended].map(({ account }) => account))]
}

/** Suspends all authenticators of these kinds. */
export async function suspendAuthenticators(
  sql: Kysely<Tables>,
  account: string,
  kinds: readonly FactorName[],
  now: number,
): Promise<void> {
  if (kinds.length === 0) return
  const suspended = await sql
    .updateTable('authenticators')
    .set({ state: 'suspended' })
    .where('account', '=', account)
    .where('kind', 'in', [...kinds])
    .where('state', 'in', ['active', 'pending'])
    .returning(['account', 'kind'])
    .execute()
  await tellCredentials(sql, suspended, 'revoke', now)
}
