import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as elapsed } from 'node:timers/promises'
import { keyringOf } from '#authn/keyring.ts'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { openDatabase } from '#storage/database.ts'
import { outboxStore } from '#storage/outbox.ts'
import { newPostgres, sqliteUrl, startedCluster } from '#storage/stores.fixture.ts'
import { startCentre } from './smsc.fixture.ts'

/** Kills of each store; more with `AMBIT_KILLS`. */
const KILLS = Number(process.env['AMBIT_KILLS'] ?? 4)
const CODES = 60
const NOTICES = 30
const keyring = keyringOf([{ id: 'k1', secret: new Uint8Array(32).fill(7) }])

void test('killed at any moment, no code is sent twice and no message is forgotten (SQLite)', (context) =>
  killedOn(context, sqliteUrl(context)))
void test('killed at any moment, no code is sent twice and no message is forgotten (PostgreSQL)', async (context) => {
  const cluster = startedCluster()
  if (cluster === null) return context.skip('no PostgreSQL on this machine')
  await killedOn(context, await newPostgres(await cluster))
})

async function killedOn(context: TestContext, url: string): Promise<void> {
  const centre = await startCentre({ delayMs: 15 })
  context.after(() => centre.close())
  const hooked = new Map<string, number>()
  const server = createServer((request, response) => {
    const id = String(request.headers['webhook-id'])
    hooked.set(id, (hooked.get(id) ?? 0) + 1)
    request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), 15))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  const hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await promised(url)
  // the life of a code is long here, so that none ends before the claims of the killed do
  const database = await openDatabase(url)
  context.after(() => database.close())
  let done = false
  // one at least is on its way when the first is killed: the centre never answers it
  centre.answers.push('silent')
  for (let round = 0; !done; round++) {
    assert.ok(round < KILLS + 5, 'it never ends')
    const before = centre.submits.length
    const isDue = round % 2 === 0 ? () => centre.submits.length > before : () => true
    const isOver = await deliverAndKill(
      [url, String(centre.port), hook, String(round * 61_000)],
      round < KILLS ? { isDue, wait: (round * 25) % 110 } : null,
    )
    // one that a provider could not take then waits for its next try
    const open = await database.sql.selectFrom('outbox').select(['id', 'failure']).where('sealed', '<>', '').execute()
    for (const { id, failure } of isOver ? open : []) context.diagnostic(`${id} is tried again: ${failure}`)
    done = isOver && open.length === 0
  }
  const rows = await database.sql.selectFrom('outbox').select(['id', 'state', 'sealed']).execute()
  const sent = new Map<string, number>()
  for (const { text } of centre.submits) {
    const [code = ''] = /[0-9]{8}/.exec(text) ?? []
    sent.set(code, (sent.get(code) ?? 0) + 1)
  }
  let unclear = 0
  for (const { id, state, sealed } of rows) {
    assert.equal(sealed, '', `${id} is still there`)
    if (id.startsWith('nt')) {
      assert.equal(state, 'sent', id)
      assert.ok(hooked.has(id), `${id} was lost`)
      continue
    }
    const times = sent.get(id.slice(3)) ?? 0
    assert.ok(times <= 1, `${id} came ${times} times`)
    assert.ok(state === 'sent' || state === 'unclear', `${id} is ${state}`)
    if (state === 'sent') assert.equal(times, 1, `${id} was lost`)
    else unclear++
  }
  assert.equal(rows.length, CODES + NOTICES)
  // those on their way when it was killed, and no others
  assert.ok(unclear > 0 && unclear <= KILLS * 8, `${unclear} unclear`)
}

async function promised(url: string): Promise<void> {
  const database = await openDatabase(url)
  const store = outboxStore(database)
  const now = systemClock()
  const common = { language: 'en', state: 'waiting', tries: 0, due: 0, provider: null, prefix: null } as const
  const expiresAt = now + 86_400_000
  for (let i = 0; i < CODES; i++) {
    const code = String(10_000_000 + i)
    const values = { code, forWhat: 'the shop', minutes: '5' }
    const sealed = await keyring.seal(`outbox ch_${code}`, JSON.stringify({ to: '+4915112345678', values }))
    await store.add({ ...common, id: `ch_${code}`, channel: 'sms', template: 'code', sealed, expiresAt }, now)
  }
  for (let i = 0; i < NOTICES; i++) {
    const sealed = await keyring.seal(`outbox nt_${i}`, JSON.stringify({ to: 'ada@example.org', values: {} }))
    await store.add({ ...common, id: `nt_${i}`, channel: 'mail', template: 'key_cloned', sealed, expiresAt }, now)
  }
  await database.close()
}

/** Whether it came to its end by itself; `kill` is what it may do before it is killed, and how many milliseconds it may work then. */
async function deliverAndKill(
  args: readonly string[],
  kill: { readonly isDue: () => boolean; readonly wait: number } | null,
): Promise<boolean> {
  const child = spawn(process.execPath, [new URL('killed.fixture.ts', import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const ready = Promise.withResolvers<void>()
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString()
    ready.resolve()
  })
  const over = new Promise<void>((resolve) => child.on('close', () => resolve()))
  await Promise.race([ready.promise, over])
  if (kill !== null) {
    await until(() => said.includes('done') || kill.isDue(), 'it delivers nothing')
    await elapsed(kill.wait)
    child.kill('SIGKILL')
  }
  await over
  return said.includes('done')
}
