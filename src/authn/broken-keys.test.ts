import { strict as assert } from 'node:assert'
import { until } from '#lib/until.fixture.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { catalogueOf } from './attestation.ts'
import { suspendAllBroken } from './broken-keys.ts'
import { strengthForChanges } from './changes.ts'
import { enrolled, worths } from './enrolled.fixture.ts'
import { asJudged } from './enrolled-proof.ts'
import { keyFactsOf } from './key-material.ts'
import type { Proof } from './session.ts'
import { AAGUID, birth, enrol, model, PASSKEYS, passkeysWith, signIn, TO_COME } from './passkeys.fixture.ts'
import { tellOverdue } from './tellings.ts'
import { newSoftwareKey } from './software-key.fixture.ts'
import { toolsOver } from './tools.fixture.ts'

const BAD = [
  'USER_VERIFICATION_BYPASS',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
  'REVOKED',
]
const BROKEN = passkeysWith({ statuses: ['REVOKED', 'FIDO_CERTIFIED_L2'] })
const SESSION = { epoch: 0, browser: 'browser-a', proofs: [], startedAt: 0, usedAt: 0, endsAt: TO_COME, idleMs: null }

onEveryStore('a key of a model that was broken since lets nobody in, and is put away', async (store) => {
  const database = await store.open()
  for (const status of BAD) {
    const tools = toolsOver(database)
    const account = `idp:${status}`
    const key = newSoftwareKey()
    assert.ok((await enrol(tools, key, birth, PASSKEYS, account)).accepted)
    const { epoch } = await tools.accounts.stateOf(account)
    await tools.sessions.begin({ ...SESSION, id: status, account, epoch }, status)
    tools.notices.length = 0
    const broken = passkeysWith({ statuses: ['FIDO_CERTIFIED_L2', status] })
    const result = await signIn(tools, key, {}, null, broken)
    assert.deepEqual(result?.outcome, { accepted: false, reason: 'wrong' }, status)
    assert.equal((await tools.authenticators.listOf(account))[0]?.state, 'suspended')
    assert.equal(await tools.sessions.resume(status, tools.now), null)
    assert.deepEqual(tools.notices, [{ account, template: 'key_broken' }])
    const said = tools.records.filter(({ kind }) => kind === 'authenticator')
    assert.deepEqual(
      said.map((it) => [it.account, it.event, it.reason]),
      [[account, 'authenticator_suspended', 'key_broken']],
    )
    // nor with a list that does not know of it
    assert.ok(!(await signIn(tools, key))?.outcome.accepted)
  }
  const told = await database.sql.selectFrom('events').selectAll().where('type', '=', 'credential.changed').execute()
  assert.equal(told.filter(({ data }) => data.includes('"revoke"')).length, BAD.length)
})

onEveryStore('a new list puts away every key of a broken model, once, whichever nodes read it', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  const ours = ['idp:a', 'idp:b', 'idp:c']
  for (const account of ours) assert.ok((await enrol(one, newSoftwareKey(), birth, PASSKEYS, account)).accepted)
  assert.ok((await enrol(one, newSoftwareKey(), {}, PASSKEYS, 'idp:plain')).accepted)
  one.notices.length = 0
  assert.equal(await suspendAllBroken(one, PASSKEYS.models), 0)
  const counts = await Promise.all([one, other, one, other].map((tools) => suspendAllBroken(tools, BROKEN.models)))
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    ours.length,
  )
  const told = [...one.notices, ...other.notices].map(({ account }) => account)
  assert.deepEqual(told.toSorted(), ours)
  for (const account of ours) {
    const mine = await one.authenticators.listOf(account)
    assert.deepEqual([mine[0]?.state, strengthForChanges(mine, worths)], ['suspended', 'single_factor'])
  }
  assert.equal((await one.authenticators.listOf('idp:plain'))[0]?.state, 'active')
  assert.equal(await suspendAllBroken(one, BROKEN.models), 0)
})

onEveryStore(
  'a session that rests on more than its key is worth by now ends within a look, and no other',
  async (store) => {
    const database = await store.open()
    const tools = toolsOver(database)
    const [hard, plain] = [newSoftwareKey(), newSoftwareKey()]
    assert.ok((await enrol(tools, hard, birth)).accepted)
    assert.ok((await enrol(tools, plain, {})).accepted)
    const proofOf = async (key: typeof hard) => {
      const outcome = (await signIn(tools, key))?.outcome
      assert.ok(outcome?.accepted)
      return outcome.proof
    }
    const [strong, weak] = [await proofOf(hard), await proofOf(plain)]
    const { epoch } = await tools.accounts.stateOf('idp:ada')
    const begin = (id: string, proofs: readonly Proof[]) =>
      tools.sessions.begin({ ...SESSION, id, account: 'idp:ada', epoch, proofs }, id)
    const alive = async () => (await tools.sessions.listOf('idp:ada', tools.now)).map(({ id }) => id).toSorted()
    await begin('strong', [weak, strong])
    await begin('weak', [weak])
    await suspendAllBroken(tools, PASSKEYS.models)
    assert.deepEqual(await alive(), ['strong', 'weak'])
    for (const [changed, left, becomes] of [
      [{ fips140Level: 0 }, ['weak'], ['hardware', 0]],
      [{ keyProtection: ['software'] }, ['weak'], ['software', 0]],
    ] as const) {
      const { models } = passkeysWith(changed)
      assert.equal(await suspendAllBroken(tools, models), 0)
      assert.deepEqual(await alive(), left)
      // a sign-in that was under way is worth as much as one that begins now, which is let be
      const keys = await keyFactsOf(tools, models, await tools.authenticators.listOf('idp:ada'))
      const [judged, other] = asJudged([strong, weak], keys)
      assert.deepEqual([judged?.keyClass, judged?.fips140Level, other], [...becomes, weak])
      await begin(becomes[0], [judged!])
      await suspendAllBroken(tools, models)
      assert.deepEqual(await alive(), [becomes[0], 'weak'])
      assert.ok(await tools.sessions.end(becomes[0], 'test', tools.now))
      await begin(`strong ${becomes[0]}`, [strong])
    }
    const events = await database.sql.selectFrom('events').select('data').where('type', '=', 'session.ended').execute()
    assert.equal(events.filter(({ data }) => data.includes('key_worth_less')).length, 2)
  },
)

