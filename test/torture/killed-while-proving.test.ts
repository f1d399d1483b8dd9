/**
 * A process is killed again and again while it accepts codes, counts guesses and sends messages. After each kill all that it tried is
 * tried again. `npm run torture` kills a hundred times on each store.
 */
import { strict as assert } from 'node:assert'
import { fork } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openOutbox } from '#delivery/outbox.ts'
import { openDatabase, type Database } from '#storage/database.ts'
import { outboxStore } from '#storage/outbox.ts'
import { newPostgres, sqliteUrl, startedCluster } from '#storage/stores.fixture.ts'
import { countingTools, EVE, keyring, submit, TO, type Item, type Said } from './steps.fixture.ts'

const KILLS = Number(process.env['AMBIT_KILLS'] ?? 4)
const CHILD = new URL('dying.fixture.ts', import.meta.url)
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ambit-test-compile-cache') }
/** Milliseconds of the tests' own time between two lives: longer than a message may be claimed. */
const BETWEEN = 120_000

/** Starts a process, and kills it so many milliseconds after it had done so much. */
async function livedUntilKilled(url: string, now: number, after: { done: number; ms: number }): Promise<Said[]> {
  const child = fork(CHILD, [url, String(now)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env })
  const said: Said[] = []
  let timer: NodeJS.Timeout | undefined
  // not `exit`: what it said before it was killed may still be on its way
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.on('message', (message: Said) => {
    said.push(message)
    const done = said.filter((each) => 'did' in each).length
    if (said.some((each) => 'ready' in each) && done >= after.done)
      timer ??= setTimeout(() => child.kill('SIGKILL'), after.ms)
  })
  await gone
  clearTimeout(timer)
  return said
}

/** What was acknowledged over all lives. */
interface Truth {
  guesses: number
  readonly promised: Map<string, boolean>
  readonly handed: Map<string, number>
  readonly counters: Map<string, number>
  accepted: number
  inFlight: number
  tookLater: number
}

async function look(database: Database, said: readonly Said[], truth: Truth): Promise<void> {
  const items = (pick: (each: Said) => Item | null) => said.flatMap((each) => pick(each) ?? [])
  const did = new Set(items((each) => ('did' in each ? each.did : null)).map((it) => JSON.stringify(it)))
  truth.guesses += Math.max(0, ...said.map((each) => ('guessed' in each ? each.guessed : 0)))
  for (const each of said) {
    if ('promised' in each) truth.promised.set(each.promised, each.once)
    if ('handed' in each) truth.handed.set(each.handed, (truth.handed.get(each.handed) ?? 0) + 1)
    if ('did' in each && each.did.kind === 'passkey') truth.counters.set(each.did.key, each.did.counter)
  }
  const { sql } = database
  const guessed = await sql.selectFrom('budgets').selectAll().where('account', '=', EVE).executeTakeFirst()
  assert.ok((guessed?.run_count ?? 0) >= truth.guesses, `${guessed?.run_count} guesses are counted of ${truth.guesses}`)
  const codes = [...truth.promised.values()].filter(Boolean).length
  const sends = await sql.selectFrom('send_limits').selectAll().where('key', 'like', `%${TO}%`).execute()
  const sent = Math.max(0, ...sends.map((row) => row.sent))
  assert.ok(sent >= codes, `${sent} sends are counted of ${codes}`)
  for (const [lookup, counter] of truth.counters) {
    const row = await sql.selectFrom('authenticators').selectAll().where('lookup', '=', lookup).executeTakeFirst()
    assert.ok((row?.counter ?? -1) >= counter, `a key is at ${row?.counter} and was at ${counter}`)
  }
  const tools = countingTools(database, 0)
  for (const item of items((each) => ('trying' in each ? each.trying : null))) {
    const before = did.has(JSON.stringify(item)) ? 1 : 0
    const [again, andAgain] = [await submit(tools, database, item), await submit(tools, database, item)]
    assert.ok(before + Number(again) + Number(andAgain) <= 1, `${item.kind} worked twice`)
    truth.accepted += before
    truth.inFlight += 1 - before
    truth.tookLater += Number(again)
  }
}

/** Delivers what the last life left, and holds every promise against what reached the provider. */
async function settle(database: Database, now: number, { promised, handed }: Truth): Promise<void> {
  const outbox = openOutbox({
    store: outboxStore(database),
    keyring,
    providers: [
      {
        name: 'parent',
        channel: 'mail',
        idempotent: false,
        hand: async ({ id }) => (handed.set(id, (handed.get(id) ?? 0) + 1), { outcome: 'taken', reference: id }),
        close: async () => {},
      },
    ],
    brand: 'Example',
    clock: () => now,
    record: async () => {},
    isWanted: async () => true,
    onFate: async () => {},
    onTrouble: (_what, error) => assert.fail(String(error)),
  })
  await outbox.deliver()
  await outbox.stop()
  const rows = await database.sql.selectFrom('outbox').selectAll().execute()
  const stateOf = new Map(rows.map(({ id, state }) => [id, state]))
  for (const [id, once] of promised) {
    const times = handed.get(id) ?? 0
    if (once) assert.ok(times <= 1, `code ${id} went out ${times} times`)
    // a code that may have gone out is never sent again, and says so
    if (times === 0) assert.deepEqual([once, stateOf.get(id)], [true, 'unclear'], `${id} was promised and lost`)
  }
  for (const { id, state } of rows) assert.ok(state === 'sent' || state === 'unclear', `${id} is ${state}`)
}

async function killAgainAndAgain(context: TestContext, url: string): Promise<void> {
  const truth: Truth = {
    guesses: 0,
    promised: new Map(),
    handed: new Map(),
    counters: new Map(),
    accepted: 0,
    inFlight: 0,
    tookLater: 0,
  }
  let now = 1_800_000_000_000
  for (let kill = 0; kill < KILLS; kill++) {
    const said = await livedUntilKilled(url, now, { done: (kill % 2) * 3, ms: (kill * 67) % 211 })
    assert.ok(said.some((each) => 'ready' in each))
    now = Math.max(now, ...said.map((each) => ('now' in each ? each.now : 0))) + BETWEEN
    const database = await openDatabase(url)
    try {
      await look(database, said, truth)
      if (kill === KILLS - 1) await settle(database, now, truth)
    } finally {
      await database.close()
    }
  }
  const { accepted, inFlight, tookLater, guesses, promised } = truth
  // three in every other life, however slow the machine
  assert.ok(accepted > KILLS)
  const told = `${accepted} acceptances, ${guesses} guesses and ${promised.size} messages acknowledged`
  context.diagnostic(
    `${KILLS} kills: ${told}, ${inFlight} submits cut off, of which ${tookLater} held when tried again`,
  )
}

test('what was accepted is accepted once, and what was counted stays counted, however often the process is killed (SQLite)', async (context) => {
  await killAgainAndAgain(context, sqliteUrl(context))
})

test('what was accepted is accepted once, and what was counted stays counted, however often the process is killed (PostgreSQL)', async (context) => {
  const cluster = startedCluster()
  if (cluster === null) return context.skip('no PostgreSQL on this machine')
  await killAgainAndAgain(context, await newPostgres(await cluster))
})
