import { strict as assert } from 'node:assert'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { beginRegistration, beginSignIn, finishRegistration, finishSignIn, type Passkeys } from './passkeys.ts'
import { accepted, AAGUID, birth, enrol, fake, PASSKEYS, passkeysWith, real, signIn } from './passkeys.fixture.ts'
import { assertWith, newSoftwareKey, register, type Lies } from './software-key.fixture.ts'
import { attemptOf, toolsOver } from './tools.fixture.ts'

onEveryStore('hardware is what a pinned maker vouches for, and nothing else', async (store) => {
  const tools = toolsOver(await store.open())
  const cases: readonly [string, Lies, Passkeys, string | null][] = [
    ['the maker', birth, PASSKEYS, 'hardware'],
    ['a key that syncs', { ...birth, backupEligible: true, backedUp: true }, PASSKEYS, 'synced'],
    ['nobody', {}, PASSKEYS, 'unattested'],
    ['nobody, with the name of a model', { aaguid: AAGUID }, PASSKEYS, 'unattested'],
    ['itself', { attestation: 'self', aaguid: AAGUID }, PASSKEYS, 'unattested'],
    [
      'another root with the same name',
      { ...birth, attestation: { chain: [fake.leaf], key: fake.key } },
      PASSKEYS,
      null,
    ],
    ['a maker nobody pinned', { ...birth, aaguid: '99999999-5566-7788-99aa-bbccddeeff00' }, PASSKEYS, 'unattested'],
    ['a model that was broken', birth, passkeysWith({ statuses: ['REVOKED', 'FIDO_CERTIFIED_L2'] }), null],
    [
      'a broken model that attests nothing',
      { aaguid: AAGUID },
      passkeysWith({ statuses: ['USER_KEY_REMOTE_COMPROMISE'] }),
      null,
    ],
    ['a model in software', birth, passkeysWith({ keyProtection: ['software'] }), 'software'],
    ['metadata out of date', birth, passkeysWith({}, 1), 'unattested'],
    ['a signature of another key', { ...birth, attestation: { chain: [real.leaf], key: fake.key } }, PASSKEYS, null],
    ['backed up but not eligible', { backedUp: true }, PASSKEYS, null],
  ]
  for (const [who, lies, passkeys, keyClass] of cases) {
    const outcome = await enrol(tools, newSoftwareKey(), lies, passkeys)
    assert.equal(outcome.accepted ? outcome.proof.keyClass : null, keyClass, who)
  }
})

onEveryStore('a key is enrolled at its own place, verified, once, by the browser that asked', async (store) => {
  const tools = toolsOver(await store.open())
  const lies: readonly Lies[] = [
    { origin: 'https://sign-in.example.org.evil.test' },
    { origin: 'http://sign-in.example.org' },
    { origin: 'https://sign-in.example.org:8443' },
    { origin: 'https://a.sign-in.example.org' },
    { rpId: 'example.org' },
    { userVerified: false },
    { userPresent: false },
    { type: 'webauthn.get' },
    { crossOrigin: true },
    { topOrigin: 'https://evil.test' },
    { challenge: Buffer.alloc(32).toString('base64url') },
  ]
  for (const lie of lies) assert.ok(!(await enrol(tools, newSoftwareKey(), lie)).accepted, JSON.stringify(lie))
  const key = newSoftwareKey()
  assert.ok((await enrol(tools, key)).accepted)
  // a key that belongs to somebody cannot be enrolled by another
  assert.ok(!(await enrol(tools, key, {}, PASSKEYS, 'idp:eve')).accepted)
  const it = attemptOf({ purpose: 'enrol' })
  const begun = await beginRegistration(tools, PASSKEYS, { ...it, displayName: 'ada', attest: false })
  const response = register(newSoftwareKey(), begun.options)
  const finish = (changed = {}) =>
    finishRegistration(tools, PASSKEYS, {
      ...it,
      challenge: begun.challenge,
      response,
      name: '<b>',
      boundAtAal: 2,
      ...changed,
    })
  assert.ok(!(await finish({ browser: 'browser-b' })).accepted)
  assert.ok(!(await finish({ account: 'idp:eve' })).accepted)
  const outcomes = await Promise.all(Array.from({ length: 16 }, () => finish()))
  assert.equal(outcomes.filter((each) => each.accepted).length, 1)
})

