import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DE } from './de.ts'
import { EN } from './en.ts'
import { calledBy } from './words.ts'

test('what nobody named is called by its kind in the language of the page, and what somebody named as he named it', () => {
  const cases = [
    ['password', 'password', 'Password', 'Passwort'],
    ['password', 'Passwort', 'Password', 'Passwort'],
    ['passkey', 'passkey', 'Passkey', 'Passkey'],
    ['totp', 'Authenticator app', 'Authenticator app', 'Authentifizierungs-App'],
    ['totp', 'Passwort', 'Passwort', 'Passwort'], // of another kind, so it is a name
    ['passkey', 'Laptop', 'Laptop', 'Laptop'],
  ] as const
  for (const [kind, name, english, german] of cases)
    assert.deepEqual([calledBy(EN, { kind, name }), calledBy(DE, { kind, name })], [english, german], `${kind} ${name}`)
})
