/** A small organisation in which every rule kind has an instance; ids with colons on purpose. */
/* oxlint-disable unicorn/no-thenable -- a rule of the inventory says `then` */
import type { Fact, Inventory } from '#model/facts.ts'

const FACTS: readonly Fact[] = [
  { fact: 'account', id: 'idp:ana', kind: 'human', memberOf: ['idp:team'] },
  { fact: 'account', id: 'idp:ben', kind: 'human', memberOf: ['idp:team', 'idp:undeclared'] },
  { fact: 'account', id: 'idp:old', kind: 'human', enabled: false, memberOf: ['idp:team'] },
  { fact: 'account', id: 'ci:bot', kind: 'workload' },
  { fact: 'group', id: 'idp:team', memberOf: ['idp:staff'] },
  { fact: 'role', id: 'idp:staff' },
  { fact: 'entitlement', holder: 'idp:ana', on: 'git:repo', capabilities: ['change_code', 'administer'] },
  { fact: 'entitlement', holder: 'idp:team', on: 'idp:ben', capabilities: ['reset_authenticators'], resets: ['totp'] },
  { fact: 'entitlement', holder: 'idp:ana', on: 'idp:ben', capabilities: ['reset_authenticators'] },
  {
    fact: 'entitlement',
    holder: 'idp:ana',
    on: 'cloud:box',
    capabilities: ['approve_payments'],
    expiresAt: '2026-01-01',
  },
  { fact: 'entitlement', holder: 'idp:ana', on: 'cloud:box', capabilities: ['use_secrets'], expiresAt: '2027-01-01' },
  { fact: 'resource', id: 'git:repo', runsAs: ['ci:bot'], deploysTo: ['cloud:box'], uses: ['ci:key'] },
  { fact: 'resource', id: 'cloud:box', in: 'cloud:tenant' },
  { fact: 'resource', id: 'cloud:tenant', governs: ['idp:ben', 'idp:team'], runsAs: ['idp:old'] },
  {
    fact: 'secret',
    id: 'ci:key',
    kind: 'api_token',
    opens: ['ci:bot', 'idp:old'],
    storedIn: ['cloud:box', 'mail:ben'],
  },
  { fact: 'secret', id: 'seed', kind: 'otp_seed', proves: ['ben:totp'] },
  { fact: 'channel', id: 'mail:ben', kind: 'mailbox', heldBy: ['ci:bot'], carriedBy: ['dns:zone', 'cloud:box'] },
  { fact: 'channel', id: 'dns:zone', kind: 'dns_zone' },
  { fact: 'channel', id: 'laptop', kind: 'device' },
  { fact: 'authenticator', id: 'ben:password', kind: 'password', of: ['idp:ben'] },
  { fact: 'authenticator', id: 'ben:totp', kind: 'totp', of: ['idp:ben'], on: ['laptop'] },
  { fact: 'authenticator', id: 'ben:key', kind: 'security_key', of: ['idp:ben'] },
  {
    fact: 'wayIn',
    id: 'ben:sign:in',
    account: 'idp:ben',
    purpose: 'sign_in',
    requires: { all: ['ben:password', { any: ['ben:totp', { atLeast: 2, of: ['ben:key', 'laptop', 'mail:ben'] }] }] },
  },
  {
    fact: 'wayIn',
    id: 'ben:recovery',
    account: 'idp:ben',
    purpose: 'recovery',
    requires: 'mail:ben',
    yields: ['ben:password'],
  },
  { fact: 'wayIn', id: 'old:sign-in', account: 'idp:old', purpose: 'sign_in', requires: 'laptop' },
  { fact: 'wayIn', id: 'ana:any', account: 'idp:ana', purpose: 'sign_in', requires: { any: ['laptop', 'mail:ben'] } },
  {
    fact: 'wayIn',
    id: 'ana:two',
    account: 'idp:ana',
    purpose: 'help_desk',
    requires: { atLeast: 2, of: ['seed', 'seed', 'ci:key'] },
  },
  {
    fact: 'rule',
    id: 'house',
    then: 'idp:staff',
    when: { all: ['seed', { any: ['laptop', 'ben:key'] }] },
    reason: 'so',
  },
  { fact: 'rule', id: 'revive', then: 'idp:old', when: 'seed', reason: 'a backup' },
  { fact: 'session', id: 'ben:session', account: 'idp:ben', on: 'laptop' },
  { fact: 'session', id: 'bot:session', account: 'ci:bot', on: 'laptop', binding: 'dpop' },
  { fact: 'session', id: 'old:session', account: 'idp:old' },
]

/** The organisation of the tests, as of 1 June 2026. */
export const WORLD: Inventory = {
  at: '2026-06-01T00:00:00Z',
  sources: [],
  diagnostics: [],
  facts: FACTS.map((fact, line) => ({ fact, place: { file: 'world.yaml', line: line + 1 } })),
}
