/** Inventories that try to make the analysis say `fit` where someone can get in. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { analyse } from '#analysis/analyse.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { STRENGTHS } from '#contract/vocabulary.ts'
import { waysInOf } from '#analysis/ways-in.ts'
import { weakestWays } from '#analysis/weakest-way.ts'
import { compileSnapshot } from '#model/compile.ts'
import type { Inventory } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { arbitraryDanglingInventory, arbitraryInventory } from '#verify/arbitrary-inventory.ts'
import { verifyReport } from '#verify/check-report.ts'
import { accountIn, codesOf, inventoryOf, reportOf } from '../support/report-of.ts'

const policy = await readPolicyFile()

const HEAD = `
ambit: 1
at: 2026-11-01T00:00:00Z
defaults:
  account: { kind: human, population: workforce }
  wayIn: { session: { overallSeconds: 3600, idleSeconds: 600 } }
resources: [{ id: app:prod, sensitivity: high }]
`
const KEY =
  '{ kind: passkey, synced: false, attestation: verified, keyProtection: secure_element, fips140Level: 2, userVerification: true }'
const ADMIN = 'entitlements: [{ on: app:prod, capabilities: [administer] }]'
const STRONG = `
  - id: a:strong
    authenticators: [${KEY}]
    waysIn: [{ purpose: sign_in, requires: passkey }]
    ${ADMIN}`
const WEAK = `
  - id: a:weak
    authenticators: [password]
    waysIn: [{ purpose: sign_in, requires: password }]`

/** The one promise: `fit` is only said of people whose strength, at least, is what is required. */
async function assertNoneFitBelowRequired(inventory: Inventory): Promise<void> {
  const checked = checkInventory(inventory)
  const snapshot = compileSnapshot(checked)
  const { ofAccount } = weakestWays(snapshot, policy, waysInOf(checked))
  for (const { id, kind, verdict, reasons, requiredStrength } of analyse(checked, policy).accounts) {
    if (kind !== 'human' || requiredStrength === null || reasons[0]?.code === 'account_disabled') continue
    if (verdict !== 'fit' && verdict !== 'fit_with_controls') continue
    const { atLeast } = ofAccount(id)
    const enough = STRENGTHS.indexOf(atLeast) >= STRENGTHS.indexOf(requiredStrength)
    assert.ok(enough, `${id} is ${verdict} with at least ${atLeast} for ${requiredStrength}`)
  }
}

/** Inventory, and the account that must not be fit in it. */
const ATTACKS: readonly (readonly [name: string, account: string, text: string, verdict: 'unfit' | 'unknown'])[] = [
  [
    'a rule of the organisation leads past every way in',
    'a:strong',
    `accounts:${STRONG}${WEAK}\nrules: [{ id: r:1, then: a:strong, when: a:weak, reason: they share a terminal }]`,
    'unfit',
  ],
  [
    'a rule of which two parts of three are enough, and two are weak',
    'a:strong',
    `accounts:${STRONG}${WEAK}\n  - { id: a:weaker, authenticators: [password], waysIn: [{ purpose: sign_in, requires: password }] }\n  - { id: a:other, authenticators: [${KEY}], waysIn: [{ purpose: sign_in, requires: passkey }] }\nrules: [{ id: r:1, then: a:strong, when: { atLeast: 2, of: [a:weak, a:weaker, a:other] }, reason: two of three }]`,
    'unfit',
  ],
  ...['impersonate', 'administer', 'mint_credentials', 'reset_authenticators'].map(
    (capability) =>
      [
        `someone guarded by a password may ${capability}`,
        'a:strong',
        `accounts:${STRONG}${WEAK}\n    entitlements: [{ on: a:strong, capabilities: [${capability}] }]`,
        'unfit',
      ] as const,
  ),
  [
    'a password that is called a session',
    'a:1',
    `accounts:\n  - id: a:1\n    authenticators: [password]\n    waysIn: [{ purpose: session, requires: password }]\n    ${ADMIN}`,
    'unfit',
  ],
  [
    'a password that is called a secret',
    'a:1',
    `accounts:\n  - id: a:1\n    authenticators: [password]\n    waysIn: [{ purpose: secret, requires: password }]\n    ${ADMIN}`,
    'unfit',
  ],
  [
    'a recovery that says it yields nothing',
    'a:strong',
    `accounts:${STRONG.replace('waysIn: [', 'waysIn: [{ purpose: recovery, requires: password, yields: [] }, ').replace('authenticators: [', 'authenticators: [password, ')}`,
    'unfit',
  ],
  [
    'membership in a group that is declared nowhere',
    'a:1',
    'accounts:\n  - id: a:1\n    memberOf: [idp:nowhere]\n    authenticators: [password, totp]\n    waysIn: [{ purpose: sign_in, requires: { all: [password, totp] } }]',
    'unknown',
  ],
  [
    'no session limits where the reach requires them',
    'a:1',
    `accounts:\n  - id: a:1\n    authenticators: [${KEY}]\n    waysIn: [{ purpose: sign_in, requires: passkey, session: {} }]\n    ${ADMIN}`,
    'unknown',
  ],
  ['no way in on record', 'a:1', `accounts:\n  - id: a:1\n    ${ADMIN}`, 'unknown'],
  [
    'an authenticator that is declared nowhere',
    'a:1',
    'accounts:\n  - id: a:1\n    waysIn: [{ purpose: sign_in, requires: a:nowhere }]',
    'unknown',
  ],
  [
    'more authenticators that fall through one vault than are weighed one by one',
    'a:1',
    `accounts:\n  - id: a:1\n    authenticators:\n${Array.from({ length: 9 }, (_, i) => `      - { id: x:${i}, kind: passkey, on: [v:1], synced: false, attestation: verified, keyProtection: secure_element, fips140Level: 2, userVerification: true }`).join('\n')}\n    waysIn: [{ purpose: sign_in, requires: { all: [${Array.from({ length: 9 }, (_, i) => `x:${i}`).join(', ')}] } }]\n    ${ADMIN}${WEAK}\nchannels: [{ id: v:1, kind: vault, heldBy: [a:weak] }]`,
    'unknown',
  ],
]

suite('No inventory makes the analysis say fit where someone gets in', () => {
  for (const [name, account, text, verdict] of ATTACKS) {
    test(`${name}: ${verdict}`, async () => {
      const report = await reportOf(HEAD + text)
      assert.equal(accountIn(report, account).verdict, verdict)
      if (verdict === 'unfit') assert.ok(codesOf(report, account).length > 0, 'unfit without a finding')
      const { failures } = verifyReport(JSON.parse(JSON.stringify(report)), await inventoryOf(HEAD + text))
      assert.deepEqual(failures, [])
    })
  }

  test('people are never fit whose strength may be below what is required', async () => {
    for (const [, , text] of ATTACKS) {
      await assertNoneFitBelowRequired(await inventoryOf(HEAD + text))
    }
  })

  test('nor in any arbitrary inventory', () =>
    fc.assert(fc.asyncProperty(arbitraryInventory(), assertNoneFitBelowRequired), { numRuns: 1500 }))

  test('nor in one from which facts are missing', () =>
    fc.assert(fc.asyncProperty(arbitraryDanglingInventory(), assertNoneFitBelowRequired), { numRuns: 1500 }))
})
