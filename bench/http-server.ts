/** A server of its own process for `http.ts`: Fastify alone, or Ambit with the sample organisation. Says what it used of CPU when asked. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import { processSurroundings } from '#cli/commands/serve.ts'
import { processIo } from '#cli/io.ts'
import { readFiles } from '#cli/read-files.ts'
import { systemClock } from '#lib/clock.ts'
import { readConfig } from '#server/config/read.ts'
import { startServer } from '#server/main.ts'
import { newToken } from '#server/tokens.ts'
import { addToken } from '#storage/tokens.ts'

/** What it sends first. */
export interface Ready {
  readonly url: string
  readonly token: string
}

const HOUR = 3_600_000

/** Reads a body that a schema describes and writes one: the least that any server in its place does. */
async function bare(): Promise<Ready> {
  const entity = { type: 'object', required: ['id'], properties: { type: { type: 'string' }, id: { type: 'string' } } }
  const body = { type: 'object', required: ['subject', 'resource'], properties: { subject: entity, resource: entity } }
  const response = { 200: { type: 'object', properties: { decision: { type: 'boolean' } } } }
  const server = fastify()
  server.post('/access/v1/evaluation', { schema: { body, response } }, () => ({ decision: true }))
  return { url: await server.listen({ host: '127.0.0.1', port: 0 }), token: '' }
}

async function ambit(folder: string): Promise<Ready> {
  const scratch = mkdtempSync(join(tmpdir(), 'ambit-bench-'))
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
  const store = JSON.stringify(join(scratch, 'ambit.db'))
  const config = readConfig(`store: ${store}\nlisten: { port: 0 }\nlog: { level: error }\n`, 'bench', {
    env: {},
    read: () => '',
  })
  const { url, context } = await startServer(config, processSurroundings(processIo()))
  await context.snapshots.take(await readFiles([folder]), { actor: { type: 'operator', id: 'bench' } })
  const now = systemClock()
  const { token, stored } = newToken({ name: 'bench', scopes: ['decide'], expiresAt: now + HOUR }, now)
  await addToken(context.database, stored)
  await context.tokens.reload()
  return { url, token }
}

const [folder] = process.argv.slice(2)
process.on('message', () => process.send!(process.cpuUsage()))
process.on('disconnect', () => process.exit())
process.send!(await (folder === undefined ? bare() : ambit(folder)))
