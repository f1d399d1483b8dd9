/** Apache with mod_auth_openidc, which others wrote, as a client of the provider: signs in, steps up, and is told of signing out. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import * as client from 'openid-client'
import { freePort } from '#server/gate/gate.fixture.ts'
import { Person } from '../e2e/person.fixture.ts'
import { PASSWORD, SECRET, startPeople } from '../e2e/people.fixture.ts'
import { APACHE, get, MOD_AUTH_OPENIDC, skipWithout, started } from './proxies.fixture.ts'

const MODULES = ['mpm_event', 'dir', 'authn_core', 'authz_core', 'authz_user', 'headers', 'alias', 'auth_openidc']

async function apache(context: TestContext, port: number, issuer: string) {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-apache-'))
  for (const name of ['', '/www', '/www/pages', '/www/payments']) mkdirSync(folder + name, { recursive: true })
  for (const name of ['pages', 'payments']) writeFileSync(`${folder}/www/${name}/index.html`, `the ${name}`)
  chmodSync(folder, 0o755)
  writeFileSync(
    `${folder}/httpd.conf`,
    `ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
DocumentRoot ${folder}/www
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret ${SECRET}
OIDCRedirectURI http://localhost:${port}/pages/redirect_uri
OIDCCryptoPassphrase ${'p'.repeat(32)}
OIDCPKCEMethod S256
OIDCScope "openid profile"
OIDCRemoteUserClaim sub
<Location /pages>
  AuthType openid-connect
  OIDCUnAuthAction auth true
  Require valid-user
  Header always set X-Who expr=%{REMOTE_USER}
  Header always set X-Acr %{OIDC_CLAIM_acr}e
</Location>
<Location /payments>
  AuthType openid-connect
  OIDCUnAuthAction auth true
  OIDCPathAuthRequestParams acr_values=phr
  Require claim acr:phr
  OIDCUnAutzAction auth
</Location>
`,
  )
  const running = await started(APACHE, ['-X', '-f', `${folder}/httpd.conf`], folder, port)
  context.after(running.stop)
}

suite('Apache with mod_auth_openidc', skipWithout(MOD_AUTH_OPENIDC), () => {
  test('signs people in, asks for more where it must, and hears of signing out', async (context) => {
    const port = await freePort()
    const at = `http://localhost:${port}`
    const told = `backchannelLogoutUri: '${at}/pages/redirect_uri?logout=backchannel'`
    const uris = `redirectUris: ['${at}/pages/redirect_uri'], postLogoutRedirectUris: ['${at}/']`
    const { origin } = await startPeople(context, {
      clients: [`{id: apache, secret: ${SECRET}, name: The pages, ${uris}, ${told}}`],
    })
    await apache(context, port, `${origin}/oidc`)
    const [ben, pages] = [new Person(origin), new Person(at)]
    await pages.go('/pages/')
    await ben.go(pages.left!.href)
    await ben.submit('identify', { identifier: 'ben@example.org' })
    await ben.submit('password', { password: PASSWORD })
    await ben.submit('consent')
    assert.match(await pages.go(ben.left!.href), /the pages/)
    const signedIn = async () => {
      const cookie = [...pages.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const answer = await fetch(`${at}/pages/`, { headers: { cookie }, redirect: 'manual' })
      return answer.status === 200 ? [answer.headers.get('x-who'), answer.headers.get('x-acr')] : answer.status
    }
    assert.deepEqual(await signedIn(), ['shop:ben', 'urn:ambit:loa:1'])
    // where more is needed it asks, and Ambit says that Ben has nothing that would do
    const cookies = [...pages.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const asked = await get(port, '/payments/', [
      ['Host', `localhost:${port}`],
      ['Cookie', cookies],
      ['Accept', 'text/html'],
      ['Sec-Fetch-Mode', 'navigate'],
    ])
    const [, to = ''] = /url=([^"'>]+)/i.exec(asked.body) ?? []
    assert.match(to, /acr_values=phr/, asked.body)
    await ben.go(to.replaceAll('&amp;', '&'))
    assert.match(ben.html, /None of the ways to sign in that this account has is strong enough for this/)
    await ben.submit('abort')
    assert.equal(ben.left!.searchParams.get('error'), 'unmet_authentication_requirements')

    // a link signs nobody out: the person is asked
    const options = { execute: [client.allowInsecureRequests] }
    const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, options)
    const end = client.buildEndSessionUrl(config)
    await ben.go(end.href)
    assert.match(ben.html, /Do you want to sign out everywhere else in this browser too\?/)
    assert.deepEqual(await signedIn(), ['shop:ben', 'urn:ambit:loa:1'])
    const forged = {
      method: 'POST',
      body: new URLSearchParams({ logout: 'yes', xsrf: 'x' }),
      redirect: 'manual',
    } as const
    const cookie = [...ben.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    assert.equal((await fetch(`${origin}/oidc/session/end/confirm`, { ...forged, headers: { cookie } })).status, 400)
    assert.deepEqual(await signedIn(), ['shop:ben', 'urn:ambit:loa:1'])
    // once he says so, the other application knows at once, and nobody is signed in here
    await ben.submit('confirm', { logout: 'yes' })
    assert.match(ben.html, /You are signed out\./)
    assert.equal(await signedIn(), 302)
    await ben.go('/account')
    assert.match(ben.html, /id="identifier"/)
    // nor does the cookie open anything that somebody may have kept
    const stale = await fetch(`${origin}/account`, { headers: { cookie }, redirect: 'manual' })
    assert.equal(stale.status, 303)
  })
})
