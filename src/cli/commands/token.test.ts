import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { openAuditStore } from '#storage/audit-store.ts'
import { latestEntries } from '#storage/audit-read.ts'
import { openDatabase } from '#storage/database.ts'
import { storedTokens } from '#storage/tokens.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'
import { main } from '../main.ts'

function aPlace(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-token-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const [store, config] = [join(folder, 'ambit.db'), join(folder, 'ambit.yaml')]
  writeFileSync(config, `store: ${store}\naudit: { node: here }\n`)
  const token = async (...argv: string[]): Promise<{ code: number } & Written> => {
    const written: Written = { out: '', err: '', files: new Map() }
    return { code: await main(['token', ...argv, '--config', config], quietIo(written)), ...written }
  }
  const tokens = async () => {
    const database = await openDatabase(store)
    return storedTokens(database).finally(() => database.close())
  }
  return { folder, store, token, tokens }
}

test('a token that is made or ended on the command line is on record, without its secret', async (context) => {
  const { store, token, tokens } = aPlace(context)
  const made = await token('create', '--name', 'gateway', '--scope', 'decide')
  assert.equal(made.code, 0, made.err)
  const id = (await tokens())[0]!.id
  assert.equal((await token('revoke', id)).code, 0)
  assert.deepEqual(await tokens(), [])
  assert.equal((await token('revoke', id)).code, 2)
  const audit = await openAuditStore(store)
  const entries = await latestEntries(audit, 10, () => true).finally(() => audit.close())
  assert.deepEqual(
    entries.map(
      ({ record }) => record.kind === 'administration' && [record.did, record.thing, record.target, record.by],
    ),
    [
      ['added', 'token', id, { type: 'operator', id: userInfo().username }],
      ['removed', 'token', id, { type: 'operator', id: userInfo().username }],
    ],
  )
  assert.ok(!JSON.stringify(entries).includes(made.out.trim()))
})

test('a token that cannot be written down is not made', async (context) => {
  const { folder, token, tokens } = aPlace(context)
  await token('create', '--name', 'first', '--scope', 'read')
  const log = new DatabaseSync(join(folder, 'ambit.audit.db'))
  log.exec('drop table audit_blocks')
  log.close()
  const { code, out } = await token('create', '--name', 'second', '--scope', 'read')
  assert.notEqual(code, 0)
  assert.equal(out, '')
  assert.deepEqual(
    (await tokens()).map(({ name }) => name),
    ['first'],
  )
})
