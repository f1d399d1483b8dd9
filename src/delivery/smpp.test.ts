import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import type { Receipt, Rendered } from './provider.ts'
import { QUICK, smsOver, startCentre } from './smsc.fixture.ts'
import { smsText } from './sms-text.ts'
import { selfSigned } from './tls.fixture.ts'

const message = (changed: Partial<Rendered> = {}): Rendered => ({
  id: 'ch_1',
  to: '+4915112345678',
  subject: 'Your code',
  text: 'Tidewicket: 48151623 is your code',
  html: null,
  language: 'en',
  expiresAt: systemClock() + 300_000,
  template: 'code',
  data: null,
  ...changed,
})

void test('a code reaches an SMS centre, whose receipt names it', async (context) => {
  const centre = await startCentre()
  context.after(() => centre.close())
  const provider = smsOver(centre.port)
  context.after(() => provider.close())
  const receipts: Receipt[] = []
  provider.listen!(async (receipt) => void receipts.push(receipt))
  const handed = await provider.hand(message())
  assert.deepEqual(handed, { outcome: 'taken', reference: 'm1' })
  const [{ to, text, pdu } = assert.fail()] = centre.submits
  assert.deepEqual([to, text], ['4915112345678', 'Tidewicket: 48151623 is your code'])
  assert.deepEqual(
    ['source_addr', 'source_addr_ton', 'dest_addr_ton', 'dest_addr_npi', 'data_coding', 'registered_delivery'].map(
      (field) => pdu[field],
    ),
    ['Tidewicket', 5, 1, 1, 0, 1],
  )
  // the centre is told to drop it when it is too late
  const left = (pdu['validity_period'] as Date).getTime() - systemClock()
  assert.ok(left > 280_000 && left < 301_000, String(left))
  assert.equal(await centre.receipt('m1', 'ENROUTE'), 0)
  assert.equal(await centre.receipt('m1', 'DELIVRD'), 0)
  assert.equal(await centre.receipt('m2', 'UNDELIV', 'fields'), 0)
  assert.deepEqual(receipts, [
    { reference: 'm1', delivered: true },
    { reference: 'm2', delivered: false },
  ])
})

void test('a receipt that could not be kept is asked for again', async (context) => {
  const centre = await startCentre()
  context.after(() => centre.close())
  const provider = smsOver(centre.port)
  context.after(() => provider.close())
  provider.listen!(() => Promise.reject(new Error('the store is down')))
  await provider.hand(message())
  assert.equal(await centre.receipt('m1', 'DELIVRD'), 0x64)
})

void test('what a centre says, or does not say, is told apart', async (context) => {
  const centre = await startCentre()
  context.after(() => centre.close())
  let now = systemClock()
  const provider = smsOver(centre.port, { clock: () => now })
  context.after(() => provider.close())
  provider.listen!(async () => {})
  centre.answers.push(0x0b, 0x08, 0x58, 0, 'drop')
  const outcomes: unknown[] = []
  const hand = async () => outcomes.push(await provider.hand(message()))
  await hand()
  await hand()
  await hand()
  // left alone after it had too much
  await hand()
  assert.equal(centre.submits.length, 3)
  now += 1000
  await hand()
  await hand()
  assert.deepEqual(outcomes, [
    { outcome: 'refused', lasting: true, why: 'invalid_destination' },
    { outcome: 'refused', lasting: false, why: 'smpp_8' },
    { outcome: 'refused', lasting: false, why: 'throttled' },
    { outcome: 'refused', lasting: false, why: 'throttled' },
    { outcome: 'taken', reference: 'm4' },
    { outcome: 'unclear', why: 'lost' },
  ])
  assert.equal((await provider.hand(message({ to: '+4915112345678;+4915112345679' }))).outcome, 'refused')
  // it comes back by itself, and serves
  await until(() => centre.sessions.size > 0 && centre.binds() >= 2)
  assert.equal((await provider.hand(message())).outcome, 'taken')
  const hasty = smsOver(centre.port, { times: QUICK })
  context.after(() => hasty.close())
  centre.answers.push('silent')
  assert.deepEqual(await hasty.hand(message()), { outcome: 'unclear', why: 'silent' })
})

void test('a centre that is away, refuses to bind, talks nonsense or falls silent keeps nobody waiting', async (context) => {
  const away = smsOver(1, { times: QUICK })
  const wrong = await startCentre()
  const refused = smsOver(wrong.port, { password: 'wrong', times: QUICK })
  const nonsense = createServer((socket) => {
    socket.on('error', () => {})
    socket.resume().write(Buffer.alloc(64, 0xff))
  })
  await new Promise<void>((resolve) => nonsense.listen(0, '127.0.0.1', resolve))
  const babbled = smsOver((nonsense.address() as AddressInfo).port, { times: QUICK })
  context.after(async () => {
    await Promise.all([away, refused, babbled].map((each) => each.close()))
    await wrong.close()
    await new Promise((resolve) => nonsense.close(resolve))
  })
  for (const provider of [away, refused, babbled])
    assert.deepEqual(await provider.hand(message()), { outcome: 'refused', lasting: false, why: 'unbound' })
  const centre = await startCentre()
  const provider = smsOver(centre.port, { times: { ...QUICK, bind: 5000, submit: 5000 } })
  context.after(async () => (await provider.close(), await centre.close()))
  const serves = async () => (await provider.hand(message())).outcome === 'taken'
  await until(serves, 'it does not serve')
  centre.dead = true
  const before = [...centre.sessions]
  await until(() => before.every((session) => !centre.sessions.has(session)), 'it holds on to who is dead')
  centre.dead = false
  await until(serves, 'it does not come back')
})

void test('over TLS the centre has to be who it says', async (context) => {
  const { key, cert } = await selfSigned('127.0.0.1')
  const centre = await startCentre({ key, cert })
  context.after(() => centre.close())
  const trusting = smsOver(centre.port, { tls: true, authorities: cert })
  const wary = smsOver(centre.port, { tls: true })
  context.after(() => Promise.all([trusting.close(), wary.close()]))
  assert.equal((await trusting.hand(message())).outcome, 'taken')
  assert.deepEqual(await wary.hand(message()), { outcome: 'refused', lasting: false, why: 'unbound' })
  assert.equal(centre.submits.length, 1)
})

void test('a text goes out in seven bits where it can, and whole', async (context) => {
  const centre = await startCentre()
  context.after(() => centre.close())
  const provider = smsOver(centre.port)
  context.after(() => provider.close())
  const texts = ['ä€@{}[]', 'Ihr Code für „Läden“', 'x'.repeat(161), 'ж'.repeat(71), '🔑 48151623']
  for (const text of texts) assert.equal((await provider.hand(message({ text }))).outcome, 'taken')
  assert.deepEqual(
    centre.submits.map(({ text, pdu }) => [text, pdu['data_coding'], pdu['message_payload'] !== undefined]),
    [
      [texts[0], 0, false],
      [texts[1], 8, false],
      [texts[2], 0, true],
      [texts[3], 8, true],
      [texts[4], 8, false],
    ],
  )
  // GSM 03.38: `@` is zero, and the euro sign takes two
  assert.deepEqual([...smsText('@€').bytes], [0x00, 0x1b, 0x65])
})
