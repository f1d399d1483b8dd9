import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { simSwapCheck, type Ask, type SimSwapSettings } from './sim-swap.ts'

const PHONE = '+447700900123'
const settings: SimSwapSettings = {
  url: 'https://operator.example/sim-swap/v1/',
  maxAgeHours: 240,
  auth: { token: 'own-token' },
}

type Asked = readonly [string, { readonly headers: Readonly<Record<string, string>>; readonly body: string }]

/** An operator that answers as it is told, and what it was asked. */
function operator(answer: (url: string, body: string) => { status: number; body: string } | Error) {
  const asked: Asked[] = []
  const ask: Ask = async (url, question) => {
    asked.push([url, question])
    const given = answer(url, question.body)
    if (given instanceof Error) throw given
    return given
  }
  return { ask, asked }
}

suite('A check of the card of a number', () => {
  const troubles: string[] = []
  const check = (answer: Parameters<typeof operator>[0]) => {
    const { ask } = operator(answer)
    const onTrouble = (what: string, error: unknown) => void troubles.push(`${what} ${String(error)}`)
    return simSwapCheck({ settings, ask, clock: () => 0, onTrouble })(PHONE)
  }
  const json = (status: number, body: unknown) => () => ({ status, body: JSON.stringify(body) })

  test('asks as CAMARA says', async () => {
    const { ask, asked } = operator(json(200, { swapped: false }))
    assert.equal(await simSwapCheck({ settings, ask, clock: () => 0, onTrouble: () => {} })(PHONE), 'unchanged')
    const [[url, { headers, body }]] = asked as [Asked]
    assert.equal(url, 'https://operator.example/sim-swap/v1/check')
    assert.deepEqual(JSON.parse(body), { phoneNumber: PHONE, maxAge: 240 })
    assert.equal(headers['authorization'], 'Bearer own-token')
  })

  const cases: [string, Parameters<typeof operator>[0], string][] = [
    ['swapped', json(200, { swapped: true }), 'changed'],
    ['not swapped', json(200, { swapped: false }), 'unchanged'],
    ['null', json(200, { swapped: null }), 'unknown'],
    ['a word instead of a boolean', json(200, { swapped: 'false' }), 'unknown'],
    ['nothing said', json(200, {}), 'unknown'],
    ['no object', json(200, false), 'unknown'],
    ['no JSON', () => ({ status: 200, body: '<p>swapped: false' }), 'unknown'],
    ['history shorter than asked', json(400, { code: 'OUT_OF_RANGE', swapped: false }), 'unknown'],
    ['a number of nobody', json(404, { code: 'IDENTIFIER_NOT_FOUND', swapped: false }), 'unknown'],
    ['a fault of theirs', json(500, { swapped: false }), 'unknown'],
    ['accepted, but not done', json(202, { swapped: false }), 'unknown'],
    ['nobody there', () => new Error('ECONNREFUSED'), 'unknown'],
  ]
  for (const [title, answer, expected] of cases) {
    test(`is ${expected} for: ${title}`, async () => assert.equal(await check(answer), expected))
  }

  test('tells of trouble, but of no number', async () => {
    troubles.length = 0
    await check(json(503, {}))
    assert.match(troubles.join(), /503/)
    assert.doesNotMatch(troubles.join(), /900123/)
  })

  test('fetches a token, keeps it until it ends, and lets go of one that is not taken any more', async () => {
    let [now, status, given] = [0, 200, 0]
    const { ask, asked } = operator((url) =>
      url.endsWith('/token')
        ? { status: 200, body: JSON.stringify({ access_token: `t${++given}`, expires_in: 100 }) }
        : { status, body: '{"swapped":false}' },
    )
    const auth = {
      tokenUrl: 'https://operator.example/token',
      clientId: 'a b',
      clientSecret: 's:e',
      scope: 'sim-swap:check',
    }
    const ready = simSwapCheck({ settings: { ...settings, auth }, ask, clock: () => now, onTrouble: () => {} })
    await ready(PHONE)
    await ready(PHONE)
    assert.equal(given, 1)
    const [[, { headers, body }]] = asked as [Asked]
    assert.equal(Buffer.from(headers['authorization']!.slice(6), 'base64').toString(), 'a+b:s%3Ae')
    assert.equal(body, 'grant_type=client_credentials&scope=sim-swap%3Acheck')
    now = 70_000
    await ready(PHONE)
    assert.equal(given, 2)
    status = 401
    assert.equal(await ready(PHONE), 'unknown')
    status = 200
    assert.equal(await ready(PHONE), 'unchanged')
    assert.equal(given, 3)
    assert.equal(asked.at(-1)![1].headers['authorization'], 'Bearer t3')
  })
})
