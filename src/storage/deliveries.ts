/** How far each receiver of events has come. The events are the outbox; a receiver is a place in it. */
import type { Database } from './database.ts'

export interface DeliveryTables {
  readonly deliveries: {
    readonly receiver: string
    /** the last event that was delivered, or given up */
    readonly seq: number
    /** times that the next one was tried */
    readonly tries: number
    /** milliseconds since 1970 before which nobody tries again */
    readonly due: number
    readonly failure: string | null
  }
}

export interface Delivery {
  readonly receiver: string
  readonly seq: number
  readonly tries: number
}

/** Makes a place for a receiver that has none: it is told of what comes after. */
export async function addReceiver({ sql }: Database, receiver: string, seq: number): Promise<void> {
  await sql
    .insertInto('deliveries')
    .values({ receiver, seq, tries: 0, due: 0, failure: null })
    .onConflict((conflict) => conflict.column('receiver').doNothing())
    .execute()
}

/** Takes a receiver whose time has come, for one node, until a time; null where it is not due or another node has it. */
export async function claimReceiver(
  { sql }: Database,
  receiver: string,
  { now, until }: { readonly now: number; readonly until: number },
): Promise<Delivery | null> {
  const row = await sql
    .updateTable('deliveries')
    .set({ due: until })
    .where('receiver', '=', receiver)
    .where('due', '<=', now)
    .returning(['receiver', 'seq', 'tries'])
    .executeTakeFirst()
  return row ?? null
}

/** Writes down how a delivery went; nothing when the claim has run out and another node has it. */
export async function settleReceiver(
  { sql }: Database,
  { receiver, ...went }: Delivery & { readonly due: number; readonly failure: string | null },
  claimedUntil: number,
): Promise<void> {
  await sql
    .updateTable('deliveries')
    .set(went)
    .where('receiver', '=', receiver)
    .where('due', '=', claimedUntil)
    .execute()
}
