/** The audit log of a node: a record is taken when it is durable, and refused when it cannot be. */
import type { Receipt, Sealed } from '#audit/chain.ts'
import { publicKeys } from '#audit/checkpoint.ts'
import type { AuditRecord, RecordOf } from '#audit/records.ts'
import { sealed, sealedTogether } from '#audit/seal.ts'
import type { Clock } from '#lib/clock.ts'
import type { Anchor } from './audit-anchor.ts'
import { checkpointer, type CheckpointOptions } from './audit-checkpoints.ts'
import { chainOfNode } from './audit-blocks.ts'
import { auditKeys, storedPublicKeys } from './audit-keys.ts'
import { cutChain } from './audit-retention.ts'
import { auditWriter, openAuditStore } from './audit-store.ts'
import type { Database } from './database.ts'
import { groupCommit, type GroupLimits } from './group-commit.ts'

export interface AuditOptions {
  /** name of this node; each node has a chain of its own, which it goes on with after a restart */
  readonly node: string
  readonly clock: Clock
  /** JSON Pointers into records, of values to replace by keyed hashes; see `docs/audit.md` */
  readonly masks?: readonly string[]
  /** file with the keys, made where it is not there; null keeps them in the store */
  readonly keyFile?: string | null
  readonly anchors?: readonly Anchor[]
  /** a checkpoint after each so many records, and after so many milliseconds */
  readonly checkpoints?: CheckpointOptions
  /** hears of a checkpoint that could not be kept or anchored; it is tried again with the next */
  readonly onTrouble?: (error: unknown) => void
  readonly limits?: Partial<GroupLimits>
}

export interface AuditLog {
  /**
   * Resolves when the record is on disk, with the place and hash it has there.
   *
   * @throws {AmbitError} `audit_unavailable` when the store is down, slow or behind: whatever was to be recorded must not
   * happen; `audit_invalid` when the record does not fit the schema of its kind
   */
  readonly append: (record: AuditRecord) => Promise<Receipt>
  /** the same of decisions of one request, which take one place where nothing of them has to be masked */
  readonly appendAll: (decisions: readonly RecordOf<'decision'>[]) => Promise<void>
  /** what holds the log, to read it */
  readonly store: Database
  readonly waiting: () => number
  /** makes a checkpoint now; rejects where it cannot be kept or anchored */
  readonly checkpoint: () => Promise<void>
  /**
   * Takes the bodies of this node's records before a time, and records that; see `cutChain`.
   *
   * @param before milliseconds since 1970
   */
  readonly cut: (before: number) => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Ten thousand records or 64 MB may wait, at most five seconds; a commit takes up to two thousand, or 8 MB. One that follows
 * another within two milliseconds would cost more time than the records in it.
 */
const LIMITS: GroupLimits = {
  waiting: 10_000,
  weight: 64_000_000,
  batch: 2000,
  batchWeight: 8_000_000,
  pace: 2,
  patience: 5000,
  rest: 250,
}

const CHECKPOINTS: CheckpointOptions = { records: 1000, every: 60_000 }

/** Opens the audit log that belongs to the store of this URL or path. */
export async function openAuditLog(url: string, options: AuditOptions): Promise<AuditLog> {
  const { node, clock, masks = [], keyFile = null, anchors = [], checkpoints = CHECKPOINTS, limits } = options
  const store = await openAuditStore(url)
  try {
    const keys = await auditKeys(store, keyFile)
    const writer = await auditWriter(store, url, node, clock())
    const points = checkpointer(writer, keys.signer, anchors, checkpoints, clock, options.onTrouble ?? (() => {}))
    const write = async (records: readonly Sealed[]) => {
      const receipts = await writer.write(records)
      points.arrived(receipts.at(-1)!, receipts.length)
      return receipts
    }
    const group = groupCommit<Sealed, Receipt>(write, ({ text }) => text.length, { ...LIMITS, ...limits })
    const mask = { pointers: masks, key: keys.mask }
    const append = async (record: AuditRecord) => await group.append(sealed(record, mask))
    return {
      append,
      async appendAll(decisions) {
        await Promise.all(sealedTogether(decisions, mask).map(group.append))
      },
      store,
      waiting: group.waiting,
      checkpoint: points.make,
      async cut(before) {
        const chain = await chainOfNode(store, node, clock())
        const trusted = publicKeys(await storedPublicKeys(store))
        const done = await cutChain(store, chain, before, clock(), keys.signer, trusted)
        if (done === null) return
        const by = { type: 'node', id: node } as const
        await append({ kind: 'retention', at: clock(), by, did: 'cut', through: done.through, before, why: [] })
      },
      async close() {
        await group.close()
        await points.stop()
        await writer.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
