/** The server of `npm start`: the sample organisation on this machine, gone without a trace when it is stopped. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SCOPES } from '#contract/scopes.ts'
import { systemClock } from '#lib/clock.ts'
import { readConfig } from '#server/config/read.ts'
import { startServer, type RunningServer } from '#server/main.ts'
import { newToken } from '#server/tokens.ts'
import { addToken } from '#storage/tokens.ts'
import type { Io } from '../io.ts'
import { readFiles } from '../read-files.ts'
import { EXIT } from './analyze.ts'
import { processSurroundings } from './serve.ts'

export interface DemoServer {
  readonly folder: string
  readonly port: number
  /** resolves when the server is to end */
  readonly until: Promise<void>
}

/** Days for which the token of a demonstration holds, should its store be kept. */
const TOKEN_DAYS = 1

const ISSUER = 'https://login.tidewicket.example'
/** What a sign-in page of the sample organisation could say of a session. */
const SETTINGS = `decisions:
  issuers:
    ${ISSUER}:
      acr:
        code: { strength: two_factor }
        key: { strength: hardware, vouches: hardware }
`

/** Serves a folder's inventory and prints what to try, until it is told to stop. */
export async function serveDemo({ folder, port, until }: DemoServer, io: Io): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), 'ambit-demo-'))
  try {
    const server = await started(join(scratch, 'ambit.db'), port, io)
    try {
      const { snapshots, database, tokens } = server.context
      await snapshots.take(await readFiles([folder]), { actor: { type: 'operator', id: 'npm start' } })
      const now = systemClock()
      const expiresAt = now + TOKEN_DAYS * 86_400_000
      const { token, stored } = newToken({ name: 'npm start', scopes: SCOPES, expiresAt }, now)
      await addToken(database, stored)
      await tokens.reload()
      io.write(whatToTry(server, token))
      await until
    } finally {
      await server.stop()
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return EXIT.clean
}

async function started(store: string, port: number, io: Io): Promise<RunningServer> {
  const text = (listen: number) =>
    `store: ${JSON.stringify(store)}\nlisten: { port: ${listen} }\nlog: { level: warn }\n${SETTINGS}`
  const elsewhere = { env: {}, read: () => '' }
  const start = (listen: number) =>
    startServer(readConfig(text(listen), 'npm start', elsewhere), processSurroundings(io))
  try {
    return await start(port)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return start(0)
  }
}

/** Lines for a shell, each of which works as it stands. */
export function whatToTry({ url, context, routes }: RunningServer, token: string): string {
  const base = context.live()?.snapshotId ?? ''
  const json = `-H 'content-type: application/json'`
  const ask = (acr: string): string => {
    const session = `{"iss":"${ISSUER}","acr":"${acr}","auth_time":'"$(date +%s)"'}`
    return `curl -s -H "$AUTH" ${json} ${url}/access/v1/evaluation -d '{"subject":{"type":"account","id":"idp:noor.haddad"},"action":{"name":"alter_infrastructure"},"resource":{"type":"network","id":"cloud:edge"},"context":{"session":${session}}}'`
  }
  const rows: readonly (readonly [what: string, path: string, line: string])[] = [
    ['how many accounts have which verdict', '/v1/snapshot', `curl -s -H "$AUTH" ${url}/v1/snapshot`],
    [
      'accounts that are guarded too weakly',
      '/v1/accounts',
      `curl -s -H "$AUTH" '${url}/v1/accounts?verdict=unfit&limit=3'`,
    ],
    ['one account and each way in', '/v1/accounts/:id', `curl -s -H "$AUTH" ${url}/v1/accounts/idp:noor.haddad`],
    [
      'may she change the production network, signed in with a code? Not yet: her reach is worth more, and it says what is',
      '/access/v1/evaluation',
      ask('code'),
    ],
    ['and with the key that it asks for?', '/access/v1/evaluation', ask('key')],
    [
      'take her recovery by a code to a private mailbox away: one fact goes, and her verdict changes',
      '/v1/inventory/changes',
      `curl -s -H "$AUTH" ${json} -H 'if-match: "${base}"' ${url}/v1/inventory/changes -d '{"ambit":1,"remove":["idp:noor.haddad/private-address"]}'`,
    ],
    ['what changed since', '/v1/events', `curl -sN --max-time 5 -H "$AUTH" '${url}/v1/events?after=0'`],
    ['metrics', '/metrics', `curl -s -H "$AUTH" ${url}/metrics`],
  ]
  const known = new Set(routes.map(({ path }) => path))
  const lines = rows.filter(([, path]) => known.has(path)).map(([what, , line]) => `  # ${what}\n  ${line}\n`)
  return `\nAmbit answers for the sample organisation on ${url} until you press Ctrl-C. To try:\n\n  AUTH='Authorization: Bearer ${token}'\n${lines.join('')}\n`
}
