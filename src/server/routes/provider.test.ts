import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import * as client from 'openid-client'
import { freePort } from '#server/gate/gate.fixture.ts'
import { testServer } from '#server/server.fixture.ts'

const people = (port: number) => `
publicUrl: http://127.0.0.1:${port}
people:
  brand: Example
  keys: [{ id: k1, secret: "${'A'.repeat(43)}=" }]
  clients:
    - { id: shop, secret: "${'s'.repeat(32)}", name: Shop, redirectUris: ["https://shop.example/cb"] }
`

test('the provider is found as OpenID Connect Discovery and as RFC 8414 have it, with the same metadata', async (context) => {
  const port = await freePort()
  const { url } = await testServer(context, { port, config: people(port) })
  const found = []
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    const options = { algorithm, execute: [client.allowInsecureRequests] }
    const config = await client.discovery(new URL(`${url}/oidc`), 'shop', 's'.repeat(32), undefined, options)
    found.push(config.serverMetadata())
  }
  assert.deepEqual(found[0], found[1])
  assert.equal(found[0]?.issuer, `${url}/oidc`)
})

test('an address of a device that is over, or never was, begins anew at the page for codes', async (context) => {
  const port = await freePort()
  const { ask } = await testServer(context, { port, config: people(port) })
  const answer = await ask('/oidc/device/none', { redirect: 'manual' })
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, `http://127.0.0.1:${port}/oidc/device`])
})
