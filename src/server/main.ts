/** The one place where the server's parts are made and handed to each other. */
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { parseAccessPolicy } from '#decision/access-policy.ts'
import { buildWorld } from '#decision/build-world.ts'
import { AMBIT_ISSUER, settingsFrom } from '#decision/settings.ts'
import { AmbitError } from '#lib/errors.ts'
import { loadPolicy } from '#policy/load.ts'
import { accountStateStore } from '#storage/account-states.ts'
import { openDatabase } from '#storage/database.ts'
import { sessionDevices } from '#storage/devices.ts'
import { EXCEPTIONS_CHANGED } from '#storage/exceptions.ts'
import { ping } from '#storage/ping.ts'
import { signalStore } from '#storage/risk.ts'
import { SNAPSHOT_CHANGED } from '#storage/snapshots.ts'
import { TOKENS_CHANGED } from '#storage/tokens.ts'
import { threadAnalyst } from './analysis/thread-analyst.ts'
import { nodeName, startAudit } from './audit.ts'
import { buildApp, type KeyPair } from './app.ts'
import type { DeclaredRoute } from './access.ts'
import { followChanges } from './changes.ts'
import type { Config } from './config/schema.ts'
import type { ServerContext } from './context.ts'
import { circumstancesFrom } from './circumstances.ts'
import { decider } from './decider.ts'
import { openExceptions } from './exceptions.ts'
import { watchFolder } from './folder.ts'
import { openGate } from './gate/gate.ts'
import { newLog } from './log.ts'
import { observeNode, watchLoop } from './metrics.ts'
import { openSignals } from './signals/signals.ts'
import { startTransmitter } from './ssf/transmitter.ts'
import { inventoryOf, openSnapshots } from './snapshots.ts'
import { openPeople } from './people.ts'
import { ownIssuerName } from './provider/own-issuer.ts'
import { watchStore } from './store-watch.ts'
import type { Surroundings } from './surroundings.ts'
import { loadTokens } from './tokens.ts'
import { startTracing } from './tracing.ts'
import { startWebhooks } from './webhooks.ts'

export interface RunningServer {
  /** where it listens, e.g. `http://127.0.0.1:8181` */
  readonly url: string
  readonly context: ServerContext
  readonly routes: readonly DeclaredRoute[]
  /** not ready from now on; finishes what is in flight, then closes everything. Resolves when that is done, however often it is called */
  readonly stop: () => Promise<void>
  /** reads certificate and key again; connections that are open keep theirs */
  readonly reload: () => Promise<void>
}

/** Milliseconds after which a snapshot that could not be loaded, or of which the news was lost, is tried again. */
const CATCH_UP_EVERY = 5000
/** Milliseconds between two notes of which tokens were used. */
const NOTE_USE_EVERY = 60_000

/**
 * Starts a server. It listens once everything that it answers from is there.
 *
 * @throws {AmbitError} `store_unavailable`, `config_invalid` or `policy_invalid`
 */
