import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AmbitError } from '#lib/errors.ts'
import { latestEntries } from '#storage/audit-read.ts'
import { eventsAfter } from '#storage/events.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { testFolder, testServer, type TestServer } from './server.fixture.ts'

/** A password before a document that is worth little, and a second factor as soon as a policy says it is worth much. */
const INVENTORY = JSON.stringify({
  ambit: 1,
  at: '2026-11-01',
  accounts: [{ id: 'a:ada', kind: 'human', population: 'workforce' }],
  authenticators: [{ id: 'p:ada', kind: 'password', of: ['a:ada'] }],
  waysIn: [{ id: 'w:ada', account: 'a:ada', purpose: 'sign_in', requires: 'p:ada' }],
  resources: [{ id: 'r:doc', sensitivity: 'low' }],
  entitlements: [{ id: 'e:1', holder: 'a:ada', capabilities: ['read_sensitive_data'], on: 'r:doc' }],
})
const policy = (worth: string) => `policy: 1
extends: default
name: ours
version: '1'
impact:
  read_sensitive_data: { none: none, low: ${worth}, moderate: high, high: high }
  source: ['Ours §worth']
`
const FORBIDS = 'access: 1\nname: none\nrules:\n  - { id: no, effect: forbid }\n'
const ALLOWS = 'access: 1\nname: none\nrules:\n  - { id: no, effect: forbid, reportOnly: true }\n'

async function take(server: TestServer): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const token = await server.token('ingest')
  const answer = await server.ask('/v1/inventory', { method: 'PUT', body: INVENTORY, headers, token })
  assert.equal(answer.status, 200, await answer.text())
}

const verdictAt = (server: TestServer) => server.context.live()?.account('a:ada')?.verdict
const policyRecords = async ({ context }: TestServer) =>
  (await latestEntries(context.audit.store, 100, ({ record }) => record.kind === 'policy')).map(({ record }) =>
    record.kind === 'policy' ? `${record.did} ${record.why.join()}`.trim() : '',
  )

onEveryStore(
  'a policy that is read again judges the facts there are, and is told once for all nodes',
  async (store, context) => {
    const file = join(testFolder(context), 'ours.yaml')
    writeFileSync(file, policy('low'))
    const config = (node: string) => `policy: ${file}\naudit: { node: ${node} }`
    const one = await testServer(context, { store: store.url, config: config('one') })
    const other = await testServer(context, { store: store.url, config: config('other') })
    await take(one)
    await other.caughtUp()
    assert.equal(verdictAt(one), 'unknown', 'nothing says how it is recovered')
    const before = one.context.world()!.policy.hash

    await one.reload()
    assert.deepEqual(await policyRecords(one), [], 'nothing changed, nothing is said')
    writeFileSync(file, policy('high'))
    await Promise.all([one.reload(), other.reload(), one.reload()])
    assert.deepEqual([verdictAt(one), verdictAt(other)], ['unfit', 'unfit'])
    assert.notEqual(one.context.world()!.policy.hash, before)
    assert.equal(one.context.world()!.snapshot, one.context.live()!.snapshotId)
    assert.deepEqual(await policyRecords(one), ['activated', 'activated'], 'each node for itself, none twice')
    const told = await eventsAfter(one.context.database, 0, 100)
    assert.deepEqual(
      told.map(({ type }) => type),
      ['snapshot.changed', 'policy.changed', 'verdict.changed', 'reach.changed'],
    )

    // what comes later is judged by it too, the whole report as well
    const token = await one.token('ingest', 'read')
    const change = await one.ask('/v1/inventory/changes', {
      method: 'POST',
      body: JSON.stringify({ ambit: 1, accounts: [{ id: 'a:bob', kind: 'human' }] }),
      headers: { 'content-type': 'application/json', 'if-match': `"${one.context.live()!.snapshotId}"` },
      token,
    })
    assert.equal(change.status, 200, await change.text())
    assert.equal(verdictAt(one), 'unfit')
    const findings = (await (await one.ask('/v1/findings', { token })).json()) as { findings: { account: string }[] }
    assert.ok(findings.findings.some(({ account }) => account === 'a:ada'))
  },
)

test('a policy that cannot be used changes nothing, and says why', async (context) => {
  const folder = testFolder(context)
  const [file, access] = [join(folder, 'ours.yaml'), join(folder, 'access.yaml')]
  writeFileSync(file, policy('low'))
  writeFileSync(access, ALLOWS)
  const server = await testServer(context, { config: `policy: ${file}\naccessPolicies: [${access}]` })
  await take(server)
  const before = server.context.world()
  writeFileSync(file, policy('enormous'))
  await assert.rejects(server.reload(), (error) => {
    assert.ok(error instanceof AmbitError)
    assert.equal(error.code, 'policy_invalid')
    assert.match(error.message, /ours\.yaml/)
    return true
  })
  assert.equal(server.context.world(), before)
  assert.ok(server.logged.some((line) => line.includes('cannot be')))

  // one good file does not come without the other
  writeFileSync(file, policy('high'))
  writeFileSync(access, 'access: 1\nname: [\n')
  await assert.rejects(server.reload())
  assert.equal(server.context.world(), before)
  writeFileSync(access, FORBIDS)
  await server.reload()
  assert.equal(verdictAt(server), 'unfit')
  assert.deepEqual(server.context.world()?.accessPolicies[0]?.rules.length, 1)
})

test('a policy that cannot be written down does not come into force', async (context) => {
  const file = join(testFolder(context), 'ours.yaml')
  writeFileSync(file, policy('low'))
  const server = await testServer(context, { config: `policy: ${file}` })
  await take(server)
  await server.context.audit.store.sql.schema.dropTable('audit_blocks').execute()
  writeFileSync(file, policy('high'))
  await assert.rejects(server.reload())
  assert.equal(verdictAt(server), 'unknown')
})
