import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { keyringOf } from '#authn/keyring.ts'
import type { Message } from '#authn/ports.ts'
import type { Database } from '#storage/database.ts'
import { outboxStore } from '#storage/outbox.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { openOutbox, type DeliveryRecord, type Outbox } from './outbox.ts'
import type { Handed, Provider, Rendered } from './provider.ts'
import { mailOver, startMailServer } from './smtp.fixture.ts'

const keyring = keyringOf([{ id: 'k1', secret: new Uint8Array(32).fill(7) }])
const CODE = '48151623'

interface Running {
  readonly outbox: Outbox
  readonly records: DeliveryRecord[]
  readonly troubles: unknown[]
  /** what became of codes, by prefix */
  readonly fates: string[]
  /** codes that nobody waits for any more */
  readonly unwanted: Set<string>
}

interface Time {
  now: number
}

function running(context: TestContext, database: Database, providers: readonly Provider[], time: Time): Running {
  const records: DeliveryRecord[] = []
  const troubles: unknown[] = []
  const fates: string[] = []
  const unwanted = new Set<string>()
  const outbox = openOutbox({
    store: outboxStore(database),
    keyring,
    providers,
    brand: 'Tidewicket',
    clock: () => time.now,
    record: async (record) => void records.push(record),
    isWanted: async (id) => !unwanted.has(id),
    onFate: async (prefix, fate) => void fates.push(`${prefix} ${fate}`),
    onTrouble: (_what, error) => void troubles.push(error),
  })
  context.after(() => outbox.stop())
  return { outbox, records, troubles, fates, unwanted }
}

/** A provider that answers as it is told, and notes what it was given. */
function scripted(answers: readonly Handed[], changed: Partial<Provider> = {}) {
  const given: Rendered[] = []
  const provider: Provider = {
    name: 'scripted',
    channel: 'mail',
    idempotent: false,
    hand: async (message) => {
      given.push(message)
      return answers[Math.min(given.length, answers.length) - 1]!
    },
    close: async () => {},
    ...changed,
  }
  return { provider, given }
}

const TAKEN: Handed = { outcome: 'taken', reference: 'ref-1' }
const BUSY: Handed = { outcome: 'refused', lasting: false, why: 'busy' }
const LOST: Handed = { outcome: 'unclear', why: 'lost' }

const codeFor = (id: string, now: number, to = 'ada@example.org'): Message => ({
  id,
  channel: 'mail',
  to,
  template: 'code',
  values: { code: CODE, forWhat: 'the shop', minutes: '5' },
  language: 'en',
  expiresAt: now + 300_000,
})
const noticeFor = (id: string, now: number): Message => ({
  ...codeFor(id, now),
  template: 'authenticator_added',
  values: { name: 'key' },
})

const stateOf = (database: Database, id: string) =>
  database.sql.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

type TestMail = Awaited<ReturnType<typeof startMailServer>>['mails'][number]

onEveryStore('a code reaches a mail server once, and the store never tells', async ({ open }, context) => {
  const server = await startMailServer()
  context.after(() => server.close())
  const [database, again] = [await open(), await open()]
  const time = { now: 1_800_000_000_000 }
  const nodes = [database, again].map((each) => running(context, each, [mailOver(server.port)], time))
  await nodes[0]!.outbox.send(codeFor('ch_1', time.now))
  await nodes[1]!.outbox.send(codeFor('ch_1', time.now))
  const dump = JSON.stringify(await database.sql.selectFrom('outbox').selectAll().execute())
  assert.ok(!dump.includes(CODE) && !dump.includes('ada@example.org'), 'the store tells')
  await Promise.all(nodes.map(({ outbox }) => outbox.deliver()))
  assert.equal(server.mails.length, 1)
  const [{ to, from, raw, mail }] = server.mails as [TestMail]
  assert.deepEqual([to, from], [['ada@example.org'], 'no-reply@tidewicket.example'])
  assert.match(mail.text ?? '', new RegExp(CODE))
  assert.match(raw, /^Message-ID: <ch_1@tidewicket\.example>\r?$/im)
  assert.match(raw, /^Auto-Submitted: auto-generated\r?$/im)
  const row = await stateOf(database, 'ch_1')
  assert.deepEqual([row.state, row.sealed], ['sent', ''])
  const said = JSON.stringify(nodes.map(({ records, troubles }) => [records, troubles.map(String)]))
  assert.ok(!said.includes(CODE))
  assert.equal(nodes.flatMap(({ records }) => records).length, 1)
})

onEveryStore('a code that went out without an answer is not sent again; a notice is', async ({ open }, context) => {
  const database = await open()
  const time = { now: 1_800_000_000_000 }
  const { provider, given } = scripted([LOST, LOST, TAKEN])
  const { outbox, records } = running(context, database, [provider], time)
  await outbox.send(codeFor('ch_1', time.now))
  await outbox.deliver()
  assert.equal((await stateOf(database, 'ch_1')).state, 'unclear')
  await outbox.send(noticeFor('nt_1', time.now))
  await outbox.deliver()
  time.now += 5000
  await outbox.deliver()
  assert.deepEqual(
    given.map(({ id }) => id),
    ['ch_1', 'nt_1', 'nt_1'],
  )
  assert.deepEqual(
    records.map(({ did }) => did),
    ['failed', 'sent'],
  )
})

