import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { render } from './templates.ts'

const said = (template: string, values: Readonly<Record<string, string>>, language = 'en') =>
  render('Example', { channel: 'sms', template, values, language }).text

test('a message names the application that asks, or says what our own page is about, in its own language', () => {
  const code = { code: '12345678', minutes: '5' }
  const cases: [string, Readonly<Record<string, string>>, RegExp, RegExp][] = [
    ['code', { ...code, forWhat: 'The shop', purpose: 'sign_in' }, /is your code for The shop,/, /Code für The shop,/],
    ['code', { ...code, forWhat: '', purpose: 'recover' }, /for the recovery of your account,/, /für die Wiederherst/],
    ['code', { ...code, forWhat: '', purpose: 'verify_channel' }, /for this number, to be added/, /für diese Nummer /],
    ['code', { ...code, forWhat: '', purpose: 'step_up' }, /is your code for Example,/, /Code für Example,/],
    ['push', { client: 'The shop' }, /signing in to The shop\?/, /bei The shop an\?/],
    ['push', { client: '' }, /adding this app to your account at Example\?/, /Ihrem Konto bei Example hinzu\?/],
  ]
  for (const [template, values, english, german] of cases) {
    assert.match(said(template, values), english)
    assert.match(said(template, values, 'de'), german)
  }
})

test('a notice calls a thing as its owner does, and otherwise by its kind in its own language', () => {
  const removed = (kind: string, name: string, language?: string) =>
    /\(“(.*)”\)|\(„(.*)“\)/
      .exec(said('authenticator_removed', { kind, name }, language))
      ?.slice(1)
      .find(Boolean)
  // whatever language it was given its name in
  for (const name of ['totp', 'Authenticator app', 'Authentifizierungs-App', ''])
    assert.deepEqual(
      [removed('totp', name), removed('totp', name, 'de')],
      ['Authenticator app', 'Authentifizierungs-App'],
    )
  assert.deepEqual([removed('passkey', 'Laptop'), removed('passkey', 'Laptop', 'de')], ['Laptop', 'Laptop'])
  assert.match(said('key_broken', { kind: 'passkey', name: 'passkey' }), /^Example: Your passkey is of a model/)
  assert.match(said('key_broken', { kind: 'passkey', name: 'Laptop' }), /^Example: Your passkey “Laptop” is of a model/)
})