onEveryStore('a key signs its owner in, and every lie about it is refused', async (store) => {
  const tools = toolsOver(await store.open())
  const key = newSoftwareKey()
  await enrol(tools, key, birth)
  const right = await signIn(tools, key)
  assert.equal(right?.account, 'idp:ada')
  assert.ok(right?.outcome.accepted)
  assert.deepEqual([right.outcome.proof.keyClass, right.outcome.proof.userVerified], ['hardware', true])
  const lies: readonly Lies[] = [
    { badSignature: true },
    { userVerified: false },
    { userPresent: false },
    { origin: 'https://evil.test' },
    { rpId: 'evil.test' },
    { type: 'webauthn.create' },
    { crossOrigin: true },
    { topOrigin: 'https://evil.test' },
    { userHandle: Buffer.from('somebody').toString('base64url') },
    { challenge: 'AAAA' },
  ]
  for (const lie of lies) assert.ok(!(await accepted(signIn(tools, key, lie))), JSON.stringify(lie))
  assert.ok(await accepted(signIn(tools, key)))
  // the victim is named, and the thief signs with a key of his own
  const thiefs = newSoftwareKey()
  await enrol(tools, thiefs, {}, PASSKEYS, 'idp:eve')
  assert.ok(!(await accepted(signIn(tools, thiefs, {}, 'idp:ada'))))
  thiefs.userHandle = key.userHandle
  assert.ok(!(await accepted(signIn(tools, thiefs))))
  assert.equal(await signIn(tools, newSoftwareKey()), null)
})

onEveryStore('an assertion is good once, for its ceremony, browser and action', async (store) => {
  const tools = toolsOver(await store.open())
  const key = newSoftwareKey()
  await enrol(tools, key)
  const it = { ...attemptOf(), account: null }
  const begun = await beginSignIn(tools, PASSKEYS, it)
  const response = assertWith(key, begun.options)
  const finish = (changed = {}) =>
    finishSignIn(tools, PASSKEYS, { ...it, challenge: begun.challenge, response, ...changed })
  for (const changed of [
    { browser: 'browser-b' },
    { purpose: 'step_up' },
    { binding: 'pay' },
    { account: 'idp:ada' },
    { challenge: 'ch_x' },
  ]) {
    assert.ok(!(await finish(changed))?.outcome.accepted)
  }
  const outcomes = await Promise.all(Array.from({ length: 40 }, () => finish()))
  assert.equal(outcomes.filter((each) => each?.outcome.accepted).length, 1)
  // a challenge of a registration answers no sign-in
  const enrolling = await beginRegistration(tools, PASSKEYS, {
    ...attemptOf({ purpose: 'enrol' }),
    displayName: 'a',
    attest: false,
  })
  const crossed = { ...it, challenge: enrolling.challenge, response: assertWith(key, enrolling.options) }
  assert.ok(!(await finishSignIn(tools, PASSKEYS, crossed))?.outcome.accepted)
  for (const response of [
    null,
    1,
    'x',
    [],
    {},
    { id: 1 },
    { id: 'x', response: null },
    { id: 'x', response: { clientDataJSON: [] } },
  ]) {
    const outcome = await finishSignIn(tools, PASSKEYS, { ...it, challenge: begun.challenge, response })
    assert.ok(outcome === null || !outcome.outcome.accepted)
  }
})

onEveryStore('a copy of a key ends the key, and so does one that begins to sync', async (store) => {
  const tools = toolsOver(await store.open())
  const key = newSoftwareKey()
  key.counter = 5
  await enrol(tools, key)
  const copy = { ...key }
  for (let i = 0; i < 3; i++) assert.ok(await accepted(signIn(tools, key)))
  assert.ok(!(await accepted(signIn(tools, copy))))
  assert.deepEqual(tools.notices.at(-1), { account: 'idp:ada', template: 'key_cloned' })
  assert.ok(!(await accepted(signIn(tools, key))))
  const flips = newSoftwareKey()
  await enrol(tools, flips)
  assert.ok(await accepted(signIn(tools, flips)))
  assert.ok(!(await accepted(signIn(tools, flips, { backupEligible: true, backedUp: true }))))
  assert.deepEqual(tools.notices.at(-1), { account: 'idp:ada', template: 'key_changed' })
  assert.ok(!(await accepted(signIn(tools, flips))))
})

onEveryStore('a stranger cannot tell by the options whether an account is there', async (store) => {
  const tools = toolsOver(await store.open())
  await enrol(tools, newSoftwareKey())
  const shape = async (account: string) => {
    const { options } = await beginSignIn(tools, PASSKEYS, { ...attemptOf(), account })
    return { ...options, challenge: options.challenge.length }
  }
  assert.deepEqual(await shape('idp:ada'), await shape('idp:nobody'))
})