onEveryStore(
  'a code without an answer from a provider that knows ids goes to nobody else, whatever that one says next',
  async ({ open }, context) => {
    const database = await open()
    const time = { now: 1_800_000_000_000 }
    const first = scripted([LOST, BUSY, LOST, TAKEN], { name: 'first', idempotent: true })
    const second = scripted([TAKEN], { name: 'second', idempotent: true })
    const { outbox } = running(context, database, [first.provider, second.provider], time)
    await outbox.send(codeFor('ch_1', time.now))
    for (let i = 0; i < 4; i++) {
      await outbox.deliver()
      time.now += 30_000
    }
    assert.deepEqual([first.given.length, second.given.length], [4, 0])
    assert.equal((await stateOf(database, 'ch_1')).state, 'sent')
  },
)

onEveryStore('what a node had when it died is taken up by another', async ({ open }, context) => {
  const [database, again] = [await open(), await open()]
  const time = { now: 1_800_000_000_000 }
  const store = outboxStore(database)
  for (const message of [codeFor('ch_1', time.now), noticeFor('nt_1', time.now), codeFor('ch_2', time.now)]) {
    const { id, channel, to, values, template, language, expiresAt } = message
    const sealed = await keyring.seal(`outbox ${id}`, JSON.stringify({ to, values }))
    const waiting = { state: 'waiting', tries: 0, due: 0, provider: null, prefix: null } as const
    await store.add({ id, channel, template, language, sealed, expiresAt, ...waiting }, time.now)
    const until = time.now + 60_000
    assert.ok(await store.claim(time.now, until))
    // ch_2 had been claimed but did not go out
    if (id !== 'ch_2') assert.ok(await store.handOver(id, until, 'scripted'))
  }
  const { provider, given } = scripted([TAKEN])
  const { outbox } = running(context, again, [provider], time)
  await outbox.deliver()
  assert.equal(given.length, 0, 'the claim of the other still holds')
  time.now += 60_000
  await outbox.deliver()
  assert.deepEqual(given.map(({ id }) => id).toSorted(), ['ch_2', 'nt_1'])
  assert.equal((await stateOf(database, 'ch_1')).state, 'unclear')
})

onEveryStore(
  'where one provider fails the next is tried, and a broken one is left alone',
  async ({ open }, context) => {
    const database = await open()
    const time = { now: 1_800_000_000_000 }
    const first = scripted([BUSY], { name: 'first' })
    const second = scripted([TAKEN], { name: 'second' })
    const { outbox } = running(context, database, [first.provider, second.provider], time)
    for (let i = 0; i < 6; i++) {
      await outbox.send(codeFor(`ch_${i}`, time.now))
      await outbox.deliver()
    }
    assert.equal(second.given.length, 6)
    assert.equal(first.given.length, 3)
    time.now += 20_000
    await outbox.send(codeFor('ch_9', time.now))
    await outbox.deliver()
    assert.equal(first.given.length, 4, 'tried again after the pause')
  },
)

onEveryStore('a code that is too old is dropped and forgotten, not sent late', async ({ open }, context) => {
  const database = await open()
  const time = { now: 1_800_000_000_000 }
  const { provider, given } = scripted([BUSY, TAKEN])
  const { outbox, records } = running(context, database, [provider], time)
  await outbox.send(codeFor('ch_1', time.now))
  await outbox.deliver()
  time.now += 300_000
  await outbox.deliver()
  const row = await stateOf(database, 'ch_1')
  assert.deepEqual([row.state, row.sealed, given.length], ['expired', '', 1])
  assert.deepEqual(records.at(-1), { did: 'failed', channel: 'mail', message: 'ch_1', why: ['expired'] })
})

onEveryStore('a receipt is noted once, for the message that it is of', async ({ open }, context) => {
  const database = await open()
  const time = { now: 1_800_000_000_000 }
  const { provider } = scripted([TAKEN])
  const { outbox, records } = running(context, database, [provider], time)
  await outbox.send(codeFor('ch_1', time.now))
  await outbox.deliver()
  assert.ok(await outbox.receipt('scripted', { reference: 'ref-1', delivered: true }))
  const others = [
    outbox.receipt('another', { reference: 'ref-1', delivered: true }),
    outbox.receipt('scripted', { reference: 'ref-1', delivered: false }),
  ]
  assert.deepEqual(await Promise.all(others), [false, false])
  assert.deepEqual(
    records.map(({ did }) => did),
    ['sent', 'confirmed'],
  )
})

