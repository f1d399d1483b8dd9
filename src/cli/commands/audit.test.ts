import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { aDecisionRecord, aNodeRecord } from '#audit/records.fixture.ts'
import type { Replayable } from '#audit/records.ts'
import { anchorOf } from '#storage/audit-anchor.ts'
import { openAuditLog } from '#storage/audit-log.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'
import { main } from '../main.ts'

async function ambit(...argv: string[]): Promise<{ code: number } & Written> {
  const written: Written = { out: '', err: '', files: new Map() }
  return { code: await main(['audit', ...argv], quietIo(written)), ...written }
}

/** A log of five records in three blocks, closed, with its anchor and keys. */
async function aLog(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-audit-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const [store, anchor, key] = ['ambit.db', 'anchor', 'key.json'].map((each) => join(folder, each)) as [
    string,
    string,
    string,
  ]
  const log = await openAuditLog(store, { node: 'a', clock: () => 5000, anchors: [anchorOf(anchor)], keyFile: key })
  await Promise.all([log.append(aNodeRecord(1000)), log.append(aDecisionRecord())])
  await Promise.all([log.append(aNodeRecord(2000)), log.append(aDecisionRecord())])
  await log.checkpoint()
  await log.append(aNodeRecord(3000))
  await log.close()
  const tamper = (sql: string) => {
    const raw = new DatabaseSync(join(folder, 'ambit.audit.db'))
    raw.exec(sql)
    raw.close()
  }
  return { folder, store, anchor, key, tamper }
}

test('a log that nobody touched verifies against its anchor and its key', async (context) => {
  const { store, anchor, key } = await aLog(context)
  const { code, out } = await ambit('verify', '--store', store, '--anchor', anchor, '--key', key)
  assert.equal(out, 'node a: 5 records, as they were written; anchored up to record 5\n')
  assert.equal(code, 0)
  assert.equal(readFileSync(key, 'utf8').includes('"d"'), true)
})

test('the log of a server is found by its configuration', async (context) => {
  const { folder, store } = await aLog(context)
  const config = join(folder, 'server.yaml')
  writeFileSync(config, `store: ${JSON.stringify(store)}\n`)
  for (const command of [['verify'], ['show'], ['export']]) {
    const { code, out } = await ambit(...command, '--config', config)
    assert.equal(code, 0)
    assert.notEqual(out, '')
  }
  const elsewhere = await ambit('show', '--store', join(folder, 'other.db'))
  assert.equal(elsewhere.code, 2)
  assert.match(elsewhere.err, /--config/)
})

test('of two logs that are named, a store, a configuration or an export, none is left out in silence', async (context) => {
  const { folder, store } = await aLog(context)
  const [config, file] = [join(folder, 'server.yaml'), join(folder, 'log.ndjson')]
  writeFileSync(config, `store: ${JSON.stringify(join(folder, 'other.db'))}\n`)
  writeFileSync(file, (await ambit('export', '--store', store, '--format', 'chain')).out)
  const named = { store: ['--store', store], config: ['--config', config], export: ['--export', file] }
  const cases = [
    ['show', ...named.store, ...named.config],
    ['export', ...named.config, ...named.store],
    ['cut', ...named.store, ...named.config, '--before', '2026-01-01T00:00:00Z'],
    ['verify', ...named.store, ...named.config],
    ['verify', ...named.store, ...named.export],
    ['verify', ...named.export, ...named.config],
  ]
  for (const argv of cases) {
    const { code, out, err } = await ambit(...argv)
    assert.deepEqual([code, out], [2, ''], argv.join(' '))
    assert.match(err, /cannot be used with/)
  }
  assert.equal((await ambit('verify', ...named.export)).code, 0)
})

test('a changed record is named, and the exit code says it', async (context) => {
  const { store, anchor, tamper } = await aLog(context)
  tamper(
    `update audit_blocks set body = cast(replace(cast(body as text), 'pay:4711', 'pay:4712') as blob) where first_seq = 3`,
  )
  const { code, out } = await ambit('verify', '--store', store, '--anchor', anchor)
  assert.match(out, /✕ node a, record 4: record 4 was changed \(changed\)/)
  assert.equal(code, 1)
})

