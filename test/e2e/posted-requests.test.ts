/** Requests to the provider that an application has the browser post (OpenID Connect Core §3.1.2.1). */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import * as client from 'openid-client'
import { openApp } from './app.fixture.ts'
import { newPerson, noBrowser, openBrowser } from './browser.fixture.ts'
import { PASSWORD, REDIRECT, startPeople } from './people.fixture.ts'
import { Person } from './person.fixture.ts'

const verifier = client.randomPKCECodeVerifier()
const pkce = { code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }
const asked = {
  client_id: 'app',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: REDIRECT,
  state: 's & t',
  ...pkce,
}

test('a request for authorization that is posted is answered as one in an address is', async (context) => {
  const { origin } = await startPeople(context)
  const { config } = await openApp(origin)
  const ben = new Person(origin)
  const post = (body: URLSearchParams | string, headers = {}) => ({
    method: 'POST',
    body,
    headers: { origin: 'https://app.example.org', 'sec-fetch-site': 'cross-site', ...headers },
  })
  await ben.go('/oidc/auth', post(new URLSearchParams(asked)))
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('consent')
  assert.equal(ben.left?.searchParams.get('state'), 's & t')
  const tokens = await client.authorizationCodeGrant(config, ben.left!, {
    pkceCodeVerifier: verifier,
    expectedState: 's & t',
  })
  assert.equal(tokens.claims()?.sub, 'shop:ben')
  // a parameter that comes twice is refused as in an address (RFC 6749 §3.1)
  const twice = new URLSearchParams([...Object.entries(asked), ['redirect_uri', 'https://evil.example']])
  for (const go of [() => ben.go('/oidc/auth', post(twice)), () => ben.go(`/oidc/auth?${twice.toString()}`)]) {
    ben.left = null
    await go()
    assert.match(String(ben.left), /^https:\/\/app\.example\.org\/cb\?error=invalid_request&/)
  }
  // what stands in the address of a post is no part of it
  await ben.go(
    `/oidc/auth?${new URLSearchParams(asked).toString()}`,
    post('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
  )
  assert.equal(ben.status, 400)
  for (const [init, status] of [
    [post('{}', { 'content-type': 'application/json' }), 415],
    [post(`state=${'x'.repeat(10_000)}`, { 'content-type': 'application/x-www-form-urlencoded' }), 413],
  ] as const) {
    await ben.go('/oidc/auth', init)
    assert.equal(ben.status, status)
  }
})

suite('A page of another site that posts', { skip: noBrowser }, () => {
  /** A site of its own, since 127.0.0.1 is none of localhost's, with one form. */
  async function site(context: TestContext, action: string, fields: Readonly<Record<string, string>>) {
    const inputs = Object.entries(fields).map(
      ([name, value]) => `<input name="${name}" value="${value.replaceAll('&', '&amp;')}">`,
    )
    const server = createServer((_request, response) => {
      const html = `<form method="post" action="${action}">${inputs.join('')}<button>Go</button></form>`
      response.writeHead(200, { 'content-type': 'text/html' }).end(html)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    context.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test('finds the person signed in who is, and is asked before it signs anybody out', async (context) => {
    const { origin } = await startPeople(context)
    const { page } = await newPerson(await openBrowser(context))
    await page.goto(`${origin}/account`)
    await page.fill('#identifier', 'ben@example.org')
    await page.click('button:has-text("Continue")')
    await page.fill('#password', PASSWORD)
    await page.click('button:has-text("Confirm")')
    await page.waitForSelector('h1:has-text("Your account")')
    const signIn = await site(context, `${origin}/oidc/auth`, { ...asked, prompt: 'none' })
    await page.goto(signIn)
    await page.route(`${REDIRECT}**`, (route) => route.fulfill({ contentType: 'text/plain', body: 'back' }))
    await page.click('button')
    await page.waitForURL(`${REDIRECT}**`)
    // the sign-in is found; that nobody has agreed to the application yet is what is missing
    assert.equal(new URL(page.url()).searchParams.get('error'), 'consent_required')
    const signOut = await site(context, `${origin}/oidc/session/end`, { client_id: 'app' })
    await page.goto(signOut)
    await page.click('button')
    await page.waitForSelector('text=Do you want to sign out everywhere else')
  })
})