onEveryStore(
  'a code that was replaced, or ends while providers are tried, goes out no more',
  async ({ open }, context) => {
    const database = await open()
    const time = { now: 1_800_000_000_000 }
    const second = scripted([TAKEN], { name: 'second' })
    const slow: Provider = {
      ...scripted([BUSY]).provider,
      hand: async () => {
        time.now += 20_000
        return BUSY
      },
    }
    const { outbox, records, unwanted } = running(context, database, [slow, second.provider], time)
    unwanted.add('ch_1')
    await outbox.send(codeFor('ch_1', time.now))
    await outbox.send({ ...codeFor('ch_2', time.now), expiresAt: time.now + 10_000 })
    await outbox.deliver()
    time.now += 60_000
    await outbox.deliver()
    assert.deepEqual(second.given, [])
    assert.deepEqual(records.map(({ message, why }) => [message, ...why]).toSorted(), [
      ['ch_1', 'replaced'],
      ['ch_2', 'expired'],
    ])
    assert.equal((await stateOf(database, 'ch_1')).sealed, '')
  },
)

onEveryStore('receipts count for the prefix of a number, which nothing else is kept of', async ({ open }, context) => {
  const database = await open()
  const time = { now: 1_800_000_000_000 }
  const { provider } = scripted(
    ['a', 'b'].map((reference) => ({ outcome: 'taken', reference }) as const),
    { channel: 'sms' },
  )
  const { outbox, fates, unwanted } = running(context, database, [provider], time)
  unwanted.add('ch_3')
  for (const id of ['ch_1', 'ch_2', 'ch_3']) {
    await outbox.send({ ...codeFor(id, time.now, '+4915112345678'), channel: 'sms' })
    await outbox.deliver()
  }
  await outbox.receipt('scripted', { reference: 'a', delivered: true })
  await outbox.receipt('scripted', { reference: 'b', delivered: false })
  assert.deepEqual(fates, ['+491511 unsent', '+491511 delivered', '+491511 undelivered'])
  const dump = JSON.stringify(await database.sql.selectFrom('outbox').selectAll().execute())
  assert.ok(dump.includes('+491511') && !dump.includes('+4915112'))
})

onEveryStore('a message for more than one recipient is refused before it is stored', async ({ open }, context) => {
  const database = await open()
  const time = { now: 1_800_000_000_000 }
  const { provider, given } = scripted([TAKEN])
  const { outbox } = running(context, database, [provider], time)
  const bad = [
    'a@example.org, b@example.org',
    'a@example.org;b@example.org',
    'a@example.org\r\nbcc: b@example.org',
    'Ada <a@example.org>',
    'A@Example.org',
    'a@example.org%0ab@example.org',
    '"a@example.org, b"@example.org',
    '',
  ]
  for (const to of bad) await assert.rejects(outbox.send(codeFor('ch_1', time.now, to)), { code: 'internal' })
  const two = ['a@example.org', 'b@example.org'] as never
  await assert.rejects(outbox.send({ ...codeFor('ch_1', time.now), to: two }))
  const sms = { ...codeFor('ch_1', time.now), channel: 'sms', to: '+4915112345678' } as const
  await assert.rejects(outbox.send(sms), { code: 'config_invalid' })
  await outbox.deliver()
  assert.equal(given.length, 0)
})

void test('a mail server that refuses, or is not there, is told apart from one that fell silent', async (context) => {
  const rendered = {
    id: 'm',
    subject: 's',
    text: 't',
    html: null,
    language: 'en',
    expiresAt: 0,
    template: 'code',
    data: null,
  }
  const answering = (responseCode: number) =>
    startMailServer({ onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no'), { responseCode })) })
  const [refusing, later] = [await answering(550), await answering(451)]
  // takes the whole message, and breaks the connection instead of answering
  const silent = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('220 here\r\n')
    let whole: string | null = null
    socket.on('data', (data) => {
      if (whole !== null) {
        // a message may come in pieces
        whole += data.toString()
        if (whole.endsWith('\r\n.\r\n')) socket.destroy()
        return
      }
      const isData = data.toString().startsWith('DATA')
      if (isData) whole = ''
      socket.write(isData ? '354 go on\r\n' : '250 fine\r\n')
    })
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  context.after(() => Promise.all([refusing.close(), later.close(), new Promise((resolve) => silent.close(resolve))]))
  const hand = async (port: number, changed = {}) => {
    const provider = mailOver(port, changed)
    const handed = await provider.hand({ ...rendered, to: 'ada@example.org' })
    await provider.close()
    return handed
  }
  assert.deepEqual(await hand(refusing.port), { outcome: 'refused', lasting: true, why: 'smtp_550' })
  assert.deepEqual(await hand(later.port), { outcome: 'refused', lasting: false, why: 'smtp_451' })
  assert.deepEqual(await hand(1), { outcome: 'refused', lasting: false, why: 'ESOCKET' })
  assert.equal((await hand((silent.address() as AddressInfo).port)).outcome, 'unclear')
  // without STARTTLS nothing goes out where it is required
  assert.equal((await hand(later.port, { security: 'starttls' })).outcome, 'refused')
})
