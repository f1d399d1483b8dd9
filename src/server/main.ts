/** The one place where the server's parts are made and handed to each other. */
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { AMBIT_ISSUER, settingsFrom } from '#decision/settings.ts'
import { AmbitError } from '#lib/errors.ts'
import { accountStateStore } from '#storage/account-states.ts'
import { openDatabase } from '#storage/database.ts'
import { sessionDevices } from '#storage/devices.ts'
import { EXCEPTIONS_CHANGED } from '#storage/exceptions.ts'
import { ping } from '#storage/ping.ts'
import { signalStore } from '#storage/risk.ts'
import { SNAPSHOT_CHANGED } from '#storage/snapshots.ts'
import { TOKENS_CHANGED } from '#storage/tokens.ts'
import { nodeName, startAudit } from './audit.ts'
import { buildApp, type KeyPair } from './app.ts'
import type { DeclaredRoute } from './access.ts'
import { followChanges } from './changes.ts'
import { configDigest } from './config/digest.ts'
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
import { openPushAuthorizations } from './ssf/push-authorizations.ts'
import { startTransmitter } from './ssf/transmitter.ts'
import { inventoryOf, openSnapshots } from './snapshots.ts'
import { openPeople } from './people.ts'
import { basisOf, openPolicyFiles, readPolicies } from './policies.ts'
import { tellOverload } from './overload.ts'
import { ownDoor } from './own-safeguards.ts'
import { ownIssuerName } from './provider/own-issuer.ts'
import { openShadow } from './shadow.ts'
import { nodeRecord } from './node-record.ts'
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
  /**
   * Reads certificate and policies again; open connections keep their certificate. Rejects where one cannot be used: what
   * was in force stays then.
   */
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
  const overload = tellOverload(log)
  const tls = config.tls === undefined ? undefined : await readKeyPair(config.tls)
  const issuer = ownIssuerName(config)
  const settings = settingsFrom(config.decisions, issuer === null ? {} : { [issuer]: AMBIT_ISSUER })
  const readBasis = async () => basisOf(await readPolicies(config, surroundings), settings)
  const first = await readBasis()
  const database = await openDatabase(config.store)
  const closing: (() => void | Promise<void>)[] = [overload.stop, () => database.close()]
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
    const node = nodeName(config)
    const told = nodeRecord({ audit, clock, log, node, version: surroundings.version })
    closing.push(told.stopped)

    let draining = false
    const snapshots = openSnapshots({
      database,
      basis: first,
      clock,
      log,
      keep: config.inventory.keep,
      maxLoss: config.inventory.maxLoss,
      audit,
    })
    const { standOn } = snapshots
    const files = openPolicyFiles({ first, read: readBasis, standOn, audit, clock, log, node })
    closing.push(files.close)
    await snapshots.catchUp()
    // not awaited: a revoked token must not wait for an analysis
    changes.on(SNAPSHOT_CHANGED, () => void snapshots.catchUp().catch(() => {}))
    const again = setInterval(() => void snapshots.catchUp().catch(() => {}), CATCH_UP_EVERY)
    again.unref()
    closing.push(() => clearInterval(again))
    const metrics = new Registry()
    const loop = watchLoop(metrics)
    closing.push(loop.stop)
    const inForce = () => files.basis().policies
    const shadow = await openShadow({ config, surroundings, settings, inForce, snapshots, metrics, clock, log })
    closing.push(shadow.close)
    const own = ownDoor(config, { database, clock })
    const exceptions = await openExceptions({
      database,
      live: snapshots.live,
      policy: () => inForce().policy,
      audit,
      clock,
      log,
      node,
      own,
    })
    closing.push(exceptions.stop)
    changes.on(EXCEPTIONS_CHANGED, exceptions.reload)
    const gate = await openGate({ config, database, clock, log, changes })
    closing.push(gate.stop)
    const signals = openSignals({ config, database, audit, clock, log, metrics, world: snapshots.world })
    closing.push(signals.stop)
    const authorizations = await openPushAuthorizations(config, { database, log })
    const transmitter = startTransmitter({
      config,
      database,
      changes,
      clock,
      log,
      metrics,
      audit,
      gate,
      tokens,
      authorizations,
    })
    if (transmitter !== null) closing.push(transmitter.stop)
    const context: ServerContext = {
      config,
      database,
      clock,
      log,
      overload,
      live: snapshots.live,
      snapshots,
      world: snapshots.world,
      reportOn: (live) => files.basis().analyst.report(inventoryOf(live)),
      decide: decider(snapshots.world, watch.reachable, shadow.look),
      shadow,
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
      const watched = await watchFolder({ folder, config: config.inventory, snapshots, readFiles, metrics, log })
      closing.push(watched.stop)
    }
    const webhooks = await startWebhooks(context)
    closing.push(webhooks.stop)
    const tracing = await startTracing(config.tracing)
    if (tracing !== null) closing.push(() => tracing.stop().catch(() => {}))
    const people =
      config.people === undefined
        ? null
        : await openPeople(context, config.people, {
            worths: () => inForce().policy.authenticators,
            issuers: settings.issuers,
            recoveriesMoved: () => own?.recoveriesMoved(),
          })
    if (people !== null) closing.push(people.stop)
    const { fastify, routes } = await buildApp(context, { tls, tracing, people: people?.parts ?? null })
    closing.push(() => closeWithin(fastify, config.limits.drainSeconds * 1000))
    fastify.server.maxConnections = config.limits.connections
    await told.started({
      policies: files.basis().policies,
      snapshot: snapshots.live()?.snapshotId ?? null,
      config: configDigest(config),
    })
    await fastify.listen({ host: config.listen.host, port: config.listen.port })
    const url = urlOf(fastify.server.address() as AddressInfo, tls !== undefined)
    log.info({ listening: url }, 'the server listens')

    const readCertificate = async () => {
      if (config.tls === undefined || !('setSecureContext' in fastify.server)) return
      ;(fastify.server as unknown as TlsServer).setSecureContext(await readKeyPair(config.tls))
      log.info({}, 'the certificate was read again')
    }
    const reload = async () => {
      // one that cannot be read must not keep the other from being
      const read = await Promise.allSettled([readCertificate(), files.reload().finally(shadow.reload)])
      const failures = read.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
      for (const err of failures) log.error({ err }, 'what was to be read again cannot be; what was in force stays')
      if (failures.length > 0) throw failures[0]
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
