/** Tells those who follow the events that how somebody signs in has changed; in the step that changes it. */
import type { Kysely } from 'kysely'
import { addEvents } from './events.ts'
import type { Tables } from './tables.ts'

/** Words of CAEP 1.0 §3.3.1, `change_type`. */
export type CredentialChange = 'create' | 'revoke' | 'update' | 'delete'

/** Used up one by one, or given for one use: their coming and going says nothing of how somebody signs in. */
const UNTOLD = new Set(['recovery_code', 'enrolment_pass'])

export async function tellCredentials(
  sql: Kysely<Tables>,
  rows: readonly { readonly account: string; readonly kind: string }[],
  change: CredentialChange,
  now: number,
): Promise<void> {
  const told = rows.filter(({ kind }) => !UNTOLD.has(kind))
  await addEvents(
    sql,
    told.map(({ account, kind }) => ({ type: 'credential.changed', data: { account, credential: kind, change } })),
    now,
  )
}
