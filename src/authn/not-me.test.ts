import assert from 'node:assert/strict'
import { sql } from 'kysely'
import type { Database } from '#storage/database.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { recoveryStore } from '#storage/recoveries.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { keyringOf } from './keyring.ts'
import { NOT_ME_TTL_MS, notMeOf, notMeToken } from './not-me.ts'
import { openRecovery } from './recover.ts'
import { DEFAULT_RECOVERY } from './recovery.ts'
import { sayNotMe } from './say-not-me.ts'
import { tellOverdue } from './tellings.ts'
import { toolsOver } from './tools.fixture.ts'

const DAY = 86_400_000
const TOLD = 'mail ada@example.org'

function nodeOn(database: Database) {
  const tools = toolsOver(database)
  const identifiers = identifierStore(database, tools.clock)
  const store = recoveryStore(database)
  const recovery = { tools, store, rules: DEFAULT_RECOVERY, impactOf: () => 'low' as const }
  const token = (template = 'authenticator_added', account = 'idp:ada') =>
    notMeToken(tools.keyring, { account, notice: template, told: TOLD }, tools.now)
  const say = (link: unknown) => sayNotMe({ recovery, identifiers }, link)
  const opened = (account = 'idp:ada') => openRecovery(recovery, account, 'thief')
  const stateOf = async (account = 'idp:ada') => {
    const { status, locks } = await tools.accounts.stateOf(account)
    return [status, ...locks]
  }
  /** somebody whose address is known for a month */
  const known = (account = 'idp:ada') =>
    identifiers.add({
      kind: 'mail',
      canonical: 'ada@example.org',
      shown: 'ada@example.org',
      account,
      verifiedAt: tools.now - 30 * DAY,
      addedAt: tools.now - 30 * DAY,
      boundAtAal: 2,
    })
  return { tools, recovery, token, say, opened, known, stateOf }
}

onEveryStore(
  'a link that says it was not me is read any number of times and works once, on all nodes',
  async ({ open }) => {
    const [one, other] = [nodeOn(await open()), nodeOn(await open())]
    const link = one.token()
    assert.equal(notMeOf(one.tools.keyring, link, one.tools.now)?.account, 'idp:ada')
    assert.equal(notMeOf(one.tools.keyring, link, one.tools.now + 1)?.told, TOLD)
    const all = () => Promise.all(Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? one : other).say(link)))
    assert.deepEqual((await all()).toSorted(), ['locked', ...Array.from({ length: 15 }, () => 'over')])
    assert.deepEqual(await one.stateOf(), ['frozen', 'not_me'])
    assert.equal((await one.tools.accounts.stateOf('idp:ada')).epoch, 1)
    const told = [...one.tools.notices, ...other.tools.notices].map(({ template }) => template)
    assert.deepEqual(told, ['account_frozen'])
    const records = [...one.tools.records, ...other.tools.records].map(({ kind, reason }) => [kind, reason])
    assert.deepEqual(records, [['lock', 'not_me']])
  },
)

onEveryStore('of many who stop one recovery by one link, one does, and nobody locks the account', async ({ open }) => {
  const [one, other] = [nodeOn(await open()), nodeOn(await open())]
  await one.known()
  const { id } = await one.opened()
  const link = one.token('recovery_requested')
  const all = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? one : other).say(link))
  assert.deepEqual((await Promise.all(all)).toSorted(), [...Array.from({ length: 15 }, () => 'over'), 'stopped'])
  assert.equal((await one.recovery.store.find(id!))?.case.state, 'vetoed')
  assert.deepEqual(await one.stateOf(), ['active'])
  assert.equal(await one.recovery.store.vetoesOf('idp:ada', TOLD, 0), 1)
})

/** A store that fails in the middle of a step, and is whole again. */
async function without(database: Database, table: string, work: () => Promise<void>): Promise<void> {
  const rename = (from: string, to: string) =>
    sql`alter table ${sql.table(from)} rename to ${sql.table(to)}`.execute(database.sql)
  await rename(table, 'away')
  await work()
  await rename('away', table)
}

