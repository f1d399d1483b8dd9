/** The audit log's rows, and how a block comes after the head of its chain and nowhere else. */
import { blockOf, genesis, type Block, type ChainName, type Head, type Receipt, type Sealed } from '#audit/chain.ts'
import { newId } from '#lib/ids.ts'
import type { Kysely, Transaction } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface AuditTables {
  readonly audit_chains: {
    readonly chain: string
    readonly node: string
    readonly started_at: number
    readonly head_seq: number
    readonly head_hash: string
  }
  readonly audit_blocks: {
    readonly chain: string
    readonly first_seq: number
    readonly last_seq: number
    readonly prev_hash: string
    readonly last_hash: string
    readonly at: number
    readonly body: Uint8Array | null
  }
  /** signed checkpoints, each as its canonical JSON */
  readonly audit_checkpoints: { readonly chain: string; readonly number: number; readonly text: string }
  /** signed statements of how far bodies are gone, each as its canonical JSON */
  readonly audit_cuts: { readonly chain: string; readonly through: number; readonly text: string }
  readonly audit_keys: { readonly id: string; readonly public_key: string; readonly secret: string | null }
}

/** A chain as the store tells of it. */
export interface StoredChain extends ChainName {
  readonly head: Head
}

/** The chain of a node, made at its first start. */
export async function chainOfNode(database: Database, node: string, now: number): Promise<StoredChain> {
  const found = await storedChain(database, node)
  if (found !== null) return found
  const name = { chain: newId('chain'), node, startedAt: now }
  await database.sql
    .insertInto('audit_chains')
    .values({ chain: name.chain, node, started_at: now, head_seq: 0, head_hash: genesis(name) })
    // another process with the same name was faster
    .onConflict((conflict) => conflict.column('node').doNothing())
    .execute()
  return (await storedChain(database, node))!
}

async function storedChain({ sql }: Database, node: string): Promise<StoredChain | null> {
  const row = await sql.selectFrom('audit_chains').selectAll().where('node', '=', node).executeTakeFirst()
  return row === undefined ? null : chainOfRow(row)
}

export const chainOfRow = (row: AuditTables['audit_chains']): StoredChain => ({
  chain: row.chain,
  node: row.node,
  startedAt: row.started_at,
  head: { seq: row.head_seq, hash: row.head_hash },
})

/** Makes records durable, in order and in one commit; rejects where it cannot, and then none or all of them may be there. */
export interface BlockWriter {
  readonly write: (records: readonly Sealed[]) => Promise<readonly Receipt[]>
  /** number of the chain's last checkpoint, 0 where there is none */
  readonly lastCheckpoint: () => Promise<number>
  /** false where the number is taken */
  readonly keepCheckpoint: (number: number, text: string) => Promise<boolean>
  readonly close: () => Promise<void>
}

type Chained = ReturnType<typeof blockOf>

/** Times a block is tried when a commit was not answered. */
const TRIES = 2

/** Writes to the chain of a node. Two processes that bear one name share the chain: each block is tied to the head it follows. */
export async function blockWriter(database: Database, node: string, now: number): Promise<BlockWriter> {
  const { chain, ...found } = await chainOfNode(database, node, now)
  // as this process left it; null where it may have left it otherwise
  let head: Head | null = found.head
  async function write(records: readonly Sealed[]): Promise<readonly Receipt[]> {
    let last: Chained | null = null
    let unanswered: Chained | null = null
    for (let tries = 1; ; tries++) {
      try {
        // SQLite takes no update in front of an insert; nor is there a way to it that could be spared
        if (head !== null && database.dialect === 'postgres') {
          last = blockOf(chain, head, records)
          if (await wasAppended(database, last.block)) return written(last)
          head = null
        }
        last = await database.transaction(async (sql) => {
          let next = head === null ? null : (last = blockOf(chain, head, records))
          if (next === null || !(await follow(sql, next.block))) {
            // another process went on with the chain, or a commit that was not answered: that has ended once the head is held
            const end = await lockedHead(sql, chain)
            if (unanswered !== null && (await isStored(sql, unanswered.block))) return unanswered
            next = last = blockOf(chain, end, records)
            await follow(sql, next.block)
          }
          await insert(sql, next.block)
          return next
        })
        return written(last)
      } catch (error) {
        head = null
        // the answer to a commit may be lost where the commit is not: what the store says counts
        if (last !== null && (await isStored(database.sql, last.block))) return written(last)
        if (tries === TRIES) throw error
        unanswered = last
      }
    }
  }
  function written({ block, receipts }: Chained): readonly Receipt[] {
    head = { seq: block.lastSeq, hash: block.lastHash }
    return receipts
  }
  async function lastCheckpoint(): Promise<number> {
    const row = await database.sql
      .selectFrom('audit_checkpoints')
      .select('number')
      .where('chain', '=', chain)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row?.number ?? 0
  }
  async function keepCheckpoint(number: number, text: string): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await database.sql
      .insertInto('audit_checkpoints')
      .values({ chain, number, text })
      .onConflict((conflict) => conflict.columns(['chain', 'number']).doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n
  }
  return { write, lastCheckpoint, keepCheckpoint, close: async () => {} }
}

