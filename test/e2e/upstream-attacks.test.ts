/** Providers that lie, and people who answer for them: what comes back to the sign-in, and what comes to the address for sign-outs. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { newSigner, sign, type Claims, type Signer } from '#authn/issuer.fixture.ts'
import { upstreamName } from '#authn/upstream.ts'
import { testProvider, type TestProvider } from '#server/gate/provider.fixture.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, startPeople } from './people.fixture.ts'
import { upstreamConfig } from './upstream.fixture.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const now = () => Math.floor(new Date().getTime() / 1000)

/** Two providers, of which one is linked to Ben: its subject `b-1`. */
async function started(context: TestContext, store: string) {
  const signers = { corp: await newSigner('k1'), other: await newSigner('k1') }
  const corp = await testProvider(context, [signers.corp])
  const other = await testProvider(context, [signers.other])
  for (const each of [corp, other]) each.metadata = { authorization_response_iss_parameter_supported: true }
  const providers = [
    { id: 'corp', issuer: corp.issuer },
    { id: 'other', issuer: other.issuer },
  ]
  const people = await startPeople(context, { store, more: upstreamConfig(providers) })
  const { server, origin } = people
  const canonical = upstreamName(corp.issuer, 'b-1')
  const link = { kind: 'upstream', canonical, shown: `${corp.issuer} Ben`, account: 'shop:ben' } as const
  const at = server.context.clock()
  await identifierStore(server.context.database).add({ ...link, verifiedAt: at, addedAt: at, boundAtAal: 3 })

  /** A browser that was sent to a provider: its state and nonce. */
  async function sent(id: 'corp' | 'other' = 'corp') {
    const person = new Person(origin)
    await person.go('/account')
    const provider = id === 'corp' ? corp : other
    const [, before, after] = /^([\s\S]*?action="[^"]*\/upstream"[\s\S]*?value=")(?:corp)("[\s\S]*)$/.exec(person.html)!
    person.html = `${before}${id}${after}`
    await person.submit('upstream')
    assert.equal(person.left?.origin, provider.issuer, person.html)
    return { person, asked: provider.pushed.at(-1)! }
  }

  const idToken = (provider: TestProvider, signer: Signer, claims: Claims, header: Record<string, unknown> = {}) =>
    sign(
      signer,
      {
        iss: provider.issuer,
        aud: 'ambit',
        sub: 'b-1',
        acr: 'strong',
        auth_time: now(),
        iat: now(),
        exp: now() + 300,
        sid: 's-1',
        ...claims,
      },
      { typ: 'JWT', ...header },
    )

  /** Comes back with an ID token as the test makes it. */
  async function back(
    claims: Claims = {},
    {
      signer = signers.corp,
      iss = corp.issuer,
      path = 'corp',
      header = {},
    }: { signer?: Signer; iss?: string; path?: string; header?: Record<string, unknown> } = {},
  ) {
    const { person, asked } = await sent()
    const token = await idToken(corp, signer, { nonce: asked.get('nonce'), ...claims }, header)
    corp.exchange = () => ({ id_token: token })
    other.exchange = () => ({ id_token: token })
    const query = new URLSearchParams({ state: asked.get('state')!, code: 'c', iss })
    await person.go(`/upstream/${path}?${query.toString()}`)
    return person
  }
  return { ...people, signers, corp, other, sent, back, idToken, canonical }
}

const isIn = (person: Person): boolean => person.at === '/account' && person.html.includes('shop:ben')

