import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveAnalysis } from '#analysis/live.ts'
import type { FactorName } from '#authn/factors.ts'
import { shown, type Proof } from '#authn/session.ts'
import { DEFAULT_POLICY } from '#decision/world.fixture.ts'
import type { Fact } from '#model/facts.ts'
import { sharedChannels } from './shared-channels.ts'

const NUMBER = '+4915112345678'

/** Ben signs in with a password and a code by SMS. */
const facts = (changed: { recovery?: string; vault?: string } = {}): Fact[] => [
  { fact: 'account', id: 'ben', kind: 'human', population: 'customer' },
  { fact: 'channel', id: 'phone:ben', kind: 'device' },
  { fact: 'channel', id: 'sim:ben', kind: 'phone_number', name: '+49 151 12345678', carriedBy: ['phone:ben'] },
  { fact: 'channel', id: 'mail:ben', kind: 'mailbox', name: 'Ben@Example.org' },
  { fact: 'channel', id: 'vault:ben', kind: 'vault', carriedBy: [changed.vault ?? 'mail:ben'] },
  { fact: 'authenticator', id: 'ben/password', kind: 'password', of: ['ben'], on: ['vault:ben'] },
  { fact: 'authenticator', id: 'ben/sms', kind: 'sms_code', of: ['ben'], on: ['sim:ben'] },
  { fact: 'authenticator', id: 'ben/mail', kind: 'email_code', of: ['ben'], on: ['mail:ben'] },
  { fact: 'wayIn', id: 'ben/in', account: 'ben', purpose: 'sign_in', requires: { all: ['ben/password', 'ben/sms'] } },
  { fact: 'wayIn', id: 'ben/back', account: 'ben', purpose: 'recovery', requires: changed.recovery ?? 'ben/mail' },
]

const strengthOf = (known: Fact[] | null, ...of: readonly [FactorName, string | null][]): string => {
  const inventory = {
    at: '2026-06-01T00:00:00Z',
    sources: [],
    facts: (known ?? []).map((fact, line) => ({ fact, place: { file: 'test.yaml', line: line + 1 } })),
    diagnostics: [],
  }
  const channels = sharedChannels(known === null ? null : liveAnalysis(inventory, DEFAULT_POLICY), 'ben')
  const common = { purpose: 'sign_in', binding: '', at: 0, userVerified: false, keyClass: null } as const
  const proofs = of.map(([factor, channel]): Proof => ({
    ...common,
    factor,
    channel,
    authenticator: null,
    fips140Level: null,
    boundAtAal: 2,
  }))
  return shown(proofs, DEFAULT_POLICY.authenticators, { channels }).strength
}
const PASSWORD = ['password', null] as const
const CODE = ['sms_code', NUMBER] as const

void test('two factors that live on one telephone, or come back through one number, count once', () => {
  assert.equal(strengthOf(null, [...PASSWORD], [...CODE]), 'two_factor')
  assert.equal(strengthOf(facts(), [...PASSWORD], [...CODE]), 'two_factor')
  // the vault of the password is an app on the telephone that the code goes to
  assert.equal(strengthOf(facts({ vault: 'phone:ben' }), [...PASSWORD], [...CODE]), 'single_factor')
  // whoever reads the messages of the number gets a new password
  assert.equal(strengthOf(facts({ recovery: 'ben/sms' }), [...PASSWORD], [...CODE]), 'single_factor')
  // a number that the inventory does not name is still of the kind that it does
  assert.equal(
    strengthOf(facts({ recovery: 'ben/sms' }), [...PASSWORD], ['sms_code', '+4915112345679']),
    'single_factor',
  )
  // an app that nobody said anything of is no part of it
  assert.equal(strengthOf(facts({ recovery: 'ben/sms' }), [...PASSWORD], ['totp', null]), 'two_factor')
})
