/**
 * A server of its own process for `http.ts`: `node:http` alone, which answers the bytes it was given, or Ambit with an
 * inventory. Says what it used of CPU when asked.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** An answer as a server sent it: its headers, names and values in turn, and its body. */
export interface Bytes {
  readonly headers: readonly string[]
  readonly body: string
}

const HOUR = 3_600_000
/** The issuer of the sessions that questions tell of, and what its `acr` shows. */
export const ISSUER = 'https://login.bench.example'

/** Reads a body to its end and writes the same bytes each time: the least that any server in its place does. */
async function bare(answers: Readonly<Record<string, Bytes>>): Promise<Ready> {
  const server = createServer((request, response) => {
    request.on('data', () => {})
    request.on('end', () => {
      const { headers, body } = answers[request.url!]!
      response.writeHead(200, headers as string[])
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: '' }
}

async function ambit(folder: string): Promise<Ready> {
  const scratch = mkdtempSync(join(tmpdir(), 'ambit-bench-'))
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
  const text = JSON.stringify({
    store: join(scratch, 'ambit.db'),
    listen: { port: 0 },
    log: { level: 'error' },
    decisions: { issuers: { [ISSUER]: { acr: { key: { strength: 'hardware', vouches: 'hardware' } } } } },
  })
  const config = readConfig(text, 'bench', { env: {}, read: () => '' })
  const { url, context } = await startServer(config, processSurroundings(processIo()))
  await context.snapshots.take(await readFiles([folder]), { actor: { type: 'operator', id: 'bench' } })
  const now = systemClock()
  const { token, stored } = newToken({ name: 'bench', scopes: ['decide'], expiresAt: now + HOUR }, now)
  await addToken(context.database, stored)
  await context.tokens.reload()
  return { url, token }
}

if (import.meta.main) {
  const [what, of] = process.argv.slice(2)
  process.on('message', (what) => what === 'cpu' && process.send!(process.cpuUsage()))
  process.on('disconnect', () => process.exit())
  process.send!(await (what === 'bare' ? bare(JSON.parse(of!)) : ambit(of!)))
}
