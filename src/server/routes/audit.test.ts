import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { aDecisionRecord } from '#audit/records.fixture.ts'
import { testFolder, testServer } from '../server.fixture.ts'

test('the audit log of a server is read, verified and exported by those who may', async (context) => {
  const anchor = join(testFolder(context), 'anchor')
  const server = await testServer(context, { config: `audit: { node: a, anchors: [${anchor}], checkpointRecords: 1 }` })
  const { evaluation, decision } = aDecisionRecord()
  await server.context.audit.append(aDecisionRecord())
  const read = await server.token('read')
  const administer = await server.token('administer')

  const records = await server.ask('/v1/audit/records?kind=decision', { token: read })
  const { records: listed } = (await records.json()) as { records: { seq: number; node: string }[] }
  assert.equal(listed.length, 1)
  assert.equal(listed[0]!.node, 'a')
  const chains = (await (await server.ask('/v1/audit/chains', { token: read })).json()) as {
    chains: { node: string }[]
  }
  assert.deepEqual(
    chains.chains.map(({ node }) => node),
    ['a'],
  )

  for (const path of ['/v1/audit/export', '/v1/audit/verify']) {
    assert.equal((await server.ask(path, { token: read })).status, 403)
  }
  const verdict = (await (await server.ask('/v1/audit/verify', { token: administer })).json()) as { intact: boolean }
  assert.equal(verdict.intact, true)
  const lines = await (await server.ask('/v1/audit/export', { token: administer })).text()
  assert.deepEqual(JSON.parse(lines.trim()), { evaluation, decision })
  const exports = await server.ask('/v1/audit/records?kind=administration', { token: read })
  assert.match(await exports.text(), /"did":"exported"/)
  await server.stop()
  assert.match(readFileSync(anchor, 'utf8'), /"is":"checkpoint"/)
})
