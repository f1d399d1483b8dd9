/** Runs a test on every store: a new SQLite file, and a new database of a real PostgreSQL, started once per process. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import pg from 'pg'
import { openDatabase, type Database, type Dialect } from './database.ts'

export interface Store {
  readonly dialect: Dialect
  /** opens the same store again: another node on PostgreSQL, the same connection on SQLite */
  readonly open: () => Promise<Database>
  readonly url: string
}

/** Declares the test twice; what it opens is closed after it, and its store is removed. */
export function onEveryStore(title: string, work: (store: Store, context: TestContext) => Promise<void>): void {
  void test(`${title} (SQLite)`, (context) => withStore(context, 'sqlite', sqliteUrl(context), work))
  void test(`${title} (PostgreSQL)`, async (context) => {
    const cluster = startedCluster()
    if (cluster === null) return context.skip('no PostgreSQL on this machine')
    await withStore(context, 'postgres', await newPostgres(await cluster), work)
  })
}

async function withStore(
  context: TestContext,
  dialect: Dialect,
  url: string,
  work: (store: Store, context: TestContext) => Promise<void>,
): Promise<void> {
  const opened: Database[] = []
  const open = async () => {
    // Two connections of one thread to one SQLite file would wait for each other for ever: a node is a process there.
    if (dialect === 'sqlite' && opened.length > 0) return opened[0]!
    const database = await openDatabase(url)
    opened.push(database)
    return database
  }
  try {
    await work({ dialect, url, open }, context)
  } finally {
    for (const database of opened) await database.close().catch(() => {})
  }
}

/** A path in a folder that is removed after the test. */
export function sqliteUrl(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-store-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'ambit.db')
}

interface Cluster {
  readonly folder: string
  readonly bin: string
}

let cluster: Promise<Cluster> | null | undefined

/** The PostgreSQL of this process, or null where none is installed. `fsync` is for measurements; the first to ask decides. */
export function startedCluster({ fsync = false } = {}): Promise<Cluster> | null {
  if (cluster === undefined) {
    const bin = binaries()
    cluster = bin === null ? null : startCluster(bin, fsync)
  }
  return cluster
}

function binaries(): string | null {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return null
  const newest = readdirSync(root).toSorted((a, b) => Number(b) - Number(a))[0]
  return newest === undefined || !existsSync(join(root, newest, 'bin/initdb')) ? null : join(root, newest, 'bin')
}

/** The server refuses to run as root, so root starts it as `postgres`. */
function asOwner(command: string, parameters: readonly string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [command, [...parameters]]
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--', command, ...parameters]]
}

async function startCluster(bin: string, fsync: boolean): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-pg-'))
  chmodSync(folder, 0o755)
  if (process.getuid?.() === 0) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })))
    chownSync(folder, uid!, gid!)
  }
  const data = join(folder, 'data')
  const initialise = asOwner(join(bin, 'initdb'), ['-N', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '-D', data])
  execFileSync(...initialise, { stdio: 'ignore' })
  const settings = [
    `fsync=${fsync ? 'on' : 'off'}`,
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'max_connections=300',
  ]
  const server = spawn(...asOwner(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((each) => ['-c', each])]), {
    stdio: 'ignore',
  })
  server.unref()
  process.once('exit', () => {
    try {
      execFileSync(...asOwner(join(bin, 'pg_ctl'), ['stop', '-m', 'immediate', '-D', data]), { stdio: 'ignore' })
    } catch {
      // it is gone already
    }
    rmSync(folder, { recursive: true, force: true })
  })
  for (let tried = 1; ; tried++) {
    const client = new pg.Client({ host: folder, user: 'postgres', database: 'postgres' })
    try {
      await client.connect()
      await client.end()
      return { folder, bin }
    } catch (error) {
      if (tried === 1200) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** URL of a new, empty database. */
export async function newPostgres({ folder }: Cluster): Promise<string> {
  const name = `t${randomBytes(8).toString('hex')}`
  const client = new pg.Client({ host: folder, user: 'postgres', database: 'postgres' })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return `postgres://postgres@/${name}?host=${encodeURIComponent(folder)}`
}