export async function startServer(config: Config, surroundings: Surroundings): Promise<RunningServer> {
  const { clock, writeLog } = surroundings
  const log = newLog(config.log.level, clock, writeLog)
  const tls = config.tls === undefined ? undefined : await readKeyPair(config.tls)
  const { own, base } = await surroundings.policyText(config.policy)
  const policy = await loadPolicy(own, base)
  const accessPolicies = await Promise.all(
    config.accessPolicies.map(async (path) => parseAccessPolicy(await surroundings.readText(path), path)),
  )
  const issuer = ownIssuerName(config)
  const settings = settingsFrom(config.decisions, issuer === null ? {} : { [issuer]: AMBIT_ISSUER })
  const database = await openDatabase(config.store)
  const closing: (() => void | Promise<void>)[] = [() => database.close()]
  try {
    const tokens = await loadTokens(database, clock)
    const changes = await followChanges(database, { clock, log })
    closing.push(changes.stop)
    changes.on(TOKENS_CHANGED, tokens.reload)
    const watch = watchStore(() => ping(database), log)
    closing.push(watch.stop)
    const noting = setInterval(() => void tokens.noteUse().catch(() => {}), NOTE_USE_EVERY)
    closing.push(
      () => clearInterval(noting),
      () => tokens.noteUse().catch(() => {}),
    )

    const audit = await startAudit(config, clock, log)
    closing.push(audit.close)

    let draining = false
    const analyst = threadAnalyst(policy, { own, base })
    closing.push(analyst.close)
    const snapshots = openSnapshots({
      database,
      analyst,
      build: (live) => buildWorld(live, settings, accessPolicies),
      clock,
      log,
      keep: config.inventory.keep,
      audit,
    })
    await snapshots.catchUp()
    // not awaited: a revoked token must not wait for an analysis
    changes.on(SNAPSHOT_CHANGED, () => void snapshots.catchUp().catch(() => {}))
    const again = setInterval(() => void snapshots.catchUp().catch(() => {}), CATCH_UP_EVERY)
    again.unref()
    closing.push(() => clearInterval(again))
    const metrics = new Registry()
    const loop = watchLoop(metrics)
    closing.push(loop.stop)
    const exceptions = await openExceptions({
      database,
      live: snapshots.live,
      policy,
      audit,
      clock,
      log,
      node: nodeName(config),
    })
    closing.push(exceptions.stop)
    changes.on(EXCEPTIONS_CHANGED, exceptions.reload)
    const gate = await openGate({ config, database, clock, log, changes })
    closing.push(gate.stop)
    const signals = openSignals({ config, database, audit, clock, log, metrics, world: snapshots.world })
    closing.push(signals.stop)
    const transmitter = startTransmitter({ config, database, changes, clock, log, metrics, audit, gate })
    if (transmitter !== null) closing.push(transmitter.stop)
    const context: ServerContext = {
      config,
      database,
      clock,
      log,
      live: snapshots.live,
      snapshots,
      world: snapshots.world,
      reportOn: (live) => analyst.report(inventoryOf(live)),
      decide: decider(snapshots.world, watch.reachable),
      circumstances: circumstancesFrom({
        subjects: settings.subjects,
        signals: signalStore(database),
        accounts: accountStateStore(database),
        sessionDevices: (account) => sessionDevices(database, account),
        exceptions,
        changes,
        clock,
      }),
      exceptions,
      gate,
      signals,
      transmitter,
      audit,
      changes,
      metrics,
      loop,
      tokens,
      surroundings,
      health: { storeReachable: watch.reachable, draining: () => draining },
    }
    observeNode(context)
    const { folder } = config.inventory
    if (folder !== undefined) {
      const { readFiles } = surroundings
      const watched = await watchFolder({ folder, config: config.inventory, snapshots, readFiles, log })
      closing.push(watched.stop)
    }
    const webhooks = await startWebhooks(context)
    closing.push(webhooks.stop)
    const tracing = await startTracing(config.tracing)
    if (tracing !== null) closing.push(() => tracing.stop().catch(() => {}))
    const people =
      config.people === undefined ? null : await openPeople(context, config.people, () => policy.authenticators)
    if (people !== null) closing.push(people.stop)
    const { fastify, routes } = await buildApp(context, { tls, tracing, people: people?.parts ?? null })
    closing.push(() => closeWithin(fastify, config.limits.drainSeconds * 1000))
    fastify.server.maxConnections = config.limits.connections
    await fastify.listen({ host: config.listen.host, port: config.listen.port })
    const url = urlOf(fastify.server.address() as AddressInfo, tls !== undefined)
    log.info({ listening: url }, 'the server listens')

    const reload = async () => {
      if (config.tls === undefined || !('setSecureContext' in fastify.server)) return
      ;(fastify.server as unknown as TlsServer).setSecureContext(await readKeyPair(config.tls))
      log.info({}, 'the certificate was read again')
    }
    let stopped: Promise<void> | undefined
    const stop = () => {
      draining = true
      return (stopped ??= closeAll(closing))
    }
    return { url, context, routes, reload, stop }
  } catch (error) {
    await closeAll(closing).catch(() => {})
    throw error
  }
}

/** Takes no new connection and waits for requests in flight, up to a time. */
async function closeWithin(fastify: FastifyInstance, ms: number): Promise<void> {
  const timer = setTimeout(() => fastify.server.closeAllConnections(), ms)
  try {
    await fastify.close()
  } finally {
    clearTimeout(timer)
  }
}

/** Closes in the opposite order of making. */
async function closeAll(closing: readonly (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  // one that fails must not keep the rest open
  for (const close of closing.toReversed())
    await Promise.resolve(close()).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

function urlOf({ address, family, port }: AddressInfo, secure: boolean): string {
  return `${secure ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function readKeyPair({ certificate, key }: { certificate: string; key: string }): Promise<KeyPair> {
  const read = (name: string, path: string) =>
    readFile(path, 'utf8').catch((error: unknown) => {
      const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      throw new AmbitError(
        'config_invalid',
        `\`tls.${name}\` is \`${path}\`, which cannot be read (${why}); check its path and permissions`,
      )
    })
  return { cert: await read('certificate', certificate), key: await read('key', key) }
}
