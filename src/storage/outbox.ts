/** Messages that were promised, until they are delivered. What they say and to whom is sealed, and erased at their end. */
import type { Ended, OutboxState, OutboxStore, StoredMessage } from '#delivery/outbox.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'

export interface OutboxTables {
  readonly outbox: {
    readonly id: string
    readonly channel: string
    readonly template: string
    readonly language: string
    readonly sealed: string
    readonly state: string
    readonly tries: number
    readonly due: number
    readonly created_at: number
    readonly expires_at: number
    readonly provider: string | null
    readonly reference: string | null
    readonly failure: string | null
    readonly settled_at: number | null
    readonly prefix: string | null
  }
  readonly used_links: { readonly id: string; readonly expires_at: number }
}

/** Topic of the change that is announced when a message waits. */
export const OUTBOX_ADDED = 'outbox'

/** States in which somebody may take a message. */
const OPEN = ['waiting', 'handed_over']
/** Candidates of one look; several nodes that look at once go for different ones soon enough. */
const CANDIDATES = 16
/** Most that are ended by one look. */
const ENDED = 100

export function outboxStore(database: Database): OutboxStore {
  const { sql } = database
  return {
    async add(message, now) {
      return database.transaction(async (tx) => {
        const { numInsertedOrUpdatedRows } = await tx
          .insertInto('outbox')
          .values({
            id: message.id,
            channel: message.channel,
            template: message.template,
            language: message.language,
            sealed: message.sealed,
            state: message.state,
            tries: message.tries,
            due: message.due,
            created_at: now,
            expires_at: message.expiresAt,
            provider: null,
            reference: null,
            failure: null,
            settled_at: null,
            prefix: message.prefix,
          })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst()
        if ((numInsertedOrUpdatedRows ?? 0n) === 0n) return false
        await announce(tx, { topic: OUTBOX_ADDED, key: '' }, now)
        return true
      })
    },
    async claim(now, until) {
      const due = await sql
        .selectFrom('outbox')
        .select('id')
        .where('state', 'in', OPEN)
        .where('due', '<=', now)
        .where('expires_at', '>', now)
        .orderBy('due')
        .limit(CANDIDATES)
        .execute()
      for (const { id } of due) {
        const row = await sql
          .updateTable('outbox')
          .set((at) => ({ due: until, tries: at('tries', '+', 1) }))
          .where('id', '=', id)
          .where('state', 'in', OPEN)
          .where('due', '<=', now)
          .returningAll()
          .executeTakeFirst()
        if (row !== undefined) return fromRow(row)
      }
      return null
    },
    async handOver(id, claimedUntil, provider) {
      const { numUpdatedRows } = await sql
        .updateTable('outbox')
        .set({ state: 'handed_over', provider })
        .where('id', '=', id)
        .where('state', 'in', OPEN)
        .where('due', '=', claimedUntil)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async retry(id, claimedUntil, { state, due, failure }) {
      const { numUpdatedRows } = await sql
        .updateTable('outbox')
        .set({ state, due, failure })
        .where('id', '=', id)
        .where('state', 'in', OPEN)
        .where('due', '=', claimedUntil)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async settle(id, claimedUntil, { state, provider, reference, failure }, now) {
      const { numUpdatedRows } = await sql
        .updateTable('outbox')
        .set({ state, provider, reference, failure, sealed: '', settled_at: now })
        .where('id', '=', id)
        .where('state', 'in', OPEN)
        .where('due', '=', claimedUntil)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async expire(now) {
      const over = await sql
        .selectFrom('outbox')
        .select(['id', 'channel', 'prefix', 'state'])
        .where('state', 'in', OPEN)
        .where('due', '<=', now)
        .where('expires_at', '<=', now)
        .limit(ENDED)
        .execute()
      const ended: (Ended & Pick<StoredMessage, 'state'>)[] = []
      for (const { id, channel, prefix, state } of over) {
        const { numUpdatedRows } = await sql
          .updateTable('outbox')
          .set({ state: 'expired', sealed: '', settled_at: now })
          .where('id', '=', id)
          .where('state', '=', state)
          .where('due', '<=', now)
          .executeTakeFirst()
        if (numUpdatedRows > 0n)
          ended.push({ id, channel: channel as StoredMessage['channel'], prefix, state: state as OutboxState })
      }
      return ended
    },
    async confirm(provider, { reference, delivered }, now) {
      const row = await sql
        .updateTable('outbox')
        .set({ state: delivered ? 'confirmed' : 'failed', settled_at: now })
        .where('provider', '=', provider)
        .where('reference', '=', reference)
        .where('state', '=', 'sent')
        .returning(['id', 'channel', 'prefix'])
        .executeTakeFirst()
      return row === undefined ? null : { ...row, channel: row.channel as StoredMessage['channel'] }
    },
    async forget(before) {
      await sql.deleteFrom('outbox').where('settled_at', 'is not', null).where('settled_at', '<', before).execute()
    },
  }
}

const fromRow = (row: OutboxTables['outbox']): StoredMessage => ({
  id: row.id,
  channel: row.channel as StoredMessage['channel'],
  template: row.template,
  language: row.language,
  sealed: row.sealed,
  state: row.state as OutboxState,
  tries: row.tries,
  due: row.due,
  expiresAt: row.expires_at,
  provider: row.provider,
  prefix: row.prefix,
})
