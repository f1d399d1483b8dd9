/** For tests: a server of its own on a free port, stopped after the test, and tokens for it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { loadImporters, readFiles } from '#cli/read-files.ts'
import { policyTextOf, readText } from '#cli/read-policy.ts'
import { VERSION } from '#cli/version.ts'
import type { Scope } from '#contract/scopes.ts'
import { systemClock, type Clock } from '#lib/clock.ts'
import { addToken } from '#storage/tokens.ts'
import { readConfig } from './config/read.ts'
import { startServer, type RunningServer } from './main.ts'
import type { Surroundings } from './surroundings.ts'
import { newToken } from './tokens.ts'

export interface TestServer extends RunningServer {
  /** lines of the log so far */
  readonly logged: readonly string[]
  /** a new token with these scopes, known to the server at once */
  readonly token: (...scopes: Scope[]) => Promise<string>
  /** resolves when everything that other nodes did before is known here */
  readonly caughtUp: () => Promise<void>
  /** asks the server, with a token if one is given */
  readonly ask: (path: string, init?: RequestInit & { token?: string }) => Promise<Response>
}

export interface TestOptions {
  /** YAML of the configuration; `store` and `listen` are given where it does not say */
  readonly config?: string
  readonly clock?: Clock
  /** port to listen on; any that is free where absent */
  readonly port?: number
  /** store to use, so that two servers share one; otherwise a new SQLite file */
  readonly store?: string
}

/** Tests share the machine: a loop that is late for their sake is no overload. */
const UNHURRIED = 'limits: { loopDelayMs: 60000 }\n'

export async function testServer(test: TestContext, options: TestOptions = {}): Promise<TestServer> {
  const { clock = systemClock, config: text = '' } = options
  const store = options.store ?? join(testFolder(test), 'ambit.db')
  const logged: string[] = []
  const config = readConfig(
    `${text}\n${text.includes('limits:') ? '' : UNHURRIED}store: ${JSON.stringify(store)}\nlisten: { port: ${options.port ?? 0} }\n`,
    'test.yaml',
    {
      env: {},
      read: () => '',
    },
  )
  const surroundings: Surroundings = {
    clock,
    version: VERSION,
    writeLog: (line) => void logged.push(line),
    importers: loadImporters,
    readFiles,
    policyText: policyTextOf,
    readText,
  }
  const server = await startServer(config, surroundings)
  test.after(() => server.stop())
  const { database, tokens, changes, snapshots } = server.context
  return {
    ...server,
    logged,
    async token(...scopes) {
      const { token, stored } = newToken({ name: 'test', scopes, expiresAt: null }, clock())
      await addToken(database, stored)
      await tokens.reload()
      return token
    },
    async caughtUp() {
      await changes.look()
      await snapshots.catchUp()
    },
    ask: (path, { token, ...init } = {}) =>
      fetch(server.url + path, {
        ...init,
        headers: { ...init.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      }),
  }
}

/** A folder that is removed after the test. */
export function testFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-server-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
