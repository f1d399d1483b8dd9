import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { configDigest } from './config/digest.ts'
import { openAuditStore } from '#storage/audit-store.ts'
import { latestEntries } from '#storage/audit-read.ts'
import { testFolder, testServer } from './server.fixture.ts'

suite('A node in the audit log', () => {
  test('says by what it decides before it answers, and that it stopped, each time', async (context) => {
    const folder = testFolder(context)
    const store = join(folder, 'ambit.db')
    const first = await testServer(context, { store, config: 'audit: { node: eu-1 }\n' })
    const { config } = first.context
    await first.stop()
    await first.stop()
    const second = await testServer(context, { store, config: 'audit: { node: eu-1 }\nlog: { level: error }\n' })
    await second.stop()
    const audit = await openAuditStore(store)
    context.after(() => audit.close())
    const records = (await latestEntries(audit, 10, () => true)).map(({ record }) => record)
    assert.deepEqual(
      records.map((record) => `${record.kind} ${'did' in record ? record.did : ''}`),
      ['node started', 'node stopped', 'node started', 'node stopped'],
    )
    const [started, , again] = records
    assert.ok(started?.kind === 'node' && again?.kind === 'node')
    assert.deepEqual([started.node, started.by], ['eu-1', { type: 'node', id: 'eu-1' }])
    assert.match(started.version, /^\d+\.\d+\.\d+/)
    assert.match(String(started.policy), /^sha256:[0-9a-f]{64}$/)
    assert.equal(typeof started.policyName, 'string')
    assert.deepEqual([started.access, started.snapshot], [[], null])
    assert.equal(started.config, configDigest(config))
    assert.equal(again.policy, started.policy)
    assert.notEqual(again.config, started.config)
  })
})
