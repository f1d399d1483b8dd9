/** `ambit serve` and `ambit token`: what the command line does with the server and its store. */
import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { SCOPES, SCOPE_MEANINGS, type Scope } from '#contract/scopes.ts'
import { systemClock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { nodeName, startAudit } from '#server/audit.ts'
import { readConfig } from '#server/config/read.ts'
import type { Config } from '#server/config/schema.ts'
import { newLog } from '#server/log.ts'
import { startServer } from '#server/main.ts'
import type { Surroundings } from '#server/surroundings.ts'
import { newToken } from '#server/tokens.ts'
import { openDatabase, type Database } from '#storage/database.ts'
import { addToken, removeToken, storedTokens } from '#storage/tokens.ts'
import type { Io } from '../io.ts'
import { loadImporters, readFiles } from '../read-files.ts'
import { policyTextOf, readText } from '../read-policy.ts'
import { VERSION } from '../version.ts'
import { EXIT } from './analyze.ts'

/** Configuration that is read where none is named, if it is there. */
const USUAL_CONFIG = 'ambit.yaml'

/**
 * Reads a configuration; without a name `ambit.yaml`, and where that is not there, the defaults.
 *
 * @throws {AmbitError} `input_unreadable` or `config_invalid`
 */
export async function configOf(path: string | undefined): Promise<Config> {
  const elsewhere = { env: process.env, read: (file: string) => readFileSync(file, 'utf8') }
  if (path === undefined && !existsSync(USUAL_CONFIG)) return readConfig('', 'the defaults', elsewhere)
  const file = path ?? USUAL_CONFIG
  const text = await readText(file, 'configuration')
  return readConfig(text, file, elsewhere)
}

/** What a server has from this process. */
export const processSurroundings = (io: Io): Surroundings => ({
  clock: systemClock,
  version: VERSION,
  writeLog: io.error,
  importers: loadImporters,
  readFiles,
  policyText: policyTextOf,
  readText,
})

/** Serves until the process is told to stop. */
export async function serveCommand({ config: path }: { readonly config?: string }, io: Io): Promise<number> {
  const server = await startServer(await configOf(path), processSurroundings(io))
  io.write(`ambit listens on ${server.url}\n`)
  // what cannot be read again is told by the log, whose lines nothing else may come between
  const reload = () => void server.reload().catch(() => {})
  process.on('SIGHUP', reload)
  await toldToStop()
  process.off('SIGHUP', reload)
  await server.stop()
  return EXIT.clean
}

/** Resolves at SIGTERM or SIGINT; a second signal ends the process at once, as it would without us. */
export function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    const told = () => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, told)
      resolve()
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, told)
  })
}

async function withStore(
  path: string | undefined,
  work: (database: Database, config: Config) => Promise<number>,
): Promise<number> {
  const config = await configOf(path)
  const database = await openDatabase(config.store)
  try {
    return await work(database, config)
  } finally {
    await database.close()
  }
}

/** Writes down who makes or ends a token. */
async function recordToken(config: Config, did: 'added' | 'removed', target: string, io: Io): Promise<void> {
  // the chain of the server's own node is being written by the server
  const node = `${nodeName(config)}-command-line`
  const log = newLog(config.log.level, systemClock, io.error)
  const audit = await startAudit({ ...config, audit: { ...config.audit, node } }, systemClock, log)
  try {
    const by = { type: 'operator', id: userInfo().username } as const
    const record = { kind: 'administration', at: systemClock(), by, thing: 'token', target } as const
    await audit.append({ ...record, did, before: null, after: null, why: [] })
  } finally {
    await audit.close()
  }
}

export interface CreateOptions {
  readonly config?: string
  readonly name: string
  readonly scope: readonly string[]
  /** days; none for a token that does not end */
  readonly days?: number
}

/** Makes a token and prints it, this once. */
export async function tokenCreate({ config, name, scope, days }: CreateOptions, io: Io): Promise<number> {
  const scopes = [...new Set(scope.map(scopeOf))]
  if (scopes.length === 0) throw new AmbitError('usage', `name at least one --scope: ${SCOPES.join(', ')}`)
  if (name.length === 0 || name.length > 200) throw new AmbitError('usage', 'a token is named with 1 to 200 characters')
  return withStore(config, async (database, settings) => {
    const now = systemClock()
    const expiresAt = days === undefined ? null : now + days * 86_400_000
    const { token, stored } = newToken({ name, scopes, expiresAt }, now)
    // what cannot be written down does not happen
    await recordToken(settings, 'added', stored.id, io)
    await addToken(database, stored)
    io.error('this token is not shown again; whoever has it may use it:\n')
    io.write(`${token}\n`)
    return EXIT.clean
  })
}

function scopeOf(word: string): Scope {
  const scope = SCOPES.find((each) => each === word)
  if (scope !== undefined) return scope
  const known = SCOPES.map((each) => `\`${each}\` (${SCOPE_MEANINGS[each]})`).join('; ')
  throw new AmbitError('usage', `\`${word}\` is no scope; use ${known}`)
}

export async function tokenList({ config }: { readonly config?: string }, io: Io): Promise<number> {
  return withStore(config, async (database) => {
    const now = systemClock()
    const day = (at: number | null, otherwise: string) =>
      at === null ? otherwise : new Date(at).toISOString().slice(0, 16)
    for (const token of await storedTokens(database)) {
      const ends = token.expiresAt !== null && token.expiresAt <= now ? 'expired' : 'ends'
      io.write(
        `${token.id}  ${token.name}  ${token.scopes.join(',')}  made ${day(token.createdAt, '')}  ${ends} ${day(token.expiresAt, 'never')}  last used ${day(token.lastUsedAt, 'never')}\n`,
      )
    }
    return EXIT.clean
  })
}

/** Ends a token; every node refuses it within a second. */
export async function tokenRevoke(id: string, { config }: { readonly config?: string }, io: Io): Promise<number> {
  return withStore(config, async (database, settings) => {
    const known = (await storedTokens(database)).some((token) => token.id === id)
    if (!known) throw new AmbitError('usage', `there is no token \`${id}\`; see \`ambit token list\``)
    // ended before it is written down: that it ends must not hang on the log
    await removeToken(database, id, systemClock())
    await recordToken(settings, 'removed', id, io)
    io.error(`revoked ${id}\n`)
    return EXIT.clean
  })
}
