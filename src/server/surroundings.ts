import type { Importer } from '#importers/importer.ts'
import type { Clock } from '#lib/clock.ts'
import type { Inventory } from '#model/facts.ts'
import type { Policy } from '#policy/policy.ts'

/** What the server has from the process that starts it. */
export interface Surroundings {
  readonly clock: Clock
  /** takes the lines of the log */
  readonly writeLog: (line: string) => void
  /** every reader of other systems' exports */
  readonly importers: () => Promise<readonly Importer[]>
  /** reads files and folders into one inventory */
  readonly readFiles: (paths: readonly string[]) => Promise<Inventory>
  /** reads a policy file, or the built-in policy for `default` */
  readonly readPolicy: (path: string) => Promise<Policy>
}
