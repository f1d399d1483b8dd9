/**
 * Two hundred submits at once of each thing that is good once, through the ceremonies and the provider, on both stores, from two
 * nodes each. `npm run torture` runs a hundred rounds of each.
 */
import { strict as assert } from 'node:assert'
import type { TestContext } from 'node:test'
import { generateSync } from 'otplib'
import { catalogueOf } from '#authn/attestation.ts'
import { answerOtp, confirmOtp, enrolOtp } from '#authn/app-code.ts'
import { keyringOf } from '#authn/keyring.ts'
import { beginRegistration, beginSignIn, finishRegistration, finishSignIn } from '#authn/passkeys.ts'
import { answerRecoveryCode, replaceRecoveryCodes } from '#authn/recovery-codes.ts'
import { answerCode, beginCode } from '#authn/sent-code.ts'
import { assertWith, newSoftwareKey, ORIGIN, register, RP_ID } from '#authn/software-key.fixture.ts'
import { attemptOf, toolsOver, type TestTools } from '#authn/tools.fixture.ts'
import { adapterOver } from '#server/provider/adapter.ts'
import { clientSessions } from '#storage/client-sessions.ts'
import { oidcRecords } from '#storage/oidc-records.ts'
import type { Database } from '#storage/database.ts'
import { onEveryStore, type Store } from '#storage/stores.fixture.ts'

const AT_ONCE = 200
const ROUNDS = Number(process.env['AMBIT_RACES'] ?? 10)

/** Tools of two nodes on one store, with guesses without end, so that all are compared: what is tried is the single use alone. */
async function nodes(store: Store): Promise<[TestTools, TestTools]> {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  const budgets = { ...one.budgets, reserve: async () => 'strange' as const, succeeded: async () => {} }
  const window = [{ within: 1, most: 1e9 }]
  const sends = { perRecipient: window, perAccount: window, perPrefix: window, perCountry: window, inAll: window }
  const rules = { ...one.rules, sends: { ...one.rules.sends, ...sends } }
  const { keyring } = one
  return [Object.assign(one, { rules, budgets }), Object.assign(other, { rules, budgets, keyring })]
}

/** Submits it so many times at once, one half at each node; returns how many were accepted. */
async function race(submit: (node: number) => Promise<boolean>): Promise<number> {
  const results = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => submit(i % 2)))
  return results.filter(Boolean).length
}

async function rounds(context: TestContext, round: (i: number) => Promise<(node: number) => Promise<boolean>>) {
  for (let i = 0; i < ROUNDS; i++) assert.equal(await race(await round(i)), 1, `round ${i}`)
  context.diagnostic(`${ROUNDS} rounds of ${AT_ONCE} at once, each won by one`)
}

/** The adapter of one node, under a key that all nodes have. */
const adapterOf = (database: Database, clock: () => number) =>
  adapterOver({
    records: oidcRecords(database),
    clients: clientSessions(database),
    keyring: KEYRING,
    clock,
    isAlive: async () => true,
    isTokenRequest: () => true,
    givenAt: () => undefined,
  })
const KEYRING = keyringOf([{ id: 'k1', secret: Buffer.alloc(32, 7) }])

onEveryStore('a code that was sent wins once', async (store, context) => {
  const both = await nodes(store)
  const it = { ...attemptOf(), factor: 'email_code', to: 'ada@example.org' } as const
  await rounds(context, async () => {
    const { challenge, sent } = beginCode(both[0], { ...it, language: 'en', forWhat: 'the shop' })
    assert.equal(await sent, 'queued')
    const typed = both[0].sent.at(-1)!.values['code']
    return async (node) => (await answerCode(both[node]!, { ...it, boundAtAal: 2, challenge, typed })).accepted
  })
})

onEveryStore('a code of an app wins once', async (store, context) => {
  const both = await nodes(store)
  const about = { account: 'idp:ada', label: 'ada', issuer: 'Ambit', name: 'app', boundAtAal: 2 }
  const { id, secret } = await enrolOtp(both[0], about)
  const code = () => generateSync({ secret, epoch: Math.floor(both[0].now / 1000) })
  assert.ok((await confirmOtp(both[0], { ...attemptOf({ purpose: 'enrol' }), id, typed: code() })).accepted)
  await rounds(context, async () => {
    both[0].now = both[1].now += 30_000
    const typed = code()
    return async (node) => (await answerOtp(both[node]!, { ...attemptOf(), factor: 'totp', typed })).accepted
  })
})

onEveryStore('a recovery code wins once', async (store, context) => {
  const both = await nodes(store)
  let codes: string[] = []
  await rounds(context, async () => {
    if (codes.length === 0)
      codes = await replaceRecoveryCodes(both[0], { account: 'idp:ada', boundAtAal: 2, session: null })
    const typed = codes.pop()
    return async (node) => (await answerRecoveryCode(both[node]!, { ...attemptOf(), typed })).accepted
  })
})

onEveryStore('an assertion of a key wins once, whether the key counts or not', async (store, context) => {
  const both = await nodes(store)
  const passkeys = { party: { id: RP_ID, name: 'Example', origins: [ORIGIN] }, models: catalogueOf([], 0) }
  const keys = [newSoftwareKey(), newSoftwareKey()]
  keys[1]!.counter = 1
  for (const key of keys) {
    const it = attemptOf({ purpose: 'enrol' })
    const begun = await beginRegistration(both[0], passkeys, { ...it, displayName: 'ada', attest: false })
    const shown = { challenge: begun.challenge, response: register(key, begun.options), name: 'key', boundAtAal: 2 }
    assert.ok((await finishRegistration(both[0], passkeys, { ...it, ...shown })).accepted)
  }
  const it = { ...attemptOf(), account: null }
  await rounds(context, async (i) => {
    const begun = await beginSignIn(both[0], passkeys, it)
    const shown = { challenge: begun.challenge, response: assertWith(keys[i % 2]!, begun.options) }
    return async (node) => (await finishSignIn(both[node]!, passkeys, { ...it, ...shown }))?.outcome.accepted ?? false
  })
})

onEveryStore('of many who redeem one code or refresh token, one does', async (store, context) => {
  const clock = () => 1_800_000_000_000
  const databases = [await store.open(), await store.open()]
  const adapters = (['AuthorizationCode', 'RefreshToken', 'DeviceCode'] as const).map((model) =>
    databases.map((database) => new (adapterOf(database, clock))(model)),
  )
  await rounds(context, async (i) => {
    const both = adapters[i % adapters.length]!
    await both[0]!.upsert(`code ${i}`, { grantId: `grant ${i}`, accountId: 'idp:ada' }, 60)
    return async (node) => {
      // as the provider does: look, then consume what was found unused
      const found = await both[node]!.find(`code ${i}`)
      if (found === undefined || found.consumed !== undefined) return false
      return both[node]!.consume(`code ${i}`).then(
        () => true,
        () => false,
      )
    }
  })
})

onEveryStore('of proofs and assertions with one name, one is taken', async (store, context) => {
  const clock = () => 1_800_000_000_000
  const both = [await store.open(), await store.open()].map(
    (database) => new (adapterOf(database, clock))('ReplayDetection'),
  )
  await rounds(
    context,
    async (i) => (node) =>
      both[node]!.upsert(`jti ${i}`, {}, 60).then(
        () => true,
        () => false,
      ),
  )
})
