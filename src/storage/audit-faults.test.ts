import { strict as assert } from 'node:assert'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { publicKeys } from '#audit/checkpoint.ts'
import { aDecisionRecord, aNodeRecord } from '#audit/records.fixture.ts'
import { verifyChain, type ChainVerdict } from '#audit/verify.ts'
import { systemClock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { storedPublicKeys } from './audit-keys.ts'
import { openAuditLog } from './audit-log.ts'
import { readAnchor } from './audit-anchor.ts'
import { auditChains, chainRows, entriesOf } from './audit-read.ts'
import { openAuditStore } from './audit-store.ts'
import type { Database } from './database.ts'
import { newPostgres, sqliteUrl, startedCluster } from './stores.fixture.ts'

/** Kills of each store; more with `AMBIT_KILLS`, which takes about half a second each. */
const KILLS = Number(process.env['AMBIT_KILLS'] ?? 3)

async function verdictOf(store: Database, anchor: string | null): Promise<ChainVerdict> {
  const [chain] = await auditChains(store)
  const keys = publicKeys(await storedPublicKeys(store))
  return await verifyChain(chainRows(store, chain!), keys, anchor === null ? null : await readAnchor(anchor))
}

/** Runs the child until it has said so many lines, and then for a while; returns all that it said was durable. */
async function appendAndKill(url: string, anchor: string, lines: number, wait: number): Promise<Map<number, string>> {
  const child = spawn(process.execPath, [new URL('append.fixture.ts', import.meta.url).pathname, url, anchor], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ambit-compile-cache') },
  })
  let said = ''
  const ready = Promise.withResolvers<void>()
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString()
    if (said.split('\n').length > lines) ready.resolve()
  })
  const gone = new Promise((resolve) => child.once('close', resolve))
  await Promise.race([ready.promise, gone])
  await new Promise((resolve) => setTimeout(resolve, wait))
  child.kill('SIGKILL')
  await gone
  // the last line may have been cut
  const durable = said.split('\n').slice(1, -1)
  return new Map(durable.map((line) => [Number(line.split(' ')[0]), line.split(' ')[1]!]))
}

async function killAgainAndAgain(context: TestContext, url: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-anchor-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const anchor = join(folder, 'anchor')
  const acknowledged = new Map<number, string>()
  for (let round = 0; round < KILLS; round++) {
    // the first line says that it begins; with every other kill something was acknowledged, however slow the machine
    const said = await appendAndKill(url, anchor, 1 + (round % 2), (round * 37) % 90)
    for (const [seq, hash] of said) acknowledged.set(seq, hash)
  }
  const store = await openAuditStore(url)
  try {
    // a kill while a line of the anchor is written leaves a piece of a line: that is no checkpoint
    const lines = (existsSync(anchor) ? readFileSync(anchor, 'utf8') : '')
      .split('\n')
      .filter((line) => line.endsWith('}'))
    const [chain] = await auditChains(store)
    const verdict = await verifyChain(chainRows(store, chain!), publicKeys(await storedPublicKeys(store)), lines)
    assert.deepEqual(verdict.faults, [])
    const kept = new Map<number, string>()
    for await (const { seq, hash } of entriesOf(store, chain!, { from: null, to: null })) kept.set(seq, hash)
    for (const [seq, hash] of acknowledged) assert.equal(kept.get(seq), hash, `record ${seq} was acknowledged`)
    assert.ok(acknowledged.size > 0)
    context.diagnostic(`${KILLS} kills, ${acknowledged.size} records acknowledged, ${kept.size} kept`)
  } finally {
    await store.close()
  }
}

test('a node killed again and again loses no record that it acknowledged (SQLite)', async (context) => {
  await killAgainAndAgain(context, sqliteUrl(context))
})

test('a node killed again and again loses no record that it acknowledged (PostgreSQL)', async (context) => {
  const cluster = startedCluster()
  if (cluster === null) return context.skip('no PostgreSQL on this machine')
  await killAgainAndAgain(context, await newPostgres(await cluster))
})

test('records are refused while the disk is full, and the chain goes on when there is room', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=640k', 'ambit-test', folder], { stdio: 'ignore' })
  } catch {
    rmSync(folder, { recursive: true })
    return context.skip('a small file system cannot be mounted here')
  }
  try {
    const url = join(folder, 'ambit.db')
    const log = await openAuditLog(url, { node: 'a', clock: systemClock, limits: { rest: 1 } })
    let kept = 0
    let refusal: unknown = null
    while (refusal === null && kept < 5000) {
      const appended = await Promise.allSettled(Array.from({ length: 20 }, () => log.append(aDecisionRecord())))
      kept += appended.filter(({ status }) => status === 'fulfilled').length
      refusal = appended.find((each) => each.status === 'rejected')?.reason ?? null
    }
    assert.ok(refusal instanceof AmbitError && refusal.code === 'audit_unavailable', String(refusal))
    execFileSync('mount', ['-o', 'remount,size=8m', folder])
    await new Promise((resolve) => setTimeout(resolve, 20))
    const { seq } = await log.append(aDecisionRecord())
    assert.equal(seq, kept + 1)
    assert.deepEqual((await verdictOf(log.store, null)).faults, [])
    await log.close()
  } finally {
    execFileSync('umount', [folder])
    rmSync(folder, { recursive: true })
  }
})

test('the order of records is theirs, whatever the clock of the node says', async (context) => {
  const url = sqliteUrl(context)
  let now = 1_000_000
  const log = await openAuditLog(url, { node: 'a', clock: () => now })
  const first = await log.append(aNodeRecord(now))
  now = 500
  const second = await log.append(aNodeRecord(now))
  assert.ok(second.seq > first.seq)
  await log.checkpoint()
  assert.deepEqual((await verdictOf(log.store, null)).faults, [])
  await log.close()
})
