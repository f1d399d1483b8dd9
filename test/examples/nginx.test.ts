/** examples/nginx as docs/forward-auth.md goes through it: the files as they are, on ports that are free. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '#server/gate/gate.fixture.ts'
import { testServer } from '#server/server.fixture.ts'
import { get, NGINX, skipWithout, started } from '../server/proxies.fixture.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(root, 'docs/forward-auth.md'), 'utf8')

suite('The example with nginx', skipWithout(NGINX), () => {
  test(
    'comes to the challenge that the page shows, and past it with the key',
    { timeout: 120_000 },
    async (context) => {
      const ports = new Map<string, number>()
      for (const port of ['8181', '8480', '8481', '8487']) ports.set(port, await freePort())
      const read = (name: string) =>
        readFileSync(join(root, 'examples/nginx', name), 'utf8').replaceAll(/\b8\d{3}\b/g, (port) =>
          String(ports.get(port) ?? port),
        )
      const config = read('ambit.yaml')
        .replace(/^store: .*$/m, '')
        .replace('examples/tidewicket', join(root, 'examples/tidewicket'))
      const server = await testServer(context, { config, port: ports.get('8181')! })

      const signIn = spawn(process.execPath, [
        join(root, 'examples/nginx/sign-in.ts'),
        String(ports.get('8487')),
        `http://127.0.0.1:${ports.get('8480')}`,
      ])
      context.after(() => signIn.kill('SIGKILL'))
      let said = ''
      for await (const piece of signIn.stdout) {
        said += String(piece)
        if (said.includes('$KEY')) break
      }
      const [code, key] = ['CODE', 'KEY'].map((name) => new RegExp(`^  ${name}=(\\S+)$`, 'm').exec(said)?.[1] ?? '')

      const folder = mkdtempSync(join(tmpdir(), 'ambit-nginx-'))
      const conf = join(folder, 'nginx.conf')
      // one process, so that none outlives the test
      writeFileSync(conf, `master_process off;\n${read('nginx.conf').replaceAll('../../docs/', join(root, 'docs/'))}`)
      const proxy = await started(NGINX, ['-c', conf, '-p', folder, '-e', 'stderr'], folder, ports.get('8480')!)
      context.after(() => proxy.stop())

      const ask = (token: string, path = '/network/edge') =>
        get(proxy.port, path, [
          ['Host', `127.0.0.1:${ports.get('8480')}`],
          ['Authorization', `Bearer ${token}`],
        ])
      const weak = await ask(code!)
      assert.equal(weak.status, 401)
      assert.ok(
        page.includes(`www-authenticate: ${weak.headers['www-authenticate']}\n`),
        weak.headers['www-authenticate'],
      )
      const strong = await ask(key!)
      assert.equal(strong.status, 200)
      assert.ok(page.includes(`\`${strong.body.trim()}\``), strong.body)
      // what nginx does not show of a refusal stands in the log
      assert.equal((await ask(key!, '/elsewhere')).status, 403)
      assert.ok(server.logged.some((line) => line.includes('"reason":"no_rule"')))
    },
  )
})
