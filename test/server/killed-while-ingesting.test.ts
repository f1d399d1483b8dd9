import { strict as assert } from 'node:assert'
import { fork } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newPostgres, sqliteUrl, startedCluster } from '#storage/stores.fixture.ts'

interface Said {
  readonly found?: number
  readonly trouble?: string | null
  readonly trying?: number
  readonly acknowledged?: number
}

const CHILD = new URL('ingest.fixture.ts', import.meta.url)
// compiled once: what is tested is the kill, not the start
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ambit-test-compile-cache') }

/** Kills per store. Each takes a process; `AMBIT_KILLS=34` makes 102 on SQLite, as before a release. */
const KILLS = Number(process.env['AMBIT_KILLS'] ?? 4)

/** Starts the process, kills it after so many acknowledgements and milliseconds, and returns what it had said. */
async function killed(url: string, after: { acknowledged: number; ms: number }): Promise<Said[]> {
  const child = fork(CHILD, [url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env })
  const said: Said[] = []
  let timer: NodeJS.Timeout | undefined
  // not `exit`: what it said before it was killed may still be on its way
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.on('message', (message: Said) => {
    said.push(message)
    const count = said.filter(({ acknowledged }) => acknowledged !== undefined).length
    const due = said.some(({ found }) => found !== undefined) && count >= after.acknowledged
    if (due) timer ??= setTimeout(() => child.kill('SIGKILL'), after.ms)
  })
  await gone
  clearTimeout(timer)
  return said
}

/** Kills again and again; each start must find what was acknowledged, whole. */
async function killOften(url: string, rounds: number): Promise<void> {
  let [acknowledged, tried] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const said = await killed(url, { acknowledged: round % 3, ms: (round * 7) % 23 })
    const [first] = said
    assert.equal(first?.trouble, null)
    const found = first?.found ?? -1
    assert.ok(found >= acknowledged && found <= tried, `${found} is not between ${acknowledged} and ${tried}`)
    acknowledged = Math.max(found, ...said.map((each) => each.acknowledged ?? 0))
    tried = Math.max(found, ...said.map((each) => each.trying ?? 0))
  }
  assert.ok(tried > rounds / 4)
}

test('a process killed while it takes inventories loses nothing that it acknowledged, and leaves none half taken (SQLite)', async (context: TestContext) => {
  await Promise.all([sqliteUrl(context), sqliteUrl(context), sqliteUrl(context)].map((url) => killOften(url, KILLS)))
})

test('a process killed while it takes inventories loses nothing that it acknowledged, and leaves none half taken (PostgreSQL)', async (context: TestContext) => {
  const cluster = startedCluster()
  if (cluster === null) return context.skip('no PostgreSQL on this machine')
  await killOften(await newPostgres(await cluster), KILLS)
})
