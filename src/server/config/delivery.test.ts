import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AmbitError } from '#lib/errors.ts'
import { readConfig, type ConfigProblem } from './read.ts'

const HEAD = `
publicUrl: https://sign-in.example.org
people:
  brand: Example
  keys: [{id: k1, secret: key}]
`
const CENTRE = '{name: centre, smpp: {host: smsc.example, user: a, password: b, from: Example}}'
const GATEWAY = (changed: string) =>
  `{name: gateway, http: {url: 'https://sms.example/send', body: {to: '{to}', text: '{text}'}, reference: /id, ${changed}}}`
const SMS = `
  sms: {countries: {DE: 0.075}, costPerDay: 5}
  simSwap: {url: 'https://operator.example', token: its-token}
  factors: [passkey, sms_code]
`

function problemsOf(text: string): readonly ConfigProblem[] {
  try {
    readConfig(HEAD + text, 'ambit.yaml', { env: {}, read: () => '' })
  } catch (error) {
    assert.ok(error instanceof AmbitError && error.code === 'config_invalid')
    return error.detail['problems'] as ConfigProblem[]
  }
  return []
}

void test('codes by SMS need somebody who delivers, countries with a price, and an operator who is asked after the card', () => {
  assert.deepEqual(problemsOf(`  delivery: [${CENTRE}]${SMS}`), [])
  const cases: readonly (readonly [text: string, message: RegExp, remedy: RegExp])[] = [
    [SMS, /nothing sends SMS/, /`delivery`/],
    [`  delivery: [${CENTRE}]${SMS.replace(/ {2}sms:.*\n/, '')}`, /no country is named/, /`sms\.countries`/],
    [`  delivery: [${CENTRE}]${SMS.replace('DE: 0.075', '')}`, /no country is named/, /`sms\.countries`/],
    [`  delivery: [${CENTRE}]${SMS.replace(/ {2}simSwap:.*\n/, '')}`, /card/, /`simSwap`/],
    [`  delivery: [${CENTRE}]${SMS.replace('DE:', 'XX:')}`, /`XX` is no country/, /ISO 3166/],
    ['  factors: [email_code]', /nothing sends mail/, /`smtp`/],
  ]
  for (const [text, message, remedy] of cases) {
    const found = problemsOf(text)
    assert.equal(found.length, 1, JSON.stringify(found))
    assert.match(found[0]!.message, message)
    assert.match(found[0]!.remedy, remedy)
  }
})

void test('push needs an app that is asked', () => {
  const secret = `whsec_${'a'.repeat(32)}`
  const app = (changed = '') =>
    `  push: {url: 'https://app.example/ask', secret: ${secret}, token: ${'t'.repeat(32)}${changed}}\n`
  const factors = '  factors: [passkey, push]\n'
  assert.deepEqual(problemsOf(factors + app()), [])
  const cases: readonly (readonly [text: string, key: string, message: RegExp])[] = [
    [factors, 'people.factors', /no app/],
    [app(', networks: [here]'), 'people.push.networks[0]', /`here` is no network/],
    [app().replace('t'.repeat(32), 'short'), 'people.push.token', /does not fit/],
    [app().replace(secret, 'whsec_short'), 'people.push.secret', /does not fit/],
    [
      `  delivery: [{name: push, smpp: {host: a.example, user: a, password: b, from: Example}}]\n`,
      'people.delivery[0].name',
      /taken/,
    ],
  ]
  for (const [text, key, message] of cases) {
    const found = problemsOf(text)
    assert.deepEqual([found.length, found[0]?.key], [1, key], JSON.stringify(found))
    assert.match(found[0]!.message, message)
  }
})

void test('whoever delivers is described whole, and what is secret is not said', () => {
  const receipts = 'receipts: {token: 0123456789abcdef, reference: /id, status: /status, delivered: [D], failed: [F]}'
  assert.deepEqual(problemsOf(`  delivery: [${GATEWAY(receipts)}]`), [])
  const cases: readonly (readonly [text: string, key: string, message: RegExp])[] = [
    [`[${CENTRE}, ${CENTRE}]`, 'people.delivery[1].name', /`centre` is taken/],
    [
      '[{name: smtp, webhook: {channel: sms, url: https://a.example, secret: short}}]',
      'people.delivery[0].webhook.secret',
      /does not fit/,
    ],
    ['[{name: none}]', 'people.delivery[0]', /not one way/],
    [
      `[${GATEWAY('encoding: form').replace("'{text}'", "['{text}']")}]`,
      'people.delivery[0].http.body',
      /nothing deeper/,
    ],
    [`[${GATEWAY('').replace('{text}', '{code}')}]`, 'people.delivery[0].http.body', /`\{code\}` stands for nothing/],
    [`[${GATEWAY('headers: {"Bad name": x}')}]`, 'people.delivery[0].http.headers', /no name of a header/],
    [`[${GATEWAY(receipts.replace('/status', 'status'))}]`, 'people.delivery[0].http', /no JSON pointer/],
    [
      `[${GATEWAY(receipts).replace('reference: /id, receipts', 'receipts')}]`,
      'people.delivery[0].http.receipts',
      /answers do not/,
    ],
    [
      `[${GATEWAY(receipts.replace('0123456789abcdef', 'too-short'))}]`,
      'people.delivery[0].http.receipts.token',
      /does not fit/,
    ],
    [`[${GATEWAY('networks: [everywhere]')}]`, 'people.delivery[0]', /no network/],
  ]
  for (const [text, key, message] of cases) {
    const found = problemsOf(`  delivery: ${text}`)
    assert.ok(found.length > 0, text)
    assert.equal(found[0]!.key, key)
    assert.match(found[0]!.message, message)
    assert.ok(!JSON.stringify(found).includes('too-short'), 'the token is said')
  }
})