onEveryStore(
  'an ID token counts for its flow, its issuer and its client, signed with a key of theirs',
  async (store, context) => {
    const { back, signers, other, corp, sent, idToken, origin } = await started(context, store.url)
    assert.ok(isIn(await back()))
    const forger = await newSigner('k1')
    const forged: readonly (readonly [string, Claims, Parameters<typeof back>[1]?])[] = [
      ['a key that is not theirs', {}, { signer: forger }],
      ['a key of another provider', {}, { signer: signers.other }],
      ['no nonce', { nonce: undefined }],
      ['another nonce', { nonce: 'x' }],
      ['another client', { aud: 'app' }],
      ['several clients', { aud: ['ambit', 'app'] }],
      ['another issuer', { iss: other.issuer }, { signer: signers.other }],
      ['an access token', {}, { header: { typ: 'at+jwt' } }],
      ['a logout token', { events: { [EVENT]: {} } }],
      ['out of date', { exp: now() - 60, iat: now() - 400 }],
      ['signed in in the future', { auth_time: now() + 4000 }],
      ['no time of sign-in', { auth_time: undefined }],
      ['a time that is no number', { auth_time: String(now()) }],
      ['signed in long ago', { auth_time: now() - 90_000 }],
      ['an acr of ours, which nobody mapped', { acr: 'phrh' }],
      ['acr as a list', { acr: ['strong'] }],
      ['amr instead of acr', { acr: undefined, amr: ['hwk', 'mfa'] }],
      ['our own words on keys', { acr: 'unmapped', 'urn:ambit:key_class': 'hardware' }],
      ['nobody', { sub: '' }],
      ['an answer of another issuer (mix-up)', {}, { iss: other.issuer }],
      ['an answer at the address of another (mix-up)', {}, { path: 'other' }],
    ]
    for (const [what, claims, how] of forged) {
      const person = await back(claims, how)
      assert.equal(person.status, 403, what)
      await person.go('/account')
      assert.ok(!isIn(person), what)
    }
    // the same subject at another provider is somebody else, whatever it says
    const { person, asked } = await sent('other')
    const theirs = await idToken(other, signers.other, { nonce: asked.get('nonce') })
    other.exchange = () => ({ id_token: theirs })
    const query = { state: asked.get('state')!, code: 'c', iss: other.issuer }
    await person.go(`/upstream/other?${new URLSearchParams(query).toString()}`)
    assert.match(person.html, /Nobody here is linked/)
    // what went out was bound: PKCE, state and nonce of its own, one address each
    const [one, two] = corp.pushed.slice(-2)
    for (const name of ['state', 'nonce', 'code_challenge']) assert.notEqual(one!.get(name), two!.get(name))
    assert.equal(one!.get('code_challenge_method'), 'S256')
    assert.equal(one!.get('redirect_uri'), `${origin}/upstream/corp`)
    assert.equal(asked.get('redirect_uri'), `${origin}/upstream/other`)
    // somebody who is in with a password is not mixed with somebody else elsewhere
    const ada = new Person(origin)
    await ada.go('/account')
    await ada.submit('identify', { identifier: 'ada@example.org' })
    await ada.submit('password', { password: PASSWORD })
    assert.doesNotMatch(ada.html, /upstream"/, 'Ada has no link')
  },
)

onEveryStore('a provider that signs somebody out ends what rests on it, once and no more', async (store, context) => {
  const { back, corp, other, signers, origin, idToken, server } = await started(context, store.url)
  const tell = async (
    claims: Claims,
    { signer = signers.corp, header = { typ: 'logout+jwt' }, path = 'corp' } = {},
  ) => {
    const said = { iss: corp.issuer, aud: 'ambit', iat: now(), exp: now() + 120, jti: randomUUID() }
    const token = await sign(signer, { ...said, events: { [EVENT]: {} }, ...claims }, header)
    const body = new URLSearchParams({ logout_token: token })
    const response = await fetch(`${origin}/upstream/${path}/logout`, { method: 'POST', body })
    return response.status
  }
  const first = await back({ sid: 's-1' })
  const second = await back({ sid: 's-2' })
  const unnamed = await back({ sid: undefined })
  const local = new Person(origin)
  await local.go('/account')
  await local.submit('identify', { identifier: 'ben@example.org' })
  await local.submit('password', { password: PASSWORD })
  const who = async () => {
    const people = [first, second, unnamed, local]
    for (const person of people) await person.go('/account')
    return people.map(isIn)
  }
  assert.deepEqual(await who(), [true, true, true, true])
  const forger = await newSigner('k1')
  for (const [what, claims, how] of [
    ['forged', { sid: 's-1' }, { signer: forger }],
    ['of another provider', { sid: 's-1', iss: other.issuer }, { signer: signers.other }],
    ['at the address of another', { sid: 's-1' }, { path: 'other' }],
    ['for another client', { sid: 's-1', aud: 'app' }],
    ['with a nonce', { sid: 's-1', nonce: 'x' }],
    ['without an event', { sid: 's-1', events: undefined }],
    ['with another event', { sid: 's-1', events: { 'urn:x': {} } }],
    ['without an id', { sid: 's-1', jti: undefined }],
    ['without an end', { sid: 's-1', exp: undefined }],
    ['of nobody', {}],
    ['too old', { sid: 's-1', iat: now() - 3600 }],
    ['an access token', { sid: 's-1' }, { header: { typ: 'at+jwt' } }],
  ] as readonly (readonly [string, Claims, Parameters<typeof tell>[1]?])[]) {
    assert.equal(await tell(claims, how), 400, what)
  }
  const asId = new URLSearchParams({ logout_token: await idToken(corp, signers.corp, {}) })
  assert.equal((await fetch(`${origin}/upstream/corp/logout`, { method: 'POST', body: asId })).status, 400)
  assert.deepEqual(await who(), [true, true, true, true])
  assert.equal(await tell({ sid: 's-1', sub: 'b-1', jti: 'once' }), 200)
  // a session that its sign-in did not name may be the one that ended
  assert.deepEqual(await who(), [false, true, false, true])
  await server.caughtUp()
  assert.equal((await back({ sid: 's-1', iat: now() + 2 })).status, 403, 'that session is over for good')
  const again = await back({ sid: 's-3' })
  assert.ok(isIn(again))
  assert.equal(await tell({ sid: 's-1', sub: 'b-1', jti: 'once' }), 400, 'it was used')
  assert.deepEqual(await who(), [false, true, false, true])
  await again.go('/account')
  assert.ok(isIn(again))
  // what was signed before it began, and was long on its way, does not end it
  assert.equal(await tell({ sub: 'b-1', iat: now() - 100 }), 200)
  await again.go('/account')
  assert.ok(isIn(again))
  assert.equal(await tell({ sub: 'b-1', iat: now() + 2 }), 200)
  await again.go('/account')
  assert.ok(!isIn(again))
  assert.deepEqual(await who(), [false, false, false, true])
  // a sign-in that was under way when its session ended opens none
  assert.equal((await back({ sid: 's-4', iat: now() - 5 })).status, 403)
  const events = await server.context.database.sql
    .selectFrom('events')
    .select('data')
    .where('type', '=', 'session.ended')
    .execute()
  assert.equal(events.filter(({ data }) => data.includes('upstream_signed_out')).length, 4)
})

onEveryStore('a session that ended all others still ends with the sign-in that it rests on', async (store, context) => {
  const { back, corp, signers, origin } = await started(context, store.url)
  // signed in elsewhere, too, so that there are others to end
  const other = await back({ sid: 's-2' })
  const person = await back({ sid: 's-1' })
  await person.go('/account')
  await person.submit('end-others')
  await other.go('/account')
  assert.ok(!isIn(other))
  await person.go('/account')
  assert.ok(isIn(person))
  const claims = { iss: corp.issuer, aud: 'ambit', iat: now(), exp: now() + 120, jti: randomUUID(), sid: 's-1' }
  const token = await sign(signers.corp, { ...claims, events: { [EVENT]: {} } }, { typ: 'logout+jwt' })
  const body = new URLSearchParams({ logout_token: token })
  assert.equal((await fetch(`${origin}/upstream/corp/logout`, { method: 'POST', body })).status, 200)
  await person.go('/account')
  assert.ok(!isIn(person))
})
