/** Delivers events to one receiver in order, each at least once: one node at a time, again and again with longer and longer waits. */
import type { Clock } from '#lib/clock.ts'
import type { Database } from '#storage/database.ts'
import { claimReceiver, settleReceiver, type Delivery } from '#storage/deliveries.ts'
import { eventsAfter, type StoredEvent } from '#storage/events.ts'

/** Milliseconds for which a node has a receiver for itself; far more than one delivery takes. */
const CLAIM_MS = 60_000
/** Events of one claim. */
const BATCH = 20
/** Milliseconds before the second try; doubled each time. */
const FIRST_WAIT = 5000
const LONGEST_WAIT = 3_600_000

/** Milliseconds to wait after a number of tries that failed. */
export const waitAfter = (tries: number): number => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))

export interface InOrder {
  /** name of its place among the receivers of events */
  readonly place: string
  /** sends what comes before the events, if anything; why that failed, or null */
  readonly first?: () => Promise<string | null>
  /** delivers one event; why that failed, or null */
  readonly send: (event: StoredEvent) => Promise<string | null>
  /** hears of a failure, and says whether to try again later or to leave the event out */
  readonly failed: (of: {
    readonly event: number | null
    readonly tries: number
    readonly failure: string
  }) => Promise<'again' | 'skip'>
}

type Went = Delivery & { readonly due: number; readonly failure: string | null }

export async function deliverInOrder(
  receiver: InOrder,
  { database, clock, stopped }: { readonly database: Database; readonly clock: Clock; readonly stopped: () => boolean },
): Promise<void> {
  const { place, first, send, failed } = receiver

  async function tried(at: Delivery, event: StoredEvent | null, work: () => Promise<string | null>): Promise<Went> {
    const failure = await work().catch((error: unknown) =>
      (error instanceof Error ? error.message : String(error)).slice(0, 500),
    )
    const seq = event?.seq ?? at.seq
    if (failure === null) return { receiver: place, seq, tries: event === null ? at.tries : 0, due: 0, failure: null }
    const tries = at.tries + 1
    const what = await failed({ event: event?.seq ?? null, tries, failure })
    if (what === 'skip') return { receiver: place, seq, tries: 0, due: 0, failure }
    return { receiver: place, seq: at.seq, tries, due: clock() + waitAfter(tries), failure }
  }

  for (let more = true; more && !stopped();) {
    const now = clock()
    const until = now + CLAIM_MS
    const claimed = await claimReceiver(database, place, { now, until })
    if (claimed === null) return
    let went: Went = { ...claimed, due: 0, failure: null }
    if (first !== undefined) went = await tried(went, null, first)
    const events = went.due === 0 ? await eventsAfter(database, went.seq, BATCH) : []
    for (const event of events) {
      // the claim must hold for as long as a delivery may take
      if (stopped() || clock() > now + CLAIM_MS / 2) break
      went = await tried(went, event, () => send(event))
      if (went.seq !== event.seq) break
    }
    await settleReceiver(database, went, until)
    more = events.length === BATCH && went.due === 0
  }
}
