/** The SDK as others get it: built, packed, installed without a network, used from JavaScript and TypeScript, on every runtime. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '#lib/until.fixture.ts'
import { freePort } from '#server/gate/gate.fixture.ts'
import { buildSdk } from '../../scripts/build-sdk.ts'
import { decisionPoint } from './decision-point.ts'
import { programAt, ran, skipWithout, type Ran } from './runtimes.fixture.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const PORTABLE = 7

suite('The SDK as a package', () => {
  let folder: string
  let packed: string
  /** where it is installed */
  let user: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ambit-sdk-'))
    packed = buildSdk(join(folder, 'built'))
    user = join(folder, 'user')
    const tarball = await ran('npm', ['pack', '--loglevel=error', '--pack-destination', folder], packed)
    assert.equal(tarball.code, 0, tarball.err)
    const { name, version } = manifest()
    assert.equal(name, '@ambit/sdk')
    mkdirSync(user)
    writeFileSync(join(user, 'package.json'), '{"name":"user","version":"1.0.0","type":"module","private":true}')
    const file = join(folder, `ambit-sdk-${version}.tgz`)
    const installed = await ran(
      'npm',
      ['install', '--offline', '--loglevel=error', '--no-audit', '--no-fund', file],
      user,
    )
    assert.equal(installed.code, 0, installed.err)
    copyFileSync(join(root, 'test/sdk/portable.js'), join(user, 'portable.js'))
    writeFileSync(
      join(user, 'run.js'),
      `import * as sdk from '@ambit/sdk'
import { runPortable } from './portable.js'
const [at, run] = (globalThis.Deno?.args ?? process.argv.slice(2))
console.log(JSON.stringify(await runPortable(sdk, at, run)))
`,
    )
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const manifest = () => JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as Record<string, string>
  const held = ({ out, err }: Ran): void => {
    const { passed, failed } = JSON.parse(out || '{"passed":[],"failed":["nothing came"]}') as Record<string, string[]>
    assert.deepEqual(failed, [], err)
    assert.equal(passed!.length, PORTABLE)
  }

  test('needs no other package, and holds what others may read', async () => {
    assert.equal(manifest()['dependencies'], undefined)
    const { code, out } = await ran(join(root, 'node_modules/.bin/publint'), ['--strict'], packed)
    assert.equal(code, 0, out)
    // nothing of Node's own, which other runtimes do not have, and nothing of the rest of Ambit
    for (const name of globSync('**/*.{js,d.ts}', { cwd: packed })) {
      const text = readFileSync(join(packed, name), 'utf8')
      for (const [, from] of text.matchAll(/^(?:import|export)\b.* from '([^']+)'/gm))
        assert.match(from!, /^\.\.?\/[a-z/-]+\.js$/, name)
    }
  })

  test('type-checks the programs of its README, and refuses what it does not have', async () => {
    const readme = readFileSync(join(packed, 'README.md'), 'utf8')
    const programs = [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, program]) => program!)
    assert.ok(programs.length >= 3)
    const files = programs.map((program, i) => {
      writeFileSync(join(user, `readme-${i}.ts`), program)
      return `readme-${i}.ts`
    })
    const check = (names: readonly string[], lib: string) => {
      const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
      const args = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--lib', lib]
      return ran(join(root, 'node_modules/.bin/tsc'), [...args, ...types, ...names], user)
    }
    const { code, out } = await check(files, 'es2023,dom')
    assert.equal(code, 0, out)
    writeFileSync(
      join(user, 'wrong.ts'),
      `import { createClient } from '@ambit/sdk'\ncreateClient({ url: 'x' })\nconst answer = await createClient({ url: '', token: '' }).evaluate({})\nanswer.permitted\n`,
    )
    const wrong = await check(['wrong.ts'], 'es2023,dom')
    assert.deepEqual(
      [...wrong.out.matchAll(/wrong\.ts\((\d)/g)].map(([, line]) => line),
      ['2', '3', '4'],
      wrong.out,
    )
  })

  test('does what it must on Node', async (context) => {
    held(await ran(process.execPath, ['run.js', await decisionPoint(context), 'node'], user))
  })

  test('does what it must on Deno', skipWithout('deno'), async (context) => {
    const args = ['run', '--no-remote', '--node-modules-dir=manual', '--allow-net=127.0.0.1', 'run.js']
    held(await ran(programAt('deno')!, [...args, await decisionPoint(context), 'deno'], user))
  })

  test('does what it must on Bun', skipWithout('bun'), async (context) => {
    held(await ran(programAt('bun')!, ['run.js', await decisionPoint(context), 'bun'], user))
  })

  test('does what it must in a worker', skipWithout('workerd'), async (context) => {
    const port = await freePort()
    const at = await decisionPoint(context)
    writeFileSync(
      join(user, 'worker.js'),
      `import * as sdk from 'node_modules/@ambit/sdk/sdk/index.js'
import { runPortable } from 'portable.js'
export default { fetch: async () => Response.json(await runPortable(sdk, '${at}', 'worker')) }
`,
    )
    const modules = [
      'worker.js',
      'portable.js',
      ...globSync('node_modules/@ambit/sdk/{sdk,contract}/*.js', { cwd: user }),
    ]
    writeFileSync(
      join(user, 'worker.capnp'),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.map((name) => `(name = "${name}", esModule = embed "${name}")`).join(', ')}],
      compatibilityDate = "2026-01-01", globalOutbound = "loopback")),
    (name = "loopback", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
    )
    const worker = spawn(programAt('workerd')!, ['serve', 'worker.capnp'], {
      cwd: user,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let err = ''
    worker.stderr.on('data', (piece) => (err += String(piece)))
    context.after(() => worker.kill())
    let out = ''
    await until(
      async () => {
        out = await fetch(`http://127.0.0.1:${port}/`).then(
          (response) => response.text(),
          () => '',
        )
        return out !== '' || worker.exitCode !== null
      },
      () => `it does not start: ${err}`,
    )
    held({ code: 0, out, err })
  })
})
