import { strict as assert } from 'node:assert'
import { suite, test, type TestContext } from 'node:test'
import type { RuntimeException } from '#contract/exception.ts'
import { SAFEGUARDS } from '#contract/vocabulary.ts'
import { sessionOf } from '#decision/world.fixture.ts'
import { until } from '#lib/until.fixture.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { sessionStore } from '#storage/sessions.ts'
import { asked, exceptionServers, inventory } from './exceptions.fixture.ts'

const MAIL = 'smtp: { host: mail.example, from: a@ambit.example }'
const people = (more = MAIL) => `publicUrl: http://127.0.0.1:1
people:
  brand: Till
  keys: [{ id: k1, secret: ${Buffer.alloc(32, 7).toString('base64')} }]
  ${more}
`
const OWN = 'http://127.0.0.1:1/oidc'

/** Servers with an exception for Bea that was approved. */
async function excused(context: TestContext, config: string, facts = inventory()) {
  const it = await exceptionServers(context, { config })
  const { server, post, tokens, put, clock } = it
  await put(facts)
  const { database, exceptions } = server.context
  const made = (await post('', asked)).body
  const approve = () => post(`/${made.id}/approve`, { account: 'idp:cai' }, tokens.two)
  const times = { startedAt: clock(), usedAt: clock(), endsAt: clock() + 86_400_000 * 400, idleMs: null }
  for (const [id, account] of [
    ['bound', 'idp:bea'],
    ['loose', 'idp:bea'],
    ['other', 'idp:dov'],
  ] as const) {
    const session = { id, account, epoch: 0, browser: 'b', proofs: [], ...times }
    await sessionStore(database).begin(session, `token ${id}`)
    const binding = { id: `binding ${id}`, key: { kty: 'EC', alg: 'ES256' }, since: clock(), uses: 0 }
    if (id !== 'loose') assert.equal(await sessionStore(database).bind(id, `token ${id}`, binding, clock()), true)
  }
  /** how many exceptions stand for a session of hers */
  const stand = async (sessionId: string | null, issuer = OWN) =>
    (await exceptions.standing('idp:bea', { session: sessionOf('idp:bea', { issuer, sessionId }), device: null }))
      .length
  const state = async () => {
    await exceptions.observe()
    const shown = await server.ask(`/v1/exceptions/${made.id}`, { token: tokens.two })
    return ((await shown.json()) as { exception: RuntimeException }).exception
  }
  /** from now on she signs in here */
  const signIn = async () => {
    const canonical = 'bea@ambit.example'
    await identifierStore(database, clock).add({
      kind: 'mail',
      canonical,
      shown: canonical,
      account: 'idp:bea',
      verifiedAt: clock(),
      addedAt: clock(),
      boundAtAal: 2,
    })
  }
  return { ...it, id: made.id, approve, stand, state, signIn }
}

suite('An exception for somebody who signs in here', () => {
  test('stands for a session that is bound to a device, and for no other of hers', async (context) => {
    const { approve, stand, state } = await excused(context, people())
    assert.equal((await approve()).status, 200)
    assert.equal(await stand('bound'), 1)
    assert.equal(await stand('loose'), 0)
    assert.equal(await stand('other'), 0, 'a session of somebody else')
    assert.equal(await stand('gone'), 0)
    assert.equal(await stand(null), 0)
    assert.equal(await stand('loose', 'https://idp.example'), 1, 'elsewhere, what the inventory states counts')
    assert.equal((await state()).state, 'approved', 'one session says nothing of the others')
  })

  test('does not stand where the inventory says that a safeguard is missing, whatever is seen here', async (context) => {
    const without = inventory(SAFEGUARDS.filter((each) => each !== 'rate_limiting'))
    const { approve, stand } = await excused(context, people(), without)
    assert.equal((await approve()).status, 403)
    assert.equal(await stand('bound'), 0)
  })

  test('is neither approved nor goes on where nobody could be told of a recovery', async (context) => {
    const { approve, stand, state, signIn } = await excused(context, people('factors: [password]'))
    assert.equal((await approve()).status, 200, 'whoever does not sign in here is told of by the inventory')
    assert.equal(await stand('bound'), 0)
    assert.equal((await state()).state, 'approved')
    await signIn()
    const { state: is, why } = await state()
    assert.deepEqual([is, why], ['suspended', ['monitored_recovery']])
    const again = await approve()
    assert.equal(again.status, 403)
    assert.match(JSON.stringify(again.body), /nobody can be told of a recovery/)
  })

  test('does not stand while nobody looks at recoveries, and does again once somebody does', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] })
    const { approve, stand, state, pass, id, server, tokens } = await excused(context, people())
    assert.equal((await approve()).status, 200)
    pass(1)
    assert.equal(await stand('bound'), 0)
    const shown = await server.ask(`/v1/exceptions/${id}`, { token: tokens.two })
    const { safeguards } = (await shown.json()) as { safeguards: { safeguard: string; holds: boolean | null }[] }
    assert.deepEqual(safeguards.map(({ safeguard }) => safeguard).toSorted(), [...SAFEGUARDS].toSorted())
    assert.equal((await state()).state, 'approved', 'what is not known suspends nothing')
    context.mock.timers.tick(30_000)
    await until(async () => (await stand('bound')) === 1, 'nobody looks')
  })
})
