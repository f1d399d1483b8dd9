/** Sessions that are bound to a key of their browser (W3C Device Bound Session Credentials), and what thieves of cookies try. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose'
import { systemClock } from '#lib/clock.ts'
import { testFolder } from '#server/server.fixture.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, startPeople, type PeopleOptions } from './people.fixture.ts'

const SESSION = '__Host-ambit-session'
const BOUND = '__Host-ambit-bound'
const COOKIE_MS = 600_000

interface ProofOptions {
  readonly alg?: string
  readonly typ?: string
  readonly claims?: JWTPayload
  readonly header?: Readonly<Record<string, unknown>>
}

/** The part of a browser that keeps a key, written after the draft, and its person. */
class BindingBrowser extends Person {
  keys: { publicKey: CryptoKey; privateKey: CryptoKey } | null = null
  binding = ''

  async proofOf(challenge: string, { alg = 'ES256', typ = 'dbsc+jwt', claims = {}, header }: ProofOptions = {}) {
    this.keys ??= await generateKeyPair(alg, { extractable: true })
    const jwk = this.binding === '' ? { jwk: await exportJWK(this.keys.publicKey) } : {}
    const headers = { alg, typ, ...jwk, ...header }
    return new SignJWT({ jti: challenge, ...claims }).setProtectedHeader(headers).sign(this.keys.privateKey)
  }

  async post(path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(new URL(path, this.origin), { method: 'POST', headers: { cookie, ...headers } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.cookies.set(name, value)
    }
    return response
  }

  get challenge(): string {
    return /challenge="([^"]+)"/.exec(this.offered ?? '')?.[1] ?? ''
  }

  register = (proof: string): Promise<Response> => this.post('/session/bind', { 'secure-session-response': proof })

  async bind(options: ProofOptions = {}): Promise<void> {
    const response = await this.register(await this.proofOf(this.challenge, options))
    assert.equal(response.status, 200)
    const said = (await response.json()) as { session_identifier: string; refresh_url: string }
    assert.equal(said.refresh_url, '/session/renew')
    this.binding = said.session_identifier
  }

  prove = (proof: string | null, binding = this.binding): Promise<Response> =>
    this.post('/session/renew', {
      'sec-secure-session-id': `"${binding}"`,
      ...(proof === null ? {} : { 'secure-session-response': `"${proof}"` }),
    })

  async asked(): Promise<string> {
    const response = await this.prove(null)
    assert.equal(response.status, 403)
    const [, challenge = '', id] =
      /^"([^"]+)";id="([^"]+)"$/.exec(response.headers.get('secure-session-challenge') ?? '') ?? []
    assert.equal(id, this.binding)
    return challenge
  }

  /** Whether the cookies that it holds are somebody's session. */
  async isSignedIn(): Promise<boolean> {
    await this.go('/account')
    return this.at === '/account'
  }
}

async function house(context: TestContext, options: PeopleOptions = {}) {
  let shift = 0
  const it = await startPeople(context, { ...options, clock: () => systemClock() + shift })
  const signIn = async (person = new BindingBrowser(it.origin)): Promise<BindingBrowser> => {
    await person.go('/account')
    await person.submit('identify', { identifier: 'ben@example.org' })
    await person.submit('password', { password: PASSWORD })
    assert.equal(person.at, '/account')
    return person
  }
  /** a thief with a copy of these cookies */
  const thiefOf = (person: Person, ...names: string[]): BindingBrowser => {
    const thief = new BindingBrowser(it.origin)
    for (const name of names) thief.cookies.set(name, person.cookies.get(name)!)
    return thief
  }
  return { ...it, signIn, thiefOf, pass: (ms: number) => void (shift += ms) }
}

