/**
 * How many records a second the audit log keeps, beside the store's own bare durable commits in the same run, and how
 * long the event loop of the server is held by it. `node bench/audit.ts [--seconds 5] [--store postgres://…]`; SQLite,
 * in a folder of its own beside this file's build, where no store is named.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { aDecisionRecord } from '#audit/records.fixture.ts'
import { systemClock } from '#lib/clock.ts'
import { announce } from '#storage/changes.ts'
import { openAuditLog } from '#storage/audit-log.ts'
import { openDatabase } from '#storage/database.ts'
import { BUILD } from './run.ts'
import { timed } from './timing.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' }, store: { type: 'string' } } })
const span = Number(values.seconds) * 1000
/** Callers that wait for their record before they send the next, as a server's requests do. */
const CALLERS = [1, 16, 256, 2000]

/** Bare commits of one small row, one after the other: what a log without group commit could do at best. */
async function bareCommits(url: string): Promise<number> {
  const database = await openDatabase(url)
  let commits = 0
  const end = performance.now() + span
  while (performance.now() < end) {
    await announce(database.sql, { topic: 'bench', key: 'x' }, 0)
    commits++
    // as in a server, others have their turn
    await new Promise((resolve) => setImmediate(resolve))
  }
  await database.close()
  return commits / (span / 1000)
}

async function records(url: string, callers: number) {
  const log = await openAuditLog(url, { node: `bench-${callers}`, clock: systemClock })
  const record = aDecisionRecord()
  let kept = 0
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const end = performance.now() + span
  const { cpuMs } = await timed(() =>
    Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() < end) {
          await log.append(record)
          kept++
        }
      }),
    ),
  )
  delay.disable()
  await log.close()
  return { rate: kept / (span / 1000), perCpuSecond: kept / (cpuMs / 1000), held: delay.percentile(99) / 1e6 }
}

mkdirSync(BUILD, { recursive: true })
const folder = mkdtempSync(join(BUILD, 'audit-'))
const url = values.store ?? join(folder, 'ambit.db')
const [before, after] = [await bareCommits(url), [] as string[]]
for (const callers of CALLERS) {
  const { rate, perCpuSecond, held } = await records(url, callers)
  after.push(
    `${String(callers).padStart(5)} callers: ${Math.round(rate)} records/s, ${(rate / before).toFixed(1)} times the bare commits, ` +
      `${Math.round(perCpuSecond)} per CPU-second; event loop held ${held.toFixed(1)} ms at the 99th percentile`,
  )
}
console.log(`load ${loadavg()[0]!.toFixed(1)}; bare durable commits: ${Math.round(before)}/s`)
for (const line of after) console.log(line)
console.log(`bare durable commits again: ${Math.round(await bareCommits(url))}/s`)
rmSync(folder, { recursive: true, force: true })