onEveryStore('one key that cannot be opened keeps no other from being judged', async (store) => {
  const tools = toolsOver(await store.open())
  await tools.authenticators.enrol(enrolled('passkey', { id: 'au_', material: 'unreadable', account: 'idp:x' }))
  assert.ok((await enrol(tools, newSoftwareKey(), birth)).accepted)
  assert.equal(await suspendAllBroken(tools, BROKEN.models), 1)
  assert.equal(tools.troubles.length, 1)
})

onEveryStore(
  'where the store, the record or the notice fails, the rest is put away all the same, and it is said',
  async (store) => {
    const tools = toolsOver(await store.open())
    for (const account of ['idp:a', 'idp:b', 'idp:c'])
      assert.ok((await enrol(tools, newSoftwareKey(), birth, PASSKEYS, account)).accepted)
    const once = <A extends readonly unknown[], R>(does: (...args: A) => Promise<R>) => {
      let failed = false
      return async (...args: A): Promise<R> => {
        if (failed) return does(...args)
        failed = true
        throw new Error('away')
      }
    }
    tools.notices.length = 0
    const failing = {
      ...tools,
      record: once(tools.record),
      notify: once(tools.notify),
      authenticators: {
        ...tools.authenticators,
        pageOf: once(tools.authenticators.pageOf),
        suspend: once(tools.authenticators.suspend),
      },
    }
    assert.equal(await suspendAllBroken(failing, BROKEN.models, { pauseMs: 1 }), 3)
    assert.equal(tools.troubles.length, 3)
    assert.equal(tools.notices.length, 2)
    // what failed is told later
    tools.now += 60_000
    assert.equal(await tellOverdue(tools), 2)
    assert.equal(tools.notices.length, 3)
    assert.equal(tools.records.filter(({ kind }) => kind === 'authenticator').length, 3)
    const stopped = AbortSignal.abort()
    assert.equal(await suspendAllBroken(failing, BROKEN.models, { stopped }), 0)
  },
)

onEveryStore('what a node was killed before it could tell of a broken key, another one tells, once', async (store) => {
  const [killed, one, other] = [
    toolsOver(await store.open()),
    toolsOver(await store.open()),
    toolsOver(await store.open()),
  ]
  assert.ok((await enrol(killed, newSoftwareKey(), birth)).accepted)
  const never = () => new Promise<never>(() => {})
  void suspendAllBroken({ ...killed, record: never, notify: never }, BROKEN.models)
  const stateOfKey = async () => (await one.authenticators.listOf('idp:ada'))[0]?.state
  await until(async () => (await stateOfKey()) === 'suspended')
  assert.equal(await tellOverdue(one), 0)
  one.now += 60_000
  other.now += 60_000
  const counts = await Promise.all([tellOverdue(one), tellOverdue(other)])
  assert.equal(counts[0] + counts[1], 2)
  const told = [one, other].flatMap(({ records, notices }) => [
    ...records.map(({ event }) => event),
    ...notices.map(({ template }) => template),
  ])
  assert.deepEqual(told.toSorted(), ['authenticator_suspended', 'key_broken'])
  other.now += 60_000
  assert.equal(await tellOverdue(other), 0)
})

onEveryStore('what a key is worth falls with what is known of its model, and never rises', async (store) => {
  const tools = toolsOver(await store.open())
  const [hard, plain] = [newSoftwareKey(), newSoftwareKey()]
  assert.ok((await enrol(tools, hard, birth)).accepted)
  assert.ok((await enrol(tools, plain, { aaguid: AAGUID })).accepted)
  const later = (changed: Partial<typeof model>, nextUpdate?: number) => passkeysWith(changed, nextUpdate)
  const nothing = { ...PASSKEYS, models: catalogueOf([], 0) }
  for (const [what, passkeys, keyClass, fips140Level] of [
    ['as it was', PASSKEYS, 'hardware', 2],
    ['in software after all', later({ keyProtection: ['software'] }), 'software', 0],
    ['no longer validated', later({ fips140Level: 0 }), 'hardware', 0],
    ['validated higher', later({ fips140Level: 3 }), 'hardware', 2],
    ['a list that is out of date', later({}, 1), 'hardware', 2],
    ['nothing known any more', nothing, 'hardware', 2],
  ] as const) {
    const mine = await tools.authenticators.listOf('idp:ada')
    const facts = [...(await keyFactsOf(tools, passkeys.models, mine)).values()].map((it) => it.keyClass)
    assert.deepEqual(facts.toSorted(), [keyClass, 'unattested'].toSorted(), what)
    const [one, other] = [await signIn(tools, hard, {}, null, passkeys), await signIn(tools, plain, {}, null, passkeys)]
    assert.ok(one?.outcome.accepted && other?.outcome.accepted, what)
    const { proof } = one.outcome
    assert.deepEqual([proof.keyClass, proof.fips140Level], [keyClass, fips140Level], what)
    assert.equal(other.outcome.proof.keyClass, 'unattested', what)
  }
})
