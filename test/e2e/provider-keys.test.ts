/** Another key signs while people are signed in: by hand, and because the old one got out. */
import assert from 'node:assert/strict'
import { decodeProtectedHeader } from 'jose'
import { SHORT_LEAD_MS } from '#server/provider/signing-keys.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { PASSWORD } from './people.fixture.ts'
import { startFederation } from './upstream.fixture.ts'

onEveryStore(
  'tokens outlive the turn of the key that signed them, and die with a key that got out',
  async (store, context) => {
    const { atTheApp, server, json, origin } = await startFederation(context, { store: store.url })
    const decide = await server.token('decide')
    const ask = async (accessToken: string) => {
      const body = JSON.stringify({
        subject: { type: 'token', id: 'whoever' },
        action: { name: 'read' },
        resource: { type: 'resource', id: 'shop:catalogue' },
        context: { session: { access_token: accessToken } },
      })
      const headers = { 'content-type': 'application/json' }
      const response = await server.ask('/access/v1/evaluation', { method: 'POST', token: decide, body, headers })
      return ((await response.json()) as { decision: boolean }).decision
    }
    const signedIn = async () => {
      const { person, tokens } = await atTheApp()
      if (person.html.includes('/identify"')) {
        await person.submit('identify', { identifier: 'ben@example.org' })
        await person.submit('password', { password: PASSWORD })
      }
      return tokens()
    }
    const published = async () => {
      const { keys } = (await (await fetch(`${origin}/oidc/jwks`)).json()) as { keys: { kid: string; d?: string }[] }
      assert.ok(keys.every(({ d }) => d === undefined))
      return keys.map(({ kid }) => kid)
    }
    const before = await signedIn()
    assert.equal(decodeProtectedHeader(before.access_token).kid, 'oidc-1')
    assert.equal((await json('POST', '/v1/provider/keys', {}, decide)).status, 403)
    assert.equal((await json('POST', '/v1/provider/keys', {})).status, 200)
    assert.deepEqual(await published(), ['oidc-1', 'oidc-2'])
    assert.equal(decodeProtectedHeader((await signedIn()).id_token!).kid, 'oidc-1')
    assert.equal(await ask(before.access_token), true)
    // an hour goes by
    await server.context.database.sql
      .updateTable('provider_keys')
      .set((row) => ({ signs_at: row('signs_at', '-', SHORT_LEAD_MS) }))
      .where('kid', '=', 'oidc-2')
      .execute()
    await server.context.gate.ownKeys!.refresh()
    assert.deepEqual(await published(), ['oidc-2', 'oidc-1'])
    const after = await signedIn()
    assert.equal(decodeProtectedHeader(after.access_token).kid, 'oidc-2')
    assert.deepEqual([await ask(before.access_token), await ask(after.access_token)], [true, true])
    assert.equal((await json('POST', '/v1/provider/keys', { compromised: true })).status, 200)
    assert.deepEqual(await published(), ['oidc-3'])
    assert.deepEqual([await ask(before.access_token), await ask(after.access_token)], [false, false])
    assert.equal(await ask((await signedIn()).access_token), true)
  },
)
