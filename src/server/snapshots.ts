/**
 * The snapshot that decisions rest on. Facts become one only whole: they are read, checked and analysed, then kept, then
 * pointed to in one transaction; until that has happened the one before answers, on this node and on every other.
 */
import type { Delta, LiveAnalysis } from '#analysis/live.ts'
import type { AuditRecord } from '#audit/records.ts'
import type { Since } from '#decision/gated.ts'
import type { World } from '#decision/world.ts'
import type { Clock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Inventory } from '#model/facts.ts'
import type { Database } from '#storage/database.ts'
import { addEventsOnce } from '#storage/events.ts'
import {
  chainOf,
  commitSnapshot,
  currentSnapshot,
  readBody,
  sweep,
  writeBody,
  type StoredSnapshot,
} from '#storage/snapshots.ts'
import type { Analyst } from './analysis/analyst.ts'
import type { AuditSink, Log } from './context.ts'
import { refuseLoss } from './lost-accounts.ts'
import { decodeDelta, decodeInventory, encodeDelta, encodeInventory } from './snapshot-body.ts'
import { policyChanged, snapshotChanged, verdictChanges } from './verdict-events.ts'

/** What became of facts that were sent. */
export interface Taken {
  readonly snapshot: string
  readonly facts: number
  readonly accounts: number
  /** accounts whose verdict is another than before */
  readonly verdictsChanged: number
}

/** How facts were sent. */
export interface Sending {
  /** who sent them, for the audit log */
  readonly actor: AuditRecord['by']
  /** snapshot that must be the current one still; undefined for any */
  readonly base?: string
  /** share of the accounts that may go; that of the configuration where absent */
  readonly maxLoss?: number
  /** key under which the same answer is given again, with the hash of what was sent */
  readonly ingest?: { readonly key: string; readonly fingerprint: string }
}

export interface Snapshots {
  /** null before the first */
  readonly live: () => LiveAnalysis | null
  /** what decisions read, of the same snapshot */
  readonly world: () => World | null
  /** why the current snapshot of the store is not the one that this node answers from; null where it is */
  readonly trouble: () => string | null
  /** @throws {AmbitError} `input_invalid`, `accounts_lost`, `precondition_failed` or `conflict`; nothing was taken then */
  readonly take: (inventory: Inventory, sending: Sending) => Promise<Taken>
  /** @throws as {@link Snapshots.take}, and `not_ready` where there is nothing to change */
  readonly change: (delta: Delta, sending: Sending) => Promise<Taken>
  /** loads what the store says is current, if it is not what this node has */
  readonly catchUp: () => Promise<void>
  /**
   * Analyses the facts there are on another basis, and decides by that from then on. Once it is known to bear them,
   * `confirm` is called and may still call it off; where anything fails, the basis before stays.
   */
  readonly standOn: (next: Basis, confirm: () => Promise<void>) => Promise<void>
  /** calls the listener after each change of what decisions rest on */
  readonly onChange: (listener: (live: LiveAnalysis) => void) => void
}

/** What facts become an analysis by, and an analysis a world. */
export interface Basis {
  readonly analyst: Analyst
  /** `since`: what it came of, where that was built by the same basis before */
  readonly build: (live: LiveAnalysis, since?: Since) => World
}

/** Changes in a row that are kept as such; then all facts are written anew, so that a start need not read more. */
const MOST_LINKS = 64
/** Times that facts are tried again because another node was faster. */
const TRIES = 10

