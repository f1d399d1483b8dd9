import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FINDING_KINDS, type FindingCode } from '#analysis/findings/catalogue.ts'
import { codesOf, findingIn, reportOf } from '../support/report-of.ts'

/** Everything a case does not speak of: one resource of each sensitivity, and keys that are beyond reproach. */
const WORLD = `
ambit: 1
at: 2026-11-01T00:00:00Z
defaults:
  account: { kind: human, population: workforce }
  wayIn: { session: { overallSeconds: 43200, idleSeconds: 900 } }
resources:
  - { id: app:ledger, sensitivity: high }
  - { id: app:menu, sensitivity: low }
  - { id: wiki:page, sensitivity: low }
  - { id: vault:store, sensitivity: high, secretStore: true }
`
const KEY =
  '{ kind: passkey, synced: false, attestation: verified, keyProtection: secure_element, fips140Level: 2, userVerification: true }'
const PAYS = 'entitlements: [{ on: app:ledger, capabilities: [approve_payments] }]'
const EATS = 'entitlements: [{ on: app:menu, capabilities: [read_sensitive_data] }]'
const BACK = '{ id: a:back, purpose: recovery, requires: identity_proofing }'
const PROOF = '{ kind: identity_proofing }'

/** A code, an inventory in which account `a:1` has it, and one that looks alike in which it has not. */
interface FindingCase {
  readonly code: FindingCode
  readonly guilty: string
  readonly innocent: string
}

const account = (authenticators: string, requires: string, rest = PAYS, extra = '') =>
  `accounts:\n  - id: a:1\n    authenticators: [${authenticators}]\n    waysIn: [{ purpose: sign_in, requires: ${requires} }${extra}]\n    ${rest}\n`

const exception = (change: string) =>
  `
exceptions:
  - id: x:1
    for: [a:1]
    capabilities: [approve_payments]
    reason: the ledger cannot do better yet
    owner: a:1
    approver: person:chief
    start: 2026-09-01
    end: 2026-11-20
    rationale: replaced in December
    comparability: two factors and a bound device
    residualRisk: relay of a code
    migrationPlan: passkeys with the new ledger
    safeguards: { device_binding: true, anomaly_detection: true, rate_limiting: true, monitored_recovery: true, privilege_separation: true }
`.replace(/(end: 2026-11-20)|(rate_limiting: true)|(capabilities: \[approve_payments\])/g, (word) =>
    change.includes(word.split(':')[0]!) ? change : word,
  )

const CODE_GUARD = '{ kind: password }, { kind: totp }'
const BOTH = '{ all: [password, totp] }'

