import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { readConfig } from '#server/config/read.ts'
import { testServer } from '#server/server.fixture.ts'
import { SERVER_PAGES } from '../../scripts/write-server-docs.ts'

const root = new URL('../../', import.meta.url)

suite('The pages on the server', () => {
  for (const [path, page] of Object.entries(SERVER_PAGES)) {
    test(`${path} says what the code says`, async () => {
      assert.equal(await readFile(new URL(path, root), 'utf8'), page(), 'run `npm run docs`')
    })
  }

  test('have an example that is valid, with and without what is commented out', async () => {
    const text = await readFile(new URL('examples/ambit.yaml', root), 'utf8')
    const elsewhere = { env: {}, read: () => Buffer.alloc(32).toString('base64') }
    assert.equal(readConfig(text, 'ambit.yaml', elsewhere).listen.port, 8181)
    const whole = text.replaceAll(/^(\s*)# (?=(?:tls|proxies|publicUrl|folder|webhooks| {2}to| {4}-))/gm, '$1')
    const config = readConfig(whole, 'ambit.yaml', elsewhere)
    assert.equal(config.webhooks.to[0]?.name, 'siem')
    assert.deepEqual(config.proxies, ['10.0.0.7'])
  })

  test('name only routes that there are, with their access', async (context) => {
    const { routes } = await testServer(context)
    const page = await readFile(new URL('docs/server.md', root), 'utf8')
    for (const [, method, path, access = ''] of page.matchAll(/^\| `([A-Z]+) ([^`]+)` \| ([^|]+) \|/gm)) {
      const route = routes.find((each) => each.method === method && each.path === path)
      assert.ok(route !== undefined, `${method} ${path}`)
      const said = route.access === 'metrics' ? 'read' : route.access
      assert.ok(access.includes(said), `${method} ${path}: ${access} is ${route.access}`)
    }
  })
})
