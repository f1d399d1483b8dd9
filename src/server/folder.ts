/** Takes the inventory of a folder whenever what lies in it has changed and come to rest. */
import { watch, type FSWatcher } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Gauge, type Registry } from 'prom-client'
import { AmbitError } from '#lib/errors.ts'
import type { Inventory } from '#model/facts.ts'
import { refuseErrors } from '#model/inventory.ts'
import type { Config } from './config/schema.ts'
import type { Log } from './context.ts'
import type { Snapshots } from './snapshots.ts'

export interface WatchedFolder {
  /** looks now; resolves when what was found is taken or refused */
  readonly look: () => Promise<void>
  readonly stop: () => Promise<void>
}

interface Parts {
  readonly folder: string
  readonly config: Config['inventory']
  readonly snapshots: Snapshots
  readonly readFiles: (paths: readonly string[]) => Promise<Inventory>
  readonly metrics: Registry
  readonly log: Log
}

/**
 * The folder is looked at once before this resolves, so that a server starts with what lies there.
 *
 * @throws {AmbitError} `config_invalid` where the folder is not there or may not be read
 */
export async function watchFolder({
  folder,
  config,
  snapshots,
  readFiles,
  metrics,
  log,
}: Parts): Promise<WatchedFolder> {
  /** what was last taken or refused: looked at again only when it is another */
  let seen: string | null = null
  /** what is answered from */
  let taken: string | null = null
  let stopped = false
  let refused = false
  let unreadable = false
  void new Gauge({
    name: 'ambit_folder_refused',
    help: '1 while what lies in the folder is not what is answered from: it is refused, or cannot be read',
    registers: [metrics],
    collect() {
      this.set(Number(refused || unreadable))
    },
  })

  async function lookOnce(): Promise<void> {
    let before = await stateOf(folder)
    if (before === seen) {
      if (before === taken) refused = false
      return
    }
    // somebody may be in the middle of copying
    for (; !stopped;) {
      await pause(config.settleMs)
      const after = await stateOf(folder)
      if (after === before) break
      before = after
    }
    if (stopped) return
    try {
      const inventory = await readFiles([folder])
      // files that changed while they were read belong to two states
      if ((await stateOf(folder)) !== before) return
      refuseErrors(inventory.diagnostics)
      await snapshots.take(inventory, { actor: { type: 'node', id: 'folder' } })
      seen = taken = before
      refused = false
    } catch (error) {
      refused = true
      const problems = error instanceof AmbitError ? error.detail['diagnostics'] : undefined
      log.error({ err: error, problems }, 'the inventory in the folder was not taken; the one before stays in use')
      // what is wrong in the files stays wrong until they change; what was wrong with the store may pass
      if (error instanceof AmbitError && (error.code.startsWith('input_') || error.code === 'accounts_lost'))
        seen = before
    }
  }

  let running: Promise<void> = Promise.resolve()
  async function lookNow(): Promise<void> {
    try {
      await lookOnce()
      unreadable = false
    } catch (error) {
      unreadable = true
      throw error
    }
  }
  const look = () => (running = running.then(lookNow, lookNow))
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    if (stopped) return
    timer = setTimeout(
      () =>
        void look()
          .catch((error: unknown) => log.warn({ err: error }, 'the folder cannot be looked at'))
          .finally(again),
      config.pollSeconds * 1000,
    )
    timer.unref()
  }
  await stateOf(folder).catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const message = `\`inventory.folder\` is \`${folder}\`, which cannot be read (${why}); check its path and permissions`
    throw new AmbitError('config_invalid', message)
  })
  await look().catch((error: unknown) => log.error({ err: error }, 'the folder cannot be looked at'))
  const watcher = watched(folder, () => void look().catch(() => {}))
  again()
  return {
    look,
    async stop() {
      stopped = true
      clearTimeout(timer)
      watcher?.close()
      await running.catch(() => {})
    },
  }
}

/** What the system tells of a folder; polling goes on beside it, since network file systems tell nothing. */
function watched(folder: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { recursive: true, persistent: false }, changed)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return null
  }
}

/** Names, sizes and times of everything in a folder, as one text. */
async function stateOf(folder: string): Promise<string> {
  const lines: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) lines.push(await stateOf(path))
    else {
      // a file that is gone meanwhile makes another state, which is all that matters
      const { size, mtimeMs, ino } = await stat(path).catch(() => ({ size: -1, mtimeMs: 0, ino: 0 }))
      lines.push(`${path}\t${size}\t${mtimeMs}\t${ino}`)
    }
  }
  return lines.toSorted().join('\n')
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
