import type { Proof } from '#authn/session.ts'
import type { Pending, SignIn, SignInStore } from '#authn/sign-in.ts'
import type { Database } from './database.ts'

export interface SignInTables {
  readonly sign_ins: {
    readonly id: string
    readonly browser: string
    readonly account: string | null
    readonly typed: string | null
    readonly proofs: string
    readonly epoch: number
    readonly pending: string | null
    readonly revision: number
    readonly expires_at: number
  }
}

export function signInStore({ sql }: Database): SignInStore {
  const values = (it: SignIn) => ({
    account: it.account,
    typed: it.typed,
    proofs: JSON.stringify(it.proofs),
    epoch: it.epoch,
    pending: it.pending === null ? null : JSON.stringify(it.pending),
    expires_at: it.expiresAt,
  })
  return {
    async begin(it, now) {
      await sql
        .insertInto('sign_ins')
        .values({ ...values(it), id: it.id, browser: it.browser, revision: 0 })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ ...values(it), browser: it.browser, revision: 0 })
            .where('sign_ins.expires_at', '<=', now),
        )
        .execute()
    },
    async find(id, browser, now) {
      const row = await sql
        .selectFrom('sign_ins')
        .selectAll()
        .where('id', '=', id)
        .where('browser', '=', browser)
        .where('expires_at', '>', now)
        .executeTakeFirst()
      if (row === undefined) return null
      return {
        id: row.id,
        browser: row.browser,
        account: row.account,
        typed: row.typed,
        proofs: JSON.parse(row.proofs) as Proof[],
        epoch: row.epoch,
        pending: row.pending === null ? null : (JSON.parse(row.pending) as Pending),
        revision: row.revision,
        expiresAt: row.expires_at,
      }
    },
    async change(it) {
      const { numUpdatedRows } = await sql
        .updateTable('sign_ins')
        .set({ ...values(it), revision: it.revision + 1 })
        .where('id', '=', it.id)
        .where('revision', '=', it.revision)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async end(id) {
      const { numDeletedRows } = await sql.deleteFrom('sign_ins').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}
