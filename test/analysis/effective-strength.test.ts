import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { accountIn, codesOf, findingIn, reportOf } from '../support/report-of.ts'

const HEAD = `
ambit: 1
at: 2026-11-01T00:00:00Z
defaults:
  account: { kind: human, population: workforce }
  wayIn: { session: { overallSeconds: 43200, idleSeconds: 900 } }
`
const KEY =
  '{ kind: passkey, synced: false, attestation: verified, keyProtection: secure_element, fips140Level: 2, userVerification: true, boundAtAal: 3 }'

suite('What an account is really protected by', () => {
  test('is its sign-in when nothing weaker leads in', async () => {
    const report = await reportOf(`${HEAD}
accounts:
  - id: idp:ada
    authenticators: [${KEY}]
    waysIn: [{ purpose: sign_in, requires: passkey }]
`)
    const ada = accountIn(report, 'idp:ada')
    assert.deepEqual([ada.nominal, ada.effective, ada.effectiveStrength, ada.verdict], [3, 3, 'hardware', 'fit'])
    assert.deepEqual(codesOf(report, 'idp:ada'), ['single_authenticator_no_way_back'])
  })

  test('is its recovery when that asks for less', async () => {
    const report = await reportOf(`${HEAD}
accounts:
  - id: idp:ada
    authenticators: [${KEY}, { kind: email_code, on: [mail:ada] }]
    waysIn:
      - { purpose: sign_in, requires: passkey }
      - { purpose: recovery, requires: email_code }
    entitlements: [{ on: app:ledger, capabilities: [approve_payments] }]
  - id: mail:account
    authenticators: [{ kind: password }]
    waysIn: [{ purpose: sign_in, requires: password }]
channels: [{ id: mail:ada, kind: mailbox, heldBy: [mail:account] }]
resources: [{ id: app:ledger, sensitivity: high }]
`)
    const ada = accountIn(report, 'idp:ada')
    assert.deepEqual([ada.nominal, ada.effective, ada.verdict], [3, 1, 'unfit'])
    assert.deepEqual(codesOf(report, 'idp:ada'), [
      'code_beyond_reach',
      'recovery_weaker_than_sign_in',
      'weaker_than_it_looks',
    ])
    // whoever enters the mail account with its password reaches the payments, so that account is judged by them too
    const mail = accountIn(report, 'mail:account')
    assert.deepEqual([mail.impact, mail.capabilities, mail.verdict], ['high', ['approve_payments'], 'unfit'])
    const entry = findingIn(report, 'weaker_than_it_looks', 'idp:ada').proof.entry
    assert.equal(entry?.goal, 'idp:ada')
  })

  test('keeps the second factor when only the password can be reset', async () => {
    const report = await reportOf(`${HEAD}
accounts:
  - id: idp:ada
    authenticators: [{ kind: password }, { kind: security_key, userVerification: false, attestation: verified, keyProtection: secure_element, fips140Level: 2 }, { kind: email_link, on: [mail:ada] }]
    waysIn:
      - { purpose: sign_in, requires: { all: [password, security_key] } }
      - { purpose: recovery, requires: email_link, yields: [password] }
  - id: mail:account
    authenticators: [{ kind: password }]
    waysIn: [{ purpose: sign_in, requires: password }]
channels: [{ id: mail:ada, kind: mailbox, heldBy: [mail:account] }]
`)
    const ada = accountIn(report, 'idp:ada')
    assert.equal(ada.nominalStrength, 'hardware')
    assert.equal(ada.effectiveStrength, 'single_factor') // the key alone, without its password
    const mail = accountIn(report, 'mail:account')
    assert.equal(mail.reach.accounts, 0, 'a password reset alone must not give an account that also asks for a key')
  })

  test('is nothing when a secret that opens it is out, until the secret is replaced', async () => {
    const inventory = (rotated: string) => `${HEAD}
accounts:
  - id: code:ada
    authenticators: [${KEY}]
    waysIn: [{ purpose: sign_in, requires: passkey }]
secrets:
  - { id: code:token, kind: api_token, opens: [code:ada], leaked: { at: 2026-05-01 }${rotated} }
`
    const out = await reportOf(inventory(''))
    assert.deepEqual(
      [accountIn(out, 'code:ada').effectiveStrength, accountIn(out, 'code:ada').verdict],
      ['none', 'unfit'],
    )
    assert.ok(codesOf(out, 'code:ada').includes('leaked_secret'))
    const replaced = await reportOf(inventory(', rotatedAt: 2026-05-02'))
    assert.equal(accountIn(replaced, 'code:ada').effectiveStrength, 'single_factor')
    assert.ok(!codesOf(replaced, 'code:ada').includes('leaked_secret'))
  })

  test('is unknown, and never fit, where an authenticator is unknown', async () => {
    const report = await reportOf(`${HEAD}
accounts:
  - id: erp:ada
    authenticators: [{ kind: unknown }]
    waysIn: [{ purpose: sign_in, requires: unknown }]
    entitlements: [{ on: app:ledger, capabilities: [approve_payments] }]
  - id: erp:bo
resources: [{ id: app:ledger, sensitivity: high }]
`)
    for (const id of ['erp:ada', 'erp:bo']) {
      const account = accountIn(report, id)
      assert.deepEqual([account.effective, account.nominal, account.verdict], [null, null, 'unknown'])
    }
    assert.equal(findingIn(report, 'unknown_authenticators', 'erp:ada').severity, 'high')
  })

  test('is unknown where it trusts an account of which nothing is known', async () => {
    const report = await reportOf(`${HEAD}
accounts:
  - id: app:ada
    waysIn: [{ purpose: federation, requires: idp:ada }]
  - id: idp:ada
`)
    const ada = accountIn(report, 'app:ada')
    assert.deepEqual([ada.nominal, ada.effective, ada.verdict], [null, null, 'unknown'])
  })

  test('follows federation, through a chain of it', async () => {
    const report = await reportOf(`${HEAD}
accounts:
  - id: idp:ada
    authenticators: [{ kind: password }, { kind: totp }]
    waysIn: [{ purpose: sign_in, requires: { all: [password, totp] } }]
  - id: hub:ada
    waysIn: [{ purpose: federation, requires: idp:ada }]
  - id: pay:ada
    waysIn: [{ purpose: federation, requires: hub:ada }]
    entitlements: [{ on: app:ledger, capabilities: [approve_payments] }]
resources: [{ id: app:ledger, sensitivity: moderate }]
`)
    const pay = accountIn(report, 'pay:ada')
    assert.deepEqual([pay.nominalStrength, pay.effectiveStrength, pay.verdict], ['two_factor', 'two_factor', 'unfit'])
    assert.deepEqual(pay.waysIn[0]?.authenticators, ['idp:ada/password', 'idp:ada/totp'])
    const idp = accountIn(report, 'idp:ada')
    assert.deepEqual(idp.reach.capabilities, [{ capability: 'approve_payments', impact: 'moderate', hops: 3 }])
    assert.ok(codesOf(report, 'idp:ada').includes('code_beyond_reach'))
  })

  test('says nothing of a disabled account but that it is closed', async () => {
    const report = await reportOf(`${HEAD}
accounts:
  - id: idp:gone
    enabled: false
    authenticators: [{ kind: sms_code }]
    waysIn: [{ purpose: sign_in, requires: sms_code }]
    entitlements: [{ on: app:ledger, capabilities: [approve_payments] }]
resources: [{ id: app:ledger, sensitivity: high }]
`)
    const gone = accountIn(report, 'idp:gone')
    assert.deepEqual([gone.verdict, gone.reasons[0]?.code], ['fit', 'account_disabled'])
    assert.deepEqual(codesOf(report, 'idp:gone'), [])
  })
})