export function openSnapshots({
  database,
  basis: first,
  clock,
  log,
  keep,
  maxLoss,
  audit,
}: {
  readonly database: Database
  readonly basis: Basis
  readonly clock: Clock
  readonly log: Log
  readonly keep: number
  readonly maxLoss: number
  readonly audit: AuditSink
}): Snapshots {
  let basis = first
  let live: LiveAnalysis | null = null
  let world: World | null = null
  /** bodies behind the live one */
  let links = 0
  let trouble: string | null = null
  const listeners: ((live: LiveAnalysis) => void)[] = []
  let last: Promise<unknown> = Promise.resolve()
  /** one at a time: what comes second is analysed on top of what came first */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work, work)
    last = done.catch(() => {})
    return done
  }

  function become(next: LiveAnalysis, nextWorld: World, nextLinks: number): void {
    live = next
    world = nextWorld
    links = nextLinks
    trouble = null
    for (const listener of listeners) listener(next)
  }

  /** returns what is current in the store; where that could not be loaded, the live one is another still */
  async function catchUpNow(): Promise<StoredSnapshot | null> {
    const current = await currentSnapshot(database)
    if (current === null || current.id === live?.snapshotId) return current
    try {
      const chain = await chainOf(database, current.id)
      // what this node has already need not be read again
      const had = chain.findIndex(({ id }) => id === live?.snapshotId)
      let next = had < 0 ? null : live
      let since: Since | undefined = next === null ? undefined : { before: next, deltas: [] }
      for (const { body, base } of chain.slice(had + 1)) {
        const pieces = readBody(database, body)
        if (base === null) {
          next = await basis.analyst.load(await decodeInventory(pieces))
          since = undefined
        } else if (next !== null) {
          const delta = await decodeDelta(pieces)
          next = await basis.analyst.change(next, delta)
          since &&= { ...since, deltas: [...since.deltas, delta] }
        }
      }
      if (next?.snapshotId !== current.id)
        throw new AmbitError('snapshot_invalid', `the snapshot \`${current.id}\` reads as \`${next?.snapshotId}\``)
      become(next, basis.build(next, since), current.links)
      log.info({ snapshot: current.id, facts: current.facts, accounts: current.accounts }, 'a snapshot was loaded')
    } catch (error) {
      trouble = `the snapshot ${current.id} cannot be loaded`
      log.error({ err: error, snapshot: current.id }, 'a snapshot cannot be loaded; the one before stays in use')
    }
    return current
  }

  /** Tries to make the outcome of `analyse` current, again on top of what others were faster with. */
  async function settle(
    sending: Sending,
    analyse: (before: LiveAnalysis | null, current: StoredSnapshot | null) => Promise<Outcome>,
  ): Promise<Taken> {
    for (let tried = 1; tried <= TRIES; tried++) {
      const current = await catchUpNow()
      const expected = current?.id ?? null
      if (sending.base !== undefined && sending.base !== expected) {
        const message = `the current snapshot is \`${expected}\`, not \`${sending.base}\`; read \`/v1/snapshot\`, then send the change again`
        throw new AmbitError('precondition_failed', message, { current: expected })
      }
      // a snapshot that cannot be loaded is no base to compare with, but may be replaced
      const before = live?.snapshotId === expected ? live : null
      const { next, body, base, since } = await analyse(before, current)
      const same = next.snapshotId === expected
      // made before anything is kept: facts that cannot be decided from are not taken
      const nextWorld = same ? null : basis.build(next, since)
      const verdicts = before === null ? [] : verdictChanges(before, next)
      const { counts } = next
      const taken: Taken = { snapshot: next.snapshotId, ...counts, verdictsChanged: verdicts.length }
      if (same && sending.ingest === undefined) return taken
      const now = clock()
      const newLinks = base === null ? 1 : links + 1
      const onRecord = (did: 'loaded' | 'activated') =>
        audit.append({
          kind: 'snapshot',
          at: clock(),
          by: sending.actor,
          did,
          snapshot: next.snapshotId,
          facts: counts.facts,
          why: [],
        })
      // what cannot be written down does not happen; that it did happen is known only after the commit
      await onRecord('loaded')
      const kept = await commitSnapshot(database, {
        snapshot: {
          id: next.snapshotId,
          // what is current already has its body
          body: same ? '' : await writeBody(database, body(), now),
          base,
          links: newLinks,
          ...counts,
        },
        expected,
        events: same ? [] : [snapshotChanged(next, before), ...verdicts],
        ...(sending.ingest === undefined ? {} : { ingest: { ...sending.ingest, answer: JSON.stringify(taken) } }),
        now,
      })
      if (!kept) continue
      if (nextWorld !== null) become(next, nextWorld, newLinks)
      await onRecord('activated').catch((error: unknown) =>
        log.error({ err: error, snapshot: next.snapshotId }, 'a snapshot is in use, and no record says since when'),
      )
      log.info({ by: sending.actor.id, ...taken }, 'a snapshot was taken')
      await sweep(database, keep, now).catch((error: unknown) => log.warn({ err: error }, 'old snapshots stay for now'))
      return taken
    }
    throw new AmbitError('conflict', 'others changed the inventory at the same time, again and again; send it again')
  }

  return {
    live: () => live,
    world: () => world,
    trouble: () => trouble,
    catchUp: () => inTurn(async () => void (await catchUpNow())),
    standOn: (next, confirm) =>
      inTurn(async () => {
        await catchUpNow()
        const before = live
        const after = before === null ? null : await next.analyst.load(inventoryOf(before))
        const nextWorld = after === null ? null : next.build(after)
        await confirm()
        basis = next
        if (before === null || after === null || nextWorld === null) return
        become(after, nextWorld, links)
        // each node reads its own files, and they tell once together
        await addEventsOnce(database, policyChanged(after, before), verdictChanges(before, after), clock()).catch(
          (error: unknown) => log.error({ err: error }, 'verdicts changed by a policy could not be told'),
        )
      }),
    onChange: (listener) => void listeners.push(listener),
    take: (inventory, sending) =>
      inTurn(async () => {
        // independent of what is there: analysed once, whoever else is faster
        const next = await basis.analyst.load(inventory)
        return settle(sending, async (before, current) => {
          refuseLoss(before, current?.accounts ?? 0, next, sending.maxLoss ?? maxLoss)
          return { next, base: null, body: () => encodeInventory(inventory) }
        })
      }),
    change: (delta, sending) =>
      inTurn(() =>
        settle(sending, async (before) => {
          if (before === null)
            throw new AmbitError('not_ready', 'there is no inventory to change; send a whole one first')
          const next = await basis.analyst.change(before, delta)
          const whole = links >= MOST_LINKS
          return {
            next,
            base: whole ? null : before.snapshotId,
            since: { before, deltas: [delta] },
            body: whole ? () => encodeInventory(inventoryOf(next)) : () => encodeDelta(delta),
          }
        }),
      ),
  }
}

interface Outcome {
  readonly next: LiveAnalysis
  readonly base: string | null
  /** what it came of */
  readonly since?: Since
  readonly body: () => Iterable<Uint8Array>
}

/** The facts of an analysis, to be read again. */
export function inventoryOf({ inventory: { snapshot, sources, facts, diagnostics } }: LiveAnalysis): Inventory {
  return {
    ...(snapshot.name === null ? {} : { name: snapshot.name }),
    ...(snapshot.at === null ? {} : { at: snapshot.at }),
    sources,
    facts,
    diagnostics,
  }
}