onEveryStore(
  'a session that is bound goes on by proofs of its key, and a stolen cookie alone is nothing',
  async (store, context) => {
    const { signIn, thiefOf, pass } = await house(context, { store: store.url })
    const ben = await signIn()
    assert.match(ben.offered ?? '', /^\(ES256 RS256\);path="\/session\/bind";challenge="[\w.-]+"$/)
    await ben.bind()
    pass(30_000)
    assert.ok(await ben.isSignedIn())
    assert.match(ben.html, /bound to its device/)
    assert.ok(!(await thiefOf(ben, SESSION).isSignedIn()), 'let in by the long cookie alone')
    pass(COOKIE_MS)
    assert.ok(!(await thiefOf(ben, SESSION, BOUND).isSignedIn()), 'let in after the short cookie has lapsed')
    assert.ok(!(await ben.isSignedIn()))
    const proof = await ben.proofOf(await ben.asked(), {
      claims: { sub: ben.binding, aud: `${ben.origin}/session/renew` },
    })
    assert.equal((await ben.prove(proof)).status, 200)
    assert.ok(await ben.isSignedIn())
    // no more than once, and to nobody else
    assert.equal((await thiefOf(ben, SESSION).prove(proof, ben.binding)).status, 403)
  },
)

onEveryStore('of 200 uses of one challenge at once one is taken', async (store, context) => {
  const { signIn } = await house(context, { store: store.url })
  const ben = await signIn()
  const registration = await ben.proofOf(ben.challenge)
  const offers = await Promise.all(Array.from({ length: 200 }, () => ben.register(registration)))
  assert.equal(offers.filter(({ status }) => status === 200).length, 1)
  const said = (await offers.find(({ status }) => status === 200)!.json()) as { session_identifier: string }
  ben.binding = said.session_identifier
  const proof = await ben.proofOf(await ben.asked())
  const answers = await Promise.all(Array.from({ length: 200 }, () => ben.prove(proof)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal(answers.filter(({ status }) => status === 403).length, 199)
})

test('a key is registered once, right after a sign-in, and by whoever heard of it then', async (context) => {
  const { signIn, thiefOf, pass } = await house(context)
  const ben = await signIn()
  // the cookie alone, before the browser has registered: no challenge is made of it, nor is one of another session
  const thief = thiefOf(ben, SESSION)
  const other = await signIn()
  for (const challenge of ['', 'x', other.challenge])
    assert.equal((await thief.register(await thief.proofOf(challenge))).status, 401)
  assert.equal((await thief.register(new UnsecuredJWT({ jti: ben.challenge }).encode())).status, 401)
  // and the challenge alone, without the cookie
  assert.equal((await new BindingBrowser(ben.origin).register(await ben.proofOf(ben.challenge))).status, 401)
  await ben.bind()
  // the challenge was good once, also for a thief who has everything now
  const late = thiefOf(ben, SESSION, BOUND)
  assert.equal((await late.register(await late.proofOf(ben.challenge))).status, 401)
  pass(60_001)
  assert.equal((await other.register(await other.proofOf(other.challenge))).status, 401)
  // whoever bound nothing goes on as before
  assert.ok(await other.isSignedIn())
})

test('a proof is of the right type, algorithm, key, place and time, or nothing', async (context) => {
  const { signIn, pass } = await house(context)
  const [ben, other] = [await signIn(), await signIn()]
  for (const wrong of [
    { typ: 'JWT' },
    { claims: { aud: 'https://elsewhere.example' } },
    { claims: { aud: `${ben.origin}/session/renew` } },
    { header: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } },
  ])
    assert.equal((await ben.register(await ben.proofOf(ben.challenge, wrong))).status, 401, JSON.stringify(wrong))
  await ben.bind()
  await other.bind({ alg: 'RS256' })
  const { publicKey } = await generateKeyPair('ES256')
  for (const wrong of [
    { typ: 'JWT' },
    { claims: { aud: `${ben.origin}/session/bind` } },
    { claims: { sub: other.binding } },
  ])
    assert.equal((await ben.prove(await ben.proofOf(await ben.asked(), wrong))).status, 403, JSON.stringify(wrong))
  const challenge = await ben.asked()
  const stranger = new BindingBrowser(ben.origin)
  // another key, whether it is brought along or not; another session's; none at all
  for (const proof of [
    await stranger.proofOf(challenge),
    await stranger.proofOf(challenge, { header: { jwk: await exportJWK(publicKey) } }),
    await other.proofOf(challenge, { alg: 'RS256' }),
    await ben.proofOf(await other.asked()),
    new UnsecuredJWT({ jti: challenge }).encode(),
    'nonsense',
  ])
    assert.equal((await ben.prove(proof)).status, 403)
  const tooLate = await ben.proofOf(challenge)
  pass(60_001)
  assert.equal((await ben.prove(tooLate)).status, 403)
  assert.equal((await other.prove(await other.proofOf(await other.asked(), { alg: 'RS256' }))).status, 200)
})

test('whatever ends a session ends its key with it, and a change that renews the session leaves it bound', async (context) => {
  const { signIn, thiefOf, pass } = await house(context)
  const [ben, other] = [await signIn(), await signIn()]
  await ben.bind()
  await other.bind()
  pass(30_000)
  await ben.go('/account')
  const challenge = await ben.asked()
  await ben.submit('end-others')
  assert.ok(await ben.isSignedIn())
  assert.ok(!(await thiefOf(ben, SESSION).isSignedIn()), 'the renewed session is not bound')
  assert.ok(!(await thiefOf(other, SESSION, BOUND).isSignedIn()))
  // the browser of the other is told that it is over; challenges of before the change are
  assert.deepEqual(await (await other.prove(null)).json(), { session_identifier: other.binding, continue: false })
  assert.equal((await ben.prove(await ben.proofOf(challenge))).status, 403)
  assert.equal((await ben.prove(await ben.proofOf(await ben.asked()))).status, 200)
  await ben.go('/account')
  // nobody stays signed in for want of a proof
  ben.cookies.delete(BOUND)
  await ben.submit('sign-out')
  assert.equal(((await (await ben.prove(null)).json()) as { continue: boolean }).continue, false)
})

test('whoever signs in anew, for want of a proof, has one session with one key, and no other that takes its short cookie', async (context) => {
  const { signIn, pass } = await house(context)
  const ben = await signIn()
  await ben.bind()
  const old = ben.binding
  pass(COOKIE_MS + 1)
  await signIn(ben)
  assert.deepEqual(await (await ben.prove(null, old)).json(), { session_identifier: old, continue: false })
  ben.binding = ''
  await ben.bind()
  pass(30_000)
  assert.ok(await ben.isSignedIn())
  assert.equal(ben.html.match(/bound to its device/g)?.length, 1)
})

test('a short cookie of another session is none', async (context) => {
  const { signIn, thiefOf, pass } = await house(context)
  const [ben, thief] = [await signIn(), await signIn()]
  await ben.bind()
  await thief.bind()
  pass(30_000)
  const mixed = thiefOf(ben, SESSION)
  mixed.cookies.set(BOUND, thief.cookies.get(BOUND)!)
  assert.ok(!(await mixed.isSignedIn()))
  mixed.cookies.set(BOUND, ben.cookies.get(BOUND)!.replace(/^\d+/, '9999999999999'))
  assert.ok(!(await mixed.isSignedIn()))
})

test('nobody is offered a key where it is switched off, and a session that was bound before goes on by its key', async (context) => {
  const store = join(testFolder(context), 'ambit.db')
  const before = await house(context, { store })
  const { origin, signIn, pass } = await house(context, { store, more: '  deviceBinding: false' })
  const bound = await before.signIn()
  await bound.bind()
  assert.equal((await signIn()).offered, null)
  const ben = new BindingBrowser(origin)
  for (const [name, value] of bound.cookies) ben.cookies.set(name, value)
  ben.binding = bound.binding
  ben.keys = bound.keys
  pass(COOKIE_MS)
  assert.ok(!(await ben.isSignedIn()))
  assert.equal((await ben.prove(await ben.proofOf(await ben.asked()))).status, 200)
  assert.ok(await ben.isSignedIn())
})
