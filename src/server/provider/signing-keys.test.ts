import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { keyringOf } from '#authn/keyring.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { KEPT_MS, LEAD_MS, openSigningKeys, PERIOD_MS, SHORT_LEAD_MS, timesOf } from './signing-keys.ts'

const HOUR = 3_600_000
const secret = randomBytes(32)
const keyring = () => keyringOf([{ id: 'k1', secret }])

onEveryStore(
  'a key is known before it signs, on every node, and until nothing that it signed comes back',
  async (store) => {
    let now = 1_800_000_000_000
    const clock = () => now
    const [one, two] = await Promise.all([1, 2].map(async () => openSigningKeys(await store.open(), keyring(), clock)))
    const kids = async (which = one!) => {
      await which.refresh()
      return which.current().map(({ kid }) => kid)
    }
    assert.deepEqual([await kids(), await kids(two)], [['oidc-1'], ['oidc-1']])
    assert.deepEqual(one!.current()[0]!.jwk, two!.current()[0]!.jwk)
    now += PERIOD_MS - LEAD_MS - 1
    assert.deepEqual(await kids(), ['oidc-1'])
    now += 1
    // both nodes find that it is time at once: there is one next key
    await Promise.all([one!.refresh(), two!.refresh()])
    assert.deepEqual(
      [await kids(), await kids(two)],
      [
        ['oidc-1', 'oidc-2'],
        ['oidc-1', 'oidc-2'],
      ],
    )
    assert.deepEqual(one!.current()[1]!.jwk, two!.current()[1]!.jwk)
    now += LEAD_MS
    let heard = 0
    one!.onChange(() => void heard++)
    assert.deepEqual(await kids(), ['oidc-2', 'oidc-1'])
    assert.equal(heard, 1)
    now += KEPT_MS - 1
    assert.deepEqual(await kids(), ['oidc-2', 'oidc-1'])
    now += 1
    assert.deepEqual([await kids(), await kids(two)], [['oidc-2'], ['oidc-2']])
    // by hand: in an hour; twice is once
    await one!.rotate({ compromised: false })
    await two!.rotate({ compromised: false })
    assert.deepEqual(await kids(), ['oidc-2', 'oidc-3'])
    now += SHORT_LEAD_MS
    assert.deepEqual(await kids(two), ['oidc-3', 'oidc-2'])
    // keys that got out are gone at once, everywhere
    await two!.rotate({ compromised: true })
    assert.deepEqual([await kids(), await kids(two)], [['oidc-4'], ['oidc-4']])
    const database = await store.open()
    const rows = await database.sql.selectFrom('provider_keys').selectAll().execute()
    assert.ok(!JSON.stringify(rows).includes(String(two!.current()[0]!.jwk.d)), 'the store holds a private key')
    await assert.rejects(openSigningKeys(database, keyringOf([{ id: 'k1', secret: randomBytes(32) }]), clock))
  },
)

test('whenever somebody looks, one key signs that was published for a while, and none is dropped before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 * 24 }), { maxLength: 60 }), (waits) => {
      let now = 1_800_000_000_000
      let keys: { kid: string; signsAt: number; madeAt: number }[] = []
      const signedUntil = new Map<string, number>()
      for (const wait of waits) {
        now += wait * HOUR
        const { over, nextAt } = timesOf(keys, now)
        for (const kid of over) assert.ok(now - (signedUntil.get(kid) ?? 0) >= KEPT_MS, `${kid} was dropped too early`)
        keys = keys.filter(({ kid }) => !over.includes(kid))
        if (nextAt !== null) keys.push({ kid: `k${now}`, signsAt: nextAt, madeAt: now })
        const { signer } = timesOf(keys, now)
        const its = keys.find(({ kid }) => kid === signer)!
        assert.ok(keys.length === 1 || now - its.madeAt >= LEAD_MS || its.madeAt === its.signsAt)
        signedUntil.set(its.kid, now)
      }
    }),
  )
})