test('an end that was cut off with its traces is found by the anchor, and a chain that is gone too', async (context) => {
  const { store, anchor, tamper } = await aLog(context)
  tamper(`delete from audit_blocks where first_seq = 5; delete from audit_checkpoints where number > 1;
    update audit_chains set head_seq = 4, head_hash = (select last_hash from audit_blocks where last_seq = 4)`)
  assert.equal((await ambit('verify', '--store', store)).code, 0)
  const cut = await ambit('verify', '--store', store, '--anchor', anchor)
  assert.match(cut.out, /record 5: .* is gone \(truncated\)/)
  assert.equal(cut.code, 1)
  tamper('delete from audit_blocks; delete from audit_checkpoints; delete from audit_chains')
  const gone = await ambit('verify', '--store', store, '--anchor', anchor)
  assert.match(gone.out, /✕ the chain chain_\S+, of which the anchor has checkpoints, is gone/)
  assert.equal(gone.code, 1)
})

test('a log whose keys were replaced together with its checkpoints does not pass for the key of its owner', async (context) => {
  const { store, key, tamper } = await aLog(context)
  const stranger = await aLog(context)
  tamper(`attach '${join(stranger.folder, 'ambit.audit.db')}' as other; delete from audit_chains; delete from audit_blocks;
    delete from audit_checkpoints; delete from audit_keys; insert into audit_chains select * from other.audit_chains;
    insert into audit_blocks select * from other.audit_blocks; insert into audit_keys select * from other.audit_keys;
    insert into audit_checkpoints select * from other.audit_checkpoints;`)
  assert.equal((await ambit('verify', '--store', store)).code, 0)
  assert.equal((await ambit('verify', '--store', store, '--key', key)).code, 1)
})

test('decisions are exported as they were made, to be replayed', async (context) => {
  const { store } = await aLog(context)
  const { out } = await ambit('export', '--store', store)
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Replayable)
  const { evaluation, decision } = aDecisionRecord()
  assert.deepEqual(lines, [
    { evaluation, decision },
    { evaluation, decision },
  ])
  assert.equal((await ambit('export', '--store', store, '--to', '2020-01-01')).out, '')
  const records = await ambit(
    'export',
    '--store',
    store,
    '-f',
    'records',
    '--kind',
    'node',
    '--from',
    '1970-01-01T00:00:02Z',
  )
  assert.deepEqual(
    records.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq),
    [3, 5],
  )
})

test('an export of chains verifies without the store, and not once it was changed', async (context) => {
  const { store, folder, anchor } = await aLog(context)
  const { out } = await ambit('export', '--store', store, '--format', 'chain')
  const file = join(folder, 'export.ndjson')
  writeFileSync(file, out)
  assert.equal((await ambit('verify', '--export', file, '--anchor', anchor)).code, 0)
  const lines = out.split('\n')
  const without = (test: RegExp) => lines.filter((line) => !test.test(line)).join('\n')
  for (const changed of [
    out.replace('pay:4711', 'pay:4712'),
    without(/"firstSeq":3/),
    without(/"is":"checkpoint","number":2/),
    [...lines.slice(0, 2), lines[3], lines[2], ...lines.slice(4)].join('\n'),
  ]) {
    writeFileSync(file, changed)
    assert.equal((await ambit('verify', '--export', file, '--anchor', anchor)).code, 1)
  }
  writeFileSync(file, 'hello\n')
  assert.equal((await ambit('verify', '--export', file)).code, 2)
})

test('old bodies go, the chain still verifies, and it cannot be cut where it was changed', async (context) => {
  const { store, anchor, key, tamper } = await aLog(context)
  const { out, code } = await ambit('cut', '--store', store, '--before', '2100-01-01', '--key', key)
  assert.equal(out, 'node a: bodies up to record 5 were taken\n')
  assert.equal(code, 0)
  const verified = await ambit('verify', '--store', store, '--anchor', anchor, '--key', key)
  assert.match(verified.out, /5 records, as they were written; the bodies up to record 5 were taken by retention/)
  assert.equal(verified.code, 0)
  assert.equal((await ambit('export', '--store', store, '-f', 'records')).out, '')
  tamper('update audit_blocks set at = at + 1 where first_seq = 1')
  assert.equal((await ambit('verify', '--store', store)).code, 1)
  assert.equal((await ambit('cut', '--store', store, '--before', '2101-01-01', '--key', key)).code, 2)
})

test('the latest records are shown in a line each', async (context) => {
  const { store } = await aLog(context)
  const { out } = await ambit('show', '--store', store, '--last', '2', '--kind', 'decision')
  assert.equal(
    out.split('\n')[1],
    '2026-09-21T14:13:20.000Z  a#4  client:pep-1  decision step_up: idp:ada approve pay:4711 (too_weak)',
  )
})

test('a store that is not there is not made, and not said to be in order', async (context) => {
  const { folder } = await aLog(context)
  const { code, err } = await ambit('verify', '--store', join(folder, 'other.db'))
  assert.equal(code, 2)
  assert.match(err, /there is no audit log/)
})