/** The end of the chain, which stays the end until the transaction does; the same statement locks on both stores. */
async function lockedHead(sql: Transaction<Tables>, chain: string): Promise<Head> {
  const row = await sql
    .updateTable('audit_chains')
    .set((each) => ({ head_seq: each.ref('head_seq') }))
    .where('chain', '=', chain)
    .returning(['head_seq', 'head_hash'])
    .executeTakeFirstOrThrow()
  return { seq: row.head_seq, hash: row.head_hash }
}

/** Makes the end of a block that of its chain, which stays so until the transaction ends; false where the chain has another end than it follows. */
async function follow(
  sql: Transaction<Tables>,
  { chain, firstSeq, lastSeq, prevHash, lastHash }: Block,
): Promise<boolean> {
  const { numUpdatedRows } = await sql
    .updateTable('audit_chains')
    .set({ head_seq: lastSeq, head_hash: lastHash })
    .where('chain', '=', chain)
    .where('head_seq', '=', firstSeq - 1)
    .where('head_hash', '=', prevHash)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

async function insert(sql: Transaction<Tables>, block: Block): Promise<void> {
  await sql.insertInto('audit_blocks').values(rowOf(block)).execute()
}

/** {@link follow} and {@link insert} in one statement of PostgreSQL; false where the chain has another end than the block follows. */
async function wasAppended({ sql }: Database, block: Block): Promise<boolean> {
  const { chain, first_seq, last_seq, prev_hash, last_hash, at, body } = rowOf(block)
  const { numInsertedOrUpdatedRows } = await sql
    .with('moved', (from) =>
      from
        .updateTable('audit_chains')
        .set({ head_seq: last_seq, head_hash: last_hash })
        .where('chain', '=', chain)
        .where('head_seq', '=', first_seq - 1)
        .where('head_hash', '=', prev_hash)
        .returning('chain'),
    )
    .insertInto('audit_blocks')
    .columns(['chain', 'first_seq', 'last_seq', 'prev_hash', 'last_hash', 'at', 'body'])
    .expression((from) =>
      from
        .selectFrom('moved')
        .select((row) => [
          'chain',
          row.cast<number>(row.val(first_seq), 'bigint').as('first_seq'),
          row.cast<number>(row.val(last_seq), 'bigint').as('last_seq'),
          row.val(prev_hash).as('prev_hash'),
          row.val(last_hash).as('last_hash'),
          row.cast<number>(row.val(at), 'bigint').as('at'),
          row.cast<Uint8Array>(row.val(body), 'bytea').as('body'),
        ]),
    )
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

const rowOf = (block: Block) => ({
  chain: block.chain,
  first_seq: block.firstSeq,
  last_seq: block.lastSeq,
  prev_hash: block.prevHash,
  last_hash: block.lastHash,
  at: block.at,
  body: Buffer.from(block.body!),
})

async function isStored(sql: Kysely<Tables>, { chain, firstSeq, lastHash }: Block): Promise<boolean> {
  const row = await sql
    .selectFrom('audit_blocks')
    .select('last_hash')
    .where('chain', '=', chain)
    .where('first_seq', '=', firstSeq)
    .executeTakeFirst()
  return row?.last_hash === lastHash
}
