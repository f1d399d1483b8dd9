/**
 * Many writers, one fsync: writes that stand alone and arrive while another is being committed go to disk together, in one
 * transaction. Each is still one statement that happens whole or not at all, and its caller hears of it when it is on disk.
 */
import type { DatabaseSync } from 'node:sqlite'
import {
  SqliteAdapter,
  SqliteDialect,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type SqliteDatabase,
} from 'kysely'

/** Statements of one commit. */
const BATCH = 500
const WRITES = new Set(['InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode'])

interface Waiting {
  readonly query: CompiledQuery
  readonly resolve: (result: QueryResult<unknown>) => void
  readonly reject: (error: unknown) => void
}

/** A dialect of Kysely over one connection; `raw` is that of `database`. */
export function groupingDialect(raw: DatabaseSync, database: SqliteDatabase): SqliteDialect {
  return new (class extends SqliteDialect {
    // one at a time is this driver's business: Kysely would have each wait for the commit of the one before
    override createAdapter(): SqliteAdapter {
      return new (class extends SqliteAdapter {
        override get supportsMultipleConnections(): boolean {
          return true
        }
      })()
    }
    override createDriver(): Driver {
      return groupingDriver(raw, super.createDriver())
    }
  })({ database })
}

/** What callers hold: the connection itself only while they are in a transaction of their own. */
interface Handle extends DatabaseConnection {
  own: { readonly connection: DatabaseConnection; readonly release: () => void } | null
}

function groupingDriver(raw: DatabaseSync, inner: Driver): Driver {
  const queue: Waiting[] = []
  let running: Promise<void> | null = null
  let last: Promise<void> = Promise.resolve()

  /** The one connection, in the order of asking; everybody else waits until it is released. */
  async function take(): Promise<NonNullable<Handle['own']>> {
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    await before
    return { connection: await inner.acquireConnection(), release: resolve }
  }

  async function alone<T>(work: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
    const { connection, release } = await take()
    try {
      return await work(connection)
    } finally {
      release()
    }
  }

  function write(query: CompiledQuery): Promise<QueryResult<unknown>> {
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult<unknown>>()
    queue.push({ query, resolve, reject })
    running ??= run()
    return promise
  }

  async function run(): Promise<void> {
    // those of the same turn of the event loop go together
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      // whatever a commit could not undo shows in the next one, which fails for it
      await alone((connection) => commit(connection, queue.splice(0, BATCH))).catch(() => {})
    }
    running = null
  }

  async function commit(connection: DatabaseConnection, batch: readonly Waiting[]): Promise<void> {
    const [first] = batch
    if (batch.length === 1) return connection.executeQuery(first!.query).then(first!.resolve, first!.reject)
    const answers: (() => void)[] = []
    try {
      raw.exec('BEGIN IMMEDIATE')
      for (const { query, resolve, reject } of batch) {
        try {
          const result = await connection.executeQuery(query)
          answers.push(() => resolve(result))
        } catch (error) {
          // a statement that fails undoes itself alone; one that could not be undone alone took the others with it
          if (!raw.isTransaction) throw error
          answers.push(() => reject(error))
        }
      }
      raw.exec('COMMIT')
    } catch (error) {
      for (const { reject } of batch) reject(error)
      if (raw.isTransaction) raw.exec('ROLLBACK')
      return
    }
    for (const answer of answers) answer()
  }

  const held = (connection: DatabaseConnection): DatabaseConnection => (connection as Handle).own!.connection
  return {
    init: () => inner.init(),
    async destroy() {
      await running
      await alone(() => inner.destroy())
    },
    async acquireConnection(): Promise<Handle> {
      const handle: Handle = {
        own: null,
        async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
          if (handle.own !== null) return handle.own.connection.executeQuery<R>(query)
          if (WRITES.has(query.query.kind)) return (await write(query)) as QueryResult<R>
          return alone((connection) => connection.executeQuery<R>(query))
        },
        async *streamQuery<R>(query: CompiledQuery, chunk: number): AsyncIterableIterator<QueryResult<R>> {
          const { connection, release } = handle.own ?? (await take())
          try {
            yield* connection.streamQuery<R>(query, chunk)
          } finally {
            if (handle.own === null) release()
          }
        },
      }
      return handle
    },
    async beginTransaction(connection) {
      const handle = connection as Handle
      handle.own = await take()
      // the lock from the start: one that reads before it writes would fail where another process wrote in between
      raw.exec('BEGIN IMMEDIATE')
    },
    commitTransaction: (connection) => inner.commitTransaction(held(connection)),
    rollbackTransaction: (connection) => inner.rollbackTransaction(held(connection)),
    async releaseConnection(connection) {
      const handle = connection as Handle
      handle.own?.release()
      handle.own = null
    },
    savepoint: (connection, ...rest) => inner.savepoint!(held(connection), ...rest),
    rollbackToSavepoint: (connection, ...rest) => inner.rollbackToSavepoint!(held(connection), ...rest),
    releaseSavepoint: (connection, ...rest) => inner.releaseSavepoint!(held(connection), ...rest),
  }
}
