import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { policyReplay, type ReplayOptions } from '#cli/commands/policy-replay.ts'
import type { Decision } from '#contract/decision.ts'
import { answerText } from '#decision/authzen.ts'
import { decide } from '#decision/decide.ts'
import type { Replay } from '#decision/replay.ts'
import { AmbitError } from '#lib/errors.ts'
import { freePort } from '#server/gate/gate.fixture.ts'
import { testServer } from '#server/server.fixture.ts'
import { quietIo } from '../support/quiet-io.ts'
import { asks, MORNING, pageText, pathOf, shopWorld } from './shop.ts'

const folder = await mkdtemp(join(tmpdir(), 'ambit-replay-'))
after(() => rm(folder, { recursive: true }))
const world = await shopWorld()

const records = MORNING.map((evaluation) => ({ evaluation, decision: decide(evaluation, world) }))
const lines = (of: readonly object[]) => of.map((each) => `${JSON.stringify(each)}\n`).join('')

async function run(log: string, options: Partial<ReplayOptions> = {}) {
  const path = join(folder, 'decisions.ndjson')
  await writeFile(path, log)
  const written = { out: '', err: '', files: new Map<string, string>() }
  const standard = {
    paths: [pathOf('inventory.yaml')],
    inForce: 'default',
    settings: pathOf('settings.yaml'),
    access: [],
    format: 'json',
  } as const
  const exit = await policyReplay({ log: path, ...standard, ...options }, quietIo(written))
  return { exit, out: written.out, replay: () => JSON.parse(written.out) as Replay }
}

suite('Recorded decisions, made again', () => {
  test('are the same, bit for bit, under what they were made under', async () => {
    const { exit, replay } = await run(lines(records))
    const { decisions, reproduced, notReproduced, notComparable, differences } = replay()
    assert.deepEqual([exit, decisions, reproduced, notReproduced, notComparable, differences], [0, 7, 7, [], 0, []])
  })

  test('are the same with the configuration of a server at which people sign in, whose own words it need not say', async (context) => {
    const port = await freePort()
    const config = `
publicUrl: http://127.0.0.1:${port}
people:
  brand: Example
  keys: [{ id: k1, secret: "${'A'.repeat(43)}=" }]
  clients: [{ id: shop, secret: "${'s'.repeat(32)}", name: Shop, redirectUris: ["https://shop.example/cb"] }]
`
    const server = await testServer(context, { config, port })
    const token = await server.token('decide', 'ingest', 'administer')
    const post = (path: string, type: string, body: string, method = 'POST') =>
      server.ask(path, { method, token, headers: { 'content-type': type }, body })
    await post('/v1/inventory', 'application/yaml', await readFile(pathOf('inventory.yaml'), 'utf8'), 'PUT')
    const asked = await post('/access/v1/evaluation', 'application/json', JSON.stringify(MORNING[0]!.request))
    assert.equal(asked.status, 200)
    const log = await (await server.ask('/v1/audit/export', { token })).text()
    const settings = join(folder, 'server.yaml')
    await writeFile(settings, config)
    const { reproduced, notComparable } = (await run(log, { settings })).replay()
    assert.deepEqual([reproduced, notComparable], [1, 0])
  })

  test('betray a record that was changed', async () => {
    const [first, ...rest] = records
    const altered = { ...first!, decision: { ...first!.decision, permitUntil: first!.decision.permitUntil! + 1 } }
    const { exit, replay } = await run(lines([altered, ...rest]))
    assert.equal(exit, 1)
    assert.deepEqual(
      replay().notReproduced.map(({ recorded }) => recorded.id),
      [first!.evaluation.id],
    )
  })

  test('say nothing of decisions that were made under something else', async () => {
    const other = records.map(({ evaluation, decision }) => ({
      evaluation,
      decision: { ...decision, settings: 'sha256:other' },
    }))
    const { exit, replay } = await run(lines(other))
    assert.deepEqual([exit, replay().reproduced, replay().notComparable, replay().notReproduced], [0, 0, 7, []])
  })

  test('tell who would be asked what under another policy, and who would be locked out, as the page shows', async () => {
    const { exit, out } = await run(lines(records), { policy: pathOf('careful.yaml'), format: 'text' })
    assert.equal(exit, 1)
    assert.ok(pageText().includes(out.trimEnd()), out)
  })

  test('try the report-only rules of the policy in force', async () => {
    const trying = join(folder, 'trying.yaml')
    await writeFile(
      trying,
      `policy: 1\nextends: default\nname: trying\nversion: '1'\nrules:\n  - { code: ours, reportOnly: true, when: 'account.kind == "human"', requires: { hardwareBacked: true }, reason: r, source: 'Ours §1' }\n`,
    )
    const { replay } = await run(lines(records), { inForce: trying })
    assert.deepEqual(replay().lockedOut, ['carla', 'otto'])
    const { replay: enforced } = await run(lines(records), { policy: trying })
    assert.deepEqual(enforced().differences, [])
  })

  test('are read from an export of the audit log, whatever else is in it', async () => {
    const hash = '0'.repeat(64)
    const body = records
      .map((record, i) => `${i + 1} ${hash} ${JSON.stringify({ kind: 'decision', ...record })}\n`)
      .join('')
    const other = `9 ${hash} ${JSON.stringify({ kind: 'node', did: 'started' })}\n`
    const { replay } = await run(
      lines([
        { is: 'key', key: {} },
        { is: 'block', block: { body: body + other } },
      ]),
    )
    assert.equal(replay().reproduced, 7)
  })

  test('are refused with file and line where they are none', async () => {
    for (const [log, message] of [
      ['{}\n', /decisions\.ndjson:1: this line is neither/],
      [`${JSON.stringify(records[0])}\n{"evaluation":\n`, /decisions\.ndjson:2: this line is no JSON object/],
      ['[]\n', /decisions\.ndjson:1: this line is neither/],
      ['{"evaluation":null,"decision":{"outcome":"permit"}}\n', /neither/],
    ] as const) {
      await assert.rejects(
        run(log),
        (error: unknown) =>
          error instanceof AmbitError && error.code === 'input_invalid' && message.test(error.message),
      )
    }
  })
})

suite('The page on decisions', () => {
  test('shows what a customer who pays with a code is answered', () => {
    const decision: Decision = decide(asks('carla', 'pay', 'shop:payments', 'code'), world)
    const shown = JSON.stringify(JSON.parse(answerText(decision, undefined)), null, 2)
    assert.ok(pageText().includes(shown), shown)
  })
})
