/** Reads the audit log's rows. */
import { linesOf, type Block } from '#audit/chain.ts'
import { entriesOf as entriesOfText, type Entry } from '#audit/seal.ts'
import type { ChainRows } from '#audit/verify.ts'
import { chainOfRow, type AuditTables, type StoredChain } from './audit-blocks.ts'
import type { Database } from './database.ts'

/** Blocks read at once; a body may have several megabytes. */
const PAGE = 16

/** All chains, oldest first. */
export async function auditChains({ sql }: Database): Promise<StoredChain[]> {
  const rows = await sql.selectFrom('audit_chains').selectAll().orderBy('started_at').orderBy('chain').execute()
  return rows.map(chainOfRow)
}

/** The blocks of a chain whose first record is `seq` or later and whose latest record is of `since` or later, in order. */
export async function* blocksFrom(
  { sql }: Database,
  chain: string,
  seq: number,
  since: number | null = null,
): AsyncGenerator<Block> {
  for (let from = seq; ;) {
    const rows = await sql
      .selectFrom('audit_blocks')
      .selectAll()
      .where('chain', '=', chain)
      .where('first_seq', '>=', from)
      .where('at', '>=', since ?? Number.MIN_SAFE_INTEGER)
      .orderBy('first_seq')
      .limit(PAGE)
      .execute()
    for (const row of rows) yield blockOfRow(row)
    if (rows.length < PAGE) return
    from = rows.at(-1)!.first_seq + 1
    // SQLite answers at once: without this, a long log would hold the event loop
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const blockOfRow = (row: AuditTables['audit_blocks']): Block => ({
  chain: row.chain,
  firstSeq: row.first_seq,
  lastSeq: row.last_seq,
  prevHash: row.prev_hash,
  lastHash: row.last_hash,
  at: row.at,
  body: row.body === null ? null : textOf(row.body),
})

/** Bytes that are no UTF-8 come back as a text that no hash fits. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return '\u0000'
  }
}

/** A chain's rows, to be verified. */
export function chainRows(database: Database, { chain, node, startedAt }: StoredChain): ChainRows {
  const { sql } = database
  return {
    name: { chain, node, startedAt },
    async head() {
      const row = await sql.selectFrom('audit_chains').selectAll().where('chain', '=', chain).executeTakeFirst()
      return row === undefined ? { seq: 0, hash: '' } : chainOfRow(row).head
    },
    blocks: (seq) => blocksFrom(database, chain, seq),
    checkpoints: async () =>
      await sql
        .selectFrom('audit_checkpoints')
        .select(['number', 'text'])
        .where('chain', '=', chain)
        .orderBy('number')
        .execute(),
    async cuts() {
      const rows = await sql.selectFrom('audit_cuts').select('text').where('chain', '=', chain).execute()
      return rows.map(({ text }) => text)
    },
  }
}

/** An entry with its place. */
export interface PlacedEntry extends Entry {
  readonly node: string
  readonly chain: string
  readonly seq: number
  readonly hash: string
  /** which of several that stand there together, from 1; absent for one that stands alone */
  readonly item?: number
}

const entriesIn = ({ chain, node }: StoredChain, { body }: Block): PlacedEntry[] =>
  linesOf(body ?? '').flatMap((line) => {
    if (line === null) return []
    const place = { node, chain, seq: line.seq, hash: line.hash }
    const entries = entriesOfText(line.text)
    if (entries.length === 1) return [{ ...place, ...entries[0]! }]
    return entries.map((entry, index) => ({ ...place, item: index + 1, ...entry }))
  })

/** The entries of a chain in order, of those whose time is in [from, to) milliseconds since 1970. Nothing is verified. */
export async function* entriesOf(
  database: Database,
  chain: StoredChain,
  { from, to }: { readonly from: number | null; readonly to: number | null },
): AsyncGenerator<PlacedEntry> {
  for await (const block of blocksFrom(database, chain.chain, 1, from)) {
    for (const entry of entriesIn(chain, block)) {
      const { at } = entry.record
      if ((from === null || at >= from) && (to === null || at < to)) yield entry
    }
  }
}

/** The latest entries of all chains that a test lets through, oldest of them first. */
export async function latestEntries(
  database: Database,
  count: number,
  wanted: (entry: PlacedEntry) => boolean,
): Promise<PlacedEntry[]> {
  const found: PlacedEntry[] = []
  for (const chain of await auditChains(database)) {
    let missing = count
    for (let below = Number.MAX_SAFE_INTEGER; missing > 0;) {
      const rows = await database.sql
        .selectFrom('audit_blocks')
        .selectAll()
        .where('chain', '=', chain.chain)
        .where('first_seq', '<', below)
        .orderBy('first_seq', 'desc')
        .limit(PAGE)
        .execute()
      for (const row of rows) {
        const entries = entriesIn(chain, blockOfRow(row)).filter(wanted).slice(-missing)
        found.push(...entries)
        missing -= entries.length
        if (missing === 0) break
      }
      if (rows.length < PAGE) break
      below = rows.at(-1)!.first_seq
    }
  }
  const order = (a: PlacedEntry, b: PlacedEntry) =>
    a.record.at - b.record.at || (a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : a.seq - b.seq)
  return found.toSorted(order).slice(-count)
}

/** The newest signed checkpoint of a chain, as it was signed; null where there is none yet. */
export async function newestCheckpoint({ sql }: Database, chain: string): Promise<string | null> {
  const row = await sql
    .selectFrom('audit_checkpoints')
    .select('text')
    .where('chain', '=', chain)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.text ?? null
}