const CASES: readonly FindingCase[] = [
  { code: 'code_beyond_reach', guilty: account(CODE_GUARD, BOTH), innocent: account(CODE_GUARD, BOTH, EATS) },
  { code: 'below_required', guilty: account('{ kind: password }', 'password'), innocent: account(KEY, 'passkey') },
  {
    code: 'recovery_weaker_than_sign_in',
    guilty: account(
      `${KEY}, { kind: help_desk_check }`,
      'passkey',
      PAYS,
      ', { purpose: help_desk, requires: help_desk_check }',
    ),
    innocent: account(
      `${KEY}, { kind: smart_card, fips140Level: 2, keyProtection: secure_element }`,
      'passkey',
      PAYS,
      ', { purpose: recovery, requires: smart_card }',
    ),
  },
  {
    code: 'weaker_than_it_looks',
    guilty: `${account(KEY, 'passkey')}  - id: b:1\n    authenticators: [{ kind: password }]\n    waysIn: [{ purpose: sign_in, requires: password }]\n    entitlements: [{ on: a:1, capabilities: [impersonate] }]\n`,
    innocent: `${account(KEY, 'passkey')}  - id: b:1\n    authenticators: [${KEY}]\n    waysIn: [{ purpose: sign_in, requires: passkey }]\n    entitlements: [{ on: a:1, capabilities: [impersonate] }]\n`,
  },
  {
    code: 'shared_channel',
    guilty: `${account('{ kind: password, on: [v:1] }, { kind: totp, on: [v:1] }', BOTH)}channels: [{ id: v:1, kind: vault }]\n`,
    innocent: `${account('{ kind: password, on: [v:1] }, { kind: totp, on: [d:1] }', BOTH)}channels: [{ id: v:1, kind: vault }, { id: d:1, kind: device }]\n`,
  },
  {
    code: 'assurance_inversion',
    guilty: `${account(KEY, 'passkey', 'memberOf: [g:leads]\n    ' + PAYS)}  - id: b:1\n    authenticators: [${CODE_GUARD}]\n    waysIn: [{ purpose: sign_in, requires: ${BOTH} }]\n    entitlements: [{ on: g:leads, capabilities: [reset_authenticators] }]\ngroups: [{ id: g:leads }]\n`,
    innocent: `${account(KEY, 'passkey', 'memberOf: [g:leads]\n    ' + PAYS)}  - id: b:1\n    authenticators: [${CODE_GUARD}]\n    waysIn: [{ purpose: sign_in, requires: ${BOTH} }]\n    entitlements: [{ on: g:others, capabilities: [reset_authenticators] }]\ngroups: [{ id: g:leads }, { id: g:others }]\n`,
  },
  {
    code: 'no_phishing_resistant_option',
    guilty: `${account(CODE_GUARD, BOTH, 'system: s:1\n    ' + PAYS)}systems: [{ id: s:1, offers: [password, totp] }]\n`,
    innocent: `${account(CODE_GUARD, BOTH, 'system: s:1\n    ' + PAYS)}systems: [{ id: s:1, offers: [password, totp, passkey] }]\n`,
  },
  {
    code: 'restricted_without_duties',
    guilty: account('{ kind: password }, { kind: sms_code }', '{ all: [password, sms_code] }', EATS),
    innocent: account(
      '{ kind: password }, { kind: sms_code, duties: { alternativeOffered: true, noticeGiven: true, riskAssessment: RA-7, migrationPlan: MP-2 } }',
      '{ all: [password, sms_code] }',
      EATS,
    ),
  },
  {
    code: 'session_too_long',
    guilty: account(KEY, 'passkey, session: { overallSeconds: 2592000, idleSeconds: 900 }'),
    innocent: account(KEY, 'passkey, session: { overallSeconds: 43200, idleSeconds: 900 }'),
  },
  {
    code: 'exposed_session',
    guilty: `${account(KEY, 'passkey')}sessions: [{ id: se:1, account: a:1, overallSeconds: 900, idleSeconds: 900, exposed: { where: a log on sale } }]\n`,
    innocent: `${account(KEY, 'passkey')}sessions: [{ id: se:1, account: a:1, overallSeconds: 900, idleSeconds: 900 }]\n`,
  },
  {
    code: 'leaked_secret',
    guilty: `${account(KEY, 'passkey')}secrets: [{ id: k:1, kind: api_token, opens: [a:1], leaked: { at: 2026-03-01 } }]\n`,
    innocent: `${account(KEY, 'passkey')}secrets: [{ id: k:1, kind: api_token, opens: [a:1], leaked: { at: 2026-03-01 }, rotatedAt: 2026-03-02 }]\n`,
  },
  {
    code: 'unsanctioned_secret',
    guilty: `${account(KEY, 'passkey')}secrets: [{ id: k:1, kind: api_token, opens: [a:1], storedIn: [wiki:page] }]\n`,
    innocent: `${account(KEY, 'passkey')}secrets: [{ id: k:1, kind: api_token, opens: [a:1], storedIn: [vault:store] }]\n`,
  },
  {
    code: 'long_lived_secret',
    guilty: `${account(KEY, 'passkey')}secrets: [{ id: k:1, kind: api_token, opens: [a:1], issuedAt: 2024-01-01 }]\n`,
    innocent: `${account(KEY, 'passkey')}secrets: [{ id: k:1, kind: api_token, opens: [a:1], issuedAt: 2024-01-01, rotatedAt: 2026-10-01 }]\n`,
  },
  {
    code: 'wildcard_trust',
    guilty: `accounts: [{ id: a:1, kind: workload, owner: person:o }]\nsecrets: [{ id: k:1, kind: other, opens: [a:1], conditions: wildcard }]\n`,
    innocent: `accounts: [{ id: a:1, kind: workload, owner: person:o }]\nsecrets: [{ id: k:1, kind: other, opens: [a:1], conditions: strict }]\n`,
  },
  {
    code: 'non_human_used_by_people',
    guilty: `accounts: [{ id: a:1, kind: service, owner: person:o, interactive: true, ${PAYS} }]\n`,
    innocent: `accounts: [{ id: a:1, kind: service, owner: person:o, interactive: false, ${PAYS} }]\n`,
  },
  {
    code: 'non_human_without_owner',
    guilty: `accounts: [{ id: a:1, kind: service, owner: b:1 }, { id: b:1, enabled: false }]\n`,
    innocent: `accounts: [{ id: a:1, kind: service, owner: b:1 }, { id: b:1 }]\n`,
  },
  {
    code: 'single_authenticator_no_way_back',
    guilty: account(KEY, 'passkey'),
    innocent: account(`${KEY}, ${PROOF}`, 'passkey', PAYS, `, ${BACK}`),
  },
  {
    code: 'circular_recovery',
    guilty: `${account(`${KEY}, { kind: email_link, on: [m:1] }`, 'passkey', PAYS, ', { purpose: recovery, requires: email_link }')}channels: [{ id: m:1, kind: mailbox, heldBy: [a:1] }]\n`,
    innocent: `${account(`${KEY}, { kind: email_link, on: [m:1] }`, 'passkey', PAYS, ', { purpose: recovery, requires: email_link }')}  - { id: m:2, authenticators: [${KEY}], waysIn: [{ purpose: sign_in, requires: passkey }] }\nchannels: [{ id: m:1, kind: mailbox, heldBy: [m:2] }]\n`,
  },
  {
    code: 'unknown_authenticators',
    guilty: account('{ kind: unknown }', 'unknown'),
    innocent: account(KEY, 'passkey'),
  },
  {
    code: 'enrolment_weaker_than_authenticator',
    guilty: account(
      `${KEY}, { kind: password }`,
      'passkey',
      PAYS,
      ', { purpose: enrolment, requires: password, enrols: [passkey] }',
    ),
    innocent: account(KEY, 'passkey', PAYS, ', { purpose: enrolment, requires: passkey, enrols: [passkey] }'),
  },
  {
    code: 'exception_lapsed',
    guilty: account(CODE_GUARD, BOTH) + exception('end: 2026-10-01'),
    innocent: account(CODE_GUARD, BOTH) + exception(''),
  },
  {
    code: 'exception_safeguard_false',
    guilty: account(CODE_GUARD, BOTH) + exception('rate_limiting: false'),
    innocent: account(CODE_GUARD, BOTH) + exception(''),
  },
  {
    code: 'exception_outgrown',
    guilty: account(CODE_GUARD, BOTH) + exception('capabilities: [read_sensitive_data]'),
    innocent: account(CODE_GUARD, BOTH) + exception(''),
  },
  {
    code: 'unused_entitlement',
    guilty: account(
      KEY,
      'passkey',
      'entitlements: [{ on: app:ledger, capabilities: [approve_payments], lastUsed: 2025-01-01 }]',
    ),
    innocent: account(
      KEY,
      'passkey',
      'entitlements: [{ on: app:ledger, capabilities: [approve_payments], lastUsed: 2026-10-01 }]',
    ),
  },
  {
    code: 'excess_entitlement',
    guilty: account(
      KEY,
      'passkey',
      'entitlements: [{ on: app:ledger, capabilities: [approve_payments], needed: false }]',
    ),
    innocent: account(
      KEY,
      'passkey',
      'entitlements: [{ on: app:ledger, capabilities: [approve_payments], needed: true }]',
    ),
  },
]

