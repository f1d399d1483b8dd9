/** Retention: bodies of old records go, their headers stay, and a signed cut says so, so that the chain still verifies. */
import { canonical } from '#audit/canonical.ts'
import { cutOf, headersDigest, NO_HEADERS, type PublicKeys, type Signer } from '#audit/checkpoint.ts'
import { verifyChain } from '#audit/verify.ts'
import { AmbitError } from '#lib/errors.ts'
import type { StoredChain } from './audit-blocks.ts'
import { blocksFrom, chainRows } from './audit-read.ts'
import type { Database } from './database.ts'

export interface CutResult {
  readonly chain: string
  /** last record whose body is gone */
  readonly through: number
}

/**
 * Takes the bodies of the records before a time, as far as there is no younger record before them. The chain is verified
 * first: a cut must not cover up what was done to it.
 *
 * @param before milliseconds since 1970
 * @returns null where there is nothing to take
 * @throws {AmbitError} `audit_invalid` where the chain does not verify
 */
export async function cutChain(
  database: Database,
  chain: StoredChain,
  before: number,
  now: number,
  signer: Signer,
  keys: PublicKeys,
): Promise<CutResult | null> {
  const { faults, cutThrough } = await verifyChain(chainRows(database, chain), keys, null)
  if (faults.length > 0) {
    throw new AmbitError(
      'audit_invalid',
      `the chain of node \`${chain.node}\` does not verify (${faults[0]!.text}); nothing was cut`,
      { chain: chain.chain },
    )
  }
  let headers = NO_HEADERS
  let end: { through: number; hash: string } | null = null
  for await (const block of blocksFrom(database, chain.chain, 1)) {
    if (block.at >= before) break
    headers = headersDigest(headers, block)
    end = { through: block.lastSeq, hash: block.lastHash }
  }
  if (end === null || end.through <= cutThrough) return null
  const { through } = end
  const cut = cutOf({ chain: chain.chain, through, hash: end.hash, headers, at: now }, signer)
  await database.transaction(async (sql) => {
    await sql
      .insertInto('audit_cuts')
      .values({ chain: chain.chain, through, text: canonical(cut) })
      .execute()
    await sql
      .updateTable('audit_blocks')
      .set({ body: null })
      .where('chain', '=', chain.chain)
      .where('last_seq', '<=', through)
      .where('body', 'is not', null)
      .execute()
  })
  return { chain: chain.chain, through }
}