onEveryStore(
  'where the store fails before all of it is done, nothing is, and the link is as good as before',
  async ({ open }) => {
    const database = await open()
    const node = nodeOn(database)
    await node.known()
    for (const table of ['sessions', 'tellings']) {
      // nothing to stop, a recovery that the link is about, and one that it is not about
      for (const [notice, recovers, done] of [
        ['authenticator_added', false, 'locked'],
        ['recovery_requested', true, 'stopped'],
        ['authenticator_added', true, 'locked'],
      ] as const) {
        const id = recovers ? (await node.opened()).id : null
        const link = node.token(notice)
        if (table === 'tellings' || done === 'locked') {
          const before = await node.stateOf()
          await without(database, table, () => assert.rejects(node.say(link)))
          assert.deepEqual(await node.stateOf(), before)
          if (id !== null) assert.equal((await node.recovery.store.find(id))?.case.state, 'requested')
          assert.equal(await node.recovery.store.vetoesOf('idp:ada', TOLD, node.tools.now), 0)
        }
        assert.equal(await node.say(link), done, `${table} ${notice}`)
        assert.equal(await node.say(link), 'over')
        node.tools.now += DAY
        for (const lock of ['not_me', 'contested_recovery'] as const)
          await node.tools.accounts.endEverything('idp:ada', { unlocks: lock, reason: 'test' }, node.tools.now)
      }
    }
  },
)

onEveryStore('what could not be recorded or told when an account was locked is so later, once', async ({ open }) => {
  const [one, other] = [nodeOn(await open()), nodeOn(await open())]
  one.tools.broken.record = true
  const link = one.token()
  await assert.rejects(one.say(link))
  assert.deepEqual([await one.say(link), ...(await one.stateOf())], ['over', 'frozen', 'not_me'])
  assert.equal(await tellOverdue(other.tools), 0)
  other.tools.now += 60_000
  one.tools.now += 60_000
  // the audit log of one of them is still away
  await Promise.all([tellOverdue(other.tools), tellOverdue(one.tools).catch(() => {})])
  other.tools.now += 60_000
  await tellOverdue(other.tools)
  other.tools.now += 60_000
  assert.equal(await tellOverdue(other.tools), 0)
  const told = [one, other].flatMap(({ tools }) => [
    ...tools.records.map(({ event }) => event),
    ...tools.notices.map(({ template }) => template),
  ])
  assert.deepEqual(told.toSorted(), ['account_frozen', 'account_locked'])
})

onEveryStore('no recovery goes on that began while its account was being locked', async ({ open }) => {
  const [one, other] = [nodeOn(await open()), nodeOn(await open())]
  for (let round = 0; round < 20; round++) {
    const account = `idp:${round}`
    const [done] = await Promise.all([one.say(one.token('authenticator_added', account)), other.opened(account)])
    assert.equal(done, 'locked')
    assert.equal(await one.recovery.store.openOf(account), null)
    assert.ok((await one.stateOf(account)).includes('not_me'))
  }
})

onEveryStore('a link that was changed, cut, made by another key or is too old says nothing', async ({ open }) => {
  const node = nodeOn(await open())
  const { now } = node.tools
  const token = node.token()
  const [payload, ...mac] = token.split('.')
  const notice = { account: 'idp:eve', notice: 'authenticator_added', told: TOLD }
  const forged = Buffer.from(JSON.stringify({ ...notice, at: now, expiresAt: now * 2 })).toString('base64url')
  const other = keyringOf([{ id: 'k1', secret: new Uint8Array(32).fill(2) }])
  const bad = [
    `${forged}.${mac.join('.')}`,
    token.slice(0, -1),
    payload,
    `${payload}.`,
    '',
    undefined,
    ['a'],
    'x'.repeat(10_000),
    notMeToken(other, notice, now),
  ]
  for (const each of bad) assert.equal(await node.say(each), 'over')
  node.tools.now -= 1
  assert.equal(await node.say(token), 'over')
  node.tools.now += NOT_ME_TTL_MS + 1
  assert.equal(await node.say(token), 'over')
  assert.deepEqual(await node.stateOf(), ['active'])
})