suite('Each finding is made where it is due, and not for what looks alike', () => {
  for (const { code, guilty, innocent } of CASES) {
    test(`${code}: ${FINDING_KINDS[code].title}`, async () => {
      const found = await reportOf(WORLD + guilty)
      const finding = findingIn(found, code, 'a:1')
      assert.ok(finding.message.length > 0 && finding.remedy.length > 0 && finding.citations.length > 0)
      const alike = await reportOf(WORLD + innocent)
      assert.ok(!codesOf(alike, 'a:1').includes(code), `${code} on the look-alike: ${codesOf(alike, 'a:1').join(', ')}`)
    })
  }

  test('every code of the catalogue has a case', () => {
    assert.deepEqual(Object.keys(FINDING_KINDS).toSorted(), CASES.map(({ code }) => code).toSorted())
  })

  test('a right that is not used for as long as its use is recorded is unused; a short record says nothing', async () => {
    const right = (since: string) =>
      account(
        KEY,
        'passkey',
        `entitlements: [{ on: app:ledger, capabilities: [approve_payments], usageSince: ${since} }]`,
      )
    const found = findingIn(await reportOf(WORLD + right('2025-01-01')), 'unused_entitlement', 'a:1')
    assert.match(found.message, /has not used .* in the \d+ days since its use is recorded/)
    assert.ok(!codesOf(await reportOf(WORLD + right('2026-10-01')), 'a:1').includes('unused_entitlement'))
  })

  test('where nothing is reached, the impact that a finding names is none in plain words', async () => {
    const report = await reportOf(`${WORLD}accounts:\n  - { id: a:1, name: Ann }\n`)
    const { message } = findingIn(report, 'unknown_authenticators', 'a:1')
    assert.equal(message, 'no way into Ann is on record, and its reach is of no impact')
  })

  test('a live exception excuses, and lowers the finding by one step', async () => {
    const open = await reportOf(WORLD + account(CODE_GUARD, BOTH))
    const excused = await reportOf(WORLD + account(CODE_GUARD, BOTH) + exception(''))
    assert.equal(findingIn(open, 'code_beyond_reach', 'a:1').severity, 'critical')
    const finding = findingIn(excused, 'code_beyond_reach', 'a:1')
    assert.deepEqual([finding.severity, finding.exception, excused.accounts[0]?.verdict], ['high', 'x:1', 'excepted'])
  })

  test('an exception approved by its own subject excuses nothing', async () => {
    const own = exception('').replace('person:chief', 'a:1')
    const report = await reportOf(WORLD + account(CODE_GUARD, BOTH) + own)
    assert.equal(report.accounts[0]?.verdict, 'unfit')
    assert.match(findingIn(report, 'exception_lapsed', 'a:1').message, /its own subject approved it/)
  })
})
