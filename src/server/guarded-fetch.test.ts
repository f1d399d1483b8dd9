import { strict as assert } from 'node:assert'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { guardedFetch, jsonOf } from './guarded-fetch.ts'

async function listening(context: TestContext, answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

const local = guardedFetch({ networks: ['127.0.0.0/8', '::1'], maxBytes: 1000 })
const hasty = guardedFetch({ networks: ['127.0.0.0/8'], timeoutMs: 300 })
const strict = guardedFetch({ networks: [] })

suite('Asking other servers', () => {
  test('works within the networks that are listed', async (context) => {
    const port = await listening(context, (_, reply) => {
      reply.setHeader('content-type', 'application/json; charset=utf-8')
      reply.end('{"a":1}')
    })
    assert.deepEqual(jsonOf(await local(`http://127.0.0.1:${port}/`)), { a: 1 })
    assert.deepEqual(jsonOf(await local(`http://localhost:${port}/`)), { a: 1 })
  })

  test('never reaches a private address, however it is written', async (context) => {
    let asked = 0
    const port = await listening(context, (_, reply) => void reply.end(String(asked++)))
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '0.0.0.0',
      '169.254.169.254',
      '10.0.0.1',
      '192.168.1.1',
      '172.16.0.1',
      '100.64.0.1',
      '[fd00::1]',
      '[fe80::1]',
      '[64:ff9b::7f00:1]',
    ]) {
      for (const scheme of ['http', 'https']) {
        await assert.rejects(strict(`${scheme}://${host}:${port}/`), /private address/, `${scheme}://${host}`)
      }
    }
    assert.equal(asked, 0)
  })

  test('takes nothing but http and https, no passwords, and no TLS only where that is listed', async () => {
    for (const url of [
      'file:///etc/passwd',
      'ftp://example.test/',
      'gopher://x',
      'data:,x',
      'x',
      '',
      'https://u:p@example.test/',
    ]) {
      await assert.rejects(local(url), Error, url)
    }
    await assert.rejects(strict('http://93.184.216.34/'), /without TLS/)
  })

  test('follows no redirect, waits no longer than it may, and reads no more', async (context) => {
    const port = await listening(context, ({ url }, reply) => {
      if (url === '/redirect') reply.writeHead(302, { location: '/secret' }).end()
      else if (url === '/large') reply.end('x'.repeat(1001))
      else if (url === '/dribble') reply.write('x')
      else if (url === '/html') reply.writeHead(200, { 'content-type': 'text/html' }).end('{}')
      else if (url === '/500') reply.writeHead(500, { 'content-type': 'application/json' }).end('{}')
    })
    const at = (path: string) => local(`http://127.0.0.1:${port}${path}`)
    await assert.rejects(at('/redirect'), /redirect/)
    await assert.rejects(at('/large'), /larger than 1000 bytes/)
    for (const path of ['silent', 'dribble'])
      await assert.rejects(hasty(`http://127.0.0.1:${port}/${path}`), /timeout|aborted/i)
    await assert.rejects(at('/html').then(jsonOf), /not JSON/)
    await assert.rejects(at('/500').then(jsonOf), /status 500/)
  })
})
