/**
 * One-time codes verified, each with its guess counted, its counter moved and its record in the audit log, all on disk before it is
 * accepted; beside bare commits of one row each on the same store, by as many callers, in the same run.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { generateSync } from 'otplib'
import pg from 'pg'
import { answerOtp, confirmOtp, enrolOtp } from '#authn/app-code.ts'
import { attemptOf, toolsOver, type TestTools } from '#authn/tools.fixture.ts'
import { systemClock } from '#lib/clock.ts'
import { recordOf } from '#server/ceremony-record.ts'
import { openAuditLog } from '#storage/audit-log.ts'
import { openDatabase } from '#storage/database.ts'
import { newPostgres, startedCluster } from '#storage/stores.fixture.ts'
import { BUILD } from './run.ts'
import type { Measured } from './timing.ts'

/** Callers that wait for their answer before they ask again, as browsers do; each an account of its own. */
const CALLERS = 64
/** Connections of the server to PostgreSQL (storage/database.ts), and so of the bare commits. */
const CONNECTIONS = 20
const MS = 4000

/** Bare durable commits a second of SQLite itself: one after the other, there is one writer. */
function bareSqlite(path: string): number {
  const raw = new DatabaseSync(path)
  raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; create table if not exists bare (n integer)')
  const insert = raw.prepare('insert into bare values (1)')
  let commits = 0
  const end = performance.now() + MS
  while (performance.now() < end) {
    insert.run()
    commits++
  }
  raw.close()
  return commits / (MS / 1000)
}

async function barePostgres(url: string, connections: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  await pool.query('create table if not exists bare (n int)')
  let commits = 0
  const end = performance.now() + MS
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = await pool.connect()
      while (performance.now() < end) {
        await client.query({ name: 'bare', text: 'insert into bare values (1)' })
        commits++
      }
      client.release()
    }),
  )
  await pool.end()
  return commits / (MS / 1000)
}

interface Token {
  readonly account: string
  readonly secret: string
  counter: number
}

async function enrolled(tools: TestTools, account: string): Promise<Token> {
  const about = { account, label: account, issuer: 'Ambit', name: 'token', boundAtAal: 2, strategy: 'hotp' } as const
  const { id, secret } = await enrolOtp(tools, about)
  const typed = generateSync({ strategy: 'hotp', secret, counter: 0 })
  const done = await confirmOtp(tools, { ...attemptOf({ purpose: 'enrol', account }), id, typed })
  if (!done.accepted) throw new Error('no token could be enrolled')
  return { account, secret, counter: 1 }
}

async function verifications(url: string): Promise<{ perSecond: number; cpuMs: number }> {
  const database = await openDatabase(url)
  const audit = await openAuditLog(url, { node: 'bench', clock: systemClock })
  const tools = toolsOver(database)
  const record: TestTools['record'] = async (it) => void (await audit.append(recordOf(it)))
  Object.assign(tools, { record, clock: systemClock })
  const tokens = await Promise.all(Array.from({ length: CALLERS }, (_, i) => enrolled(tools, `idp:${i}`)))
  const run = async (ms: number): Promise<number> => {
    let verified = 0
    const end = performance.now() + ms
    await Promise.all(
      tokens.map(async (token) => {
        while (performance.now() < end) {
          const typed = generateSync({ strategy: 'hotp', secret: token.secret, counter: token.counter++ })
          const outcome = await answerOtp(tools, { ...attemptOf({ account: token.account }), factor: 'hotp', typed })
          if (!outcome.accepted)
            throw new Error(`a right code was refused: ${outcome.reason}`, { cause: tools.troubles.at(-1) })
          verified++
        }
      }),
    )
    return verified
  }
  await run(MS / 2) // until it is compiled
  const before = process.cpuUsage()
  const verified = await run(MS)
  const { user, system } = process.cpuUsage(before)
  await audit.close()
  await database.close()
  return { perSecond: verified / (MS / 1000), cpuMs: (user + system) / 1000 / verified }
}

const rounded = (ratio: number): number => Math.round(ratio * 100) / 100

/** Bare commits before and after, so that a disk that changes its mind shows. */
async function beside(name: string, bare: () => number | Promise<number>, url: string) {
  const before = await bare()
  const { perSecond, cpuMs } = await verifications(url)
  const after = await bare()
  return {
    [`${name}: verifications per second`]: Math.round(perSecond),
    [`${name}: bare commits per second`]: Math.round((before + after) / 2),
    [`${name}: ratio`]: rounded(perSecond / ((before + after) / 2)),
    [`${name}: CPU ms per verification`]: rounded(cpuMs),
  }
}

/** @param stores `sqlite`, `postgres` or `both` */
export async function timeVerify(stores: string): Promise<Omit<Measured, 'peakMb'>> {
  mkdirSync(BUILD, { recursive: true })
  const folder = mkdtempSync(join(BUILD, 'verify-'))
  try {
    const path = join(folder, 'ambit.db')
    const sqlite = stores === 'postgres' ? {} : await beside('SQLite', () => bareSqlite(join(folder, 'bare.db')), path)
    const cluster = stores === 'sqlite' ? null : startedCluster({ fsync: true })
    const url = cluster === null ? null : await newPostgres(await cluster)
    const alone = url === null ? null : Math.round(await barePostgres(url, 1))
    const postgres =
      url === null
        ? {}
        : {
            ...(await beside('PostgreSQL', () => barePostgres(url, CONNECTIONS), url)),
            'PostgreSQL: bare commits per second of one connection': alone!,
          }
    return { wallMs: 2 * MS, cpuMs: 0, notes: { ...sqlite, ...postgres } }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
