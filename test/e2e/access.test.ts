/** Codes at the pages: asked about for the access that is wanted, and allowed for a time where an exception stands. */
import assert from 'node:assert/strict'
import { setTimeout as elapsed } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import * as client from 'openid-client'
import { SAFEGUARDS } from '#contract/vocabulary.ts'
import { until } from '#lib/until.fixture.ts'
import { REDIRECT, SECRET, startPeople } from './people.fixture.ts'
import { Person } from './person.fixture.ts'

async function started(context: TestContext, options: Parameters<typeof startPeople>[1]) {
  const people = await startPeople(context, options)
  const at = async (id: string) => {
    const issuer = new URL(`${people.origin}/oidc`)
    const config = await client.discovery(issuer, id, SECRET, undefined, { execute: [client.allowInsecureRequests] })
    const person = new Person(people.origin)
    const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier())
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256', state: 's' }
    await person.go(
      (await client.buildAuthorizationUrlWithPAR(config, { redirect_uri: REDIRECT, scope: 'openid', ...pkce })).href,
    )
    return person
  }
  /** codes that mail brought */
  const codes = () => people.mail.mails.flatMap(({ mail }) => /\b[0-9]{8}\b/.exec(mail.text ?? '')?.[0] ?? [])
  const sent = async (count: number) => {
    await until(() => codes().length >= count, 'no code comes')
    return codes()[count - 1]!
  }
  return { ...people, at, codes, sent }
}

test('who may read with a code is sent none where he comes to pay', async (context) => {
  const { at, codes, sent } = await started(context, {
    clients: [
      `{id: till, secret: ${SECRET}, redirectUris: ['${REDIRECT}'], access: {action: approve_payments, resource: {type: resource, id: shop:payments}}}`,
    ],
  })
  const reading = await at('app')
  await reading.submit('identify', { identifier: 'ben@example.org' })
  await reading.submit('send')
  const code = await sent(1)
  const paying = await at('till')
  await paying.submit('identify', { identifier: 'ben@example.org' })
  await paying.submit('send')
  // the code that he has is of another sign-in, and there is none for this one
  await paying.submit('answer', { code })
  assert.match(paying.html, /role="alert"/)
  await reading.submit('answer', { code })
  await reading.submit('consent')
  assert.ok(reading.left?.searchParams.get('code'))
  await elapsed(200)
  assert.equal(codes().length, 1)
})

test('an exception with its safeguards lets a code do until it is taken away', async (context) => {
  const { at, codes, sent, json, server } = await started(context, {
    inventory: (text) =>
      text.replace(
        'requires: passkey, session: {overallSeconds: 3600, idleSeconds: 900}',
        `requires: passkey, session: {overallSeconds: 3600, idleSeconds: 900}, controls: [${SAFEGUARDS.join(', ')}]`,
      ),
  })
  const attempt = async () => {
    const cleo = await at('app')
    await cleo.submit('identify', { identifier: 'cleo@example.org' })
    await cleo.submit('send')
    return cleo
  }
  const refused = async () => {
    const before = codes().length
    const cleo = await attempt()
    await cleo.submit('answer', { code: '12345678' })
    assert.match(cleo.html, /role="alert"/)
    assert.equal(codes().length, before)
  }
  await refused()
  const day = (days: number) => new Date(server.context.clock() + days * 86_400_000).toISOString()
  const asked = {
    requester: 'shop:ada',
    subjects: ['shop:cleo'],
    capabilities: ['approve_payments'],
    reason: 'her key was lost',
    owner: 'shop:ada',
    start: day(-1 / 24),
    end: day(7),
    review: day(3),
    rationale: 'small sums',
    comparability: 'five safeguards',
    residualRisk: 'a read mailbox',
    migrationPlan: 'a new key is on its way',
  }
  const made = await json('POST', '/v1/exceptions', asked)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const id = made.body['id']!
  const other = await server.token('administer')
  // what nobody approved lets nobody in
  await refused()
  const approved = await json('POST', `/v1/exceptions/${id}/approve`, { account: 'shop:gus' }, other)
  assert.equal(approved.status, 200, JSON.stringify(approved.body))
  await server.caughtUp()
  const cleo = await attempt()
  await cleo.submit('answer', { code: await sent(1) })
  await cleo.submit('consent')
  assert.ok(cleo.left?.searchParams.get('code'), cleo.html)
  const reader = await server.token('read')
  const shown = await (await server.ask(`/v1/exceptions/${id}`, { token: reader })).json()
  assert.equal((shown as { exception: { uses: number } }).exception.uses, 1)
  // taken away while she signs in: the code that was sent is worth nothing
  const late = await attempt()
  const code = await sent(2)
  assert.equal((await json('POST', `/v1/exceptions/${id}/revoke`, { account: 'shop:gus' })).status, 200)
  await server.caughtUp()
  await late.submit('answer', { code })
  assert.match(late.html, /role="alert"/)
  await refused()
})
