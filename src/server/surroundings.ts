import type { Importer } from '#importers/importer.ts'
import type { Clock } from '#lib/clock.ts'
import type { Inventory } from '#model/facts.ts'
import type { PolicyText } from '#policy/load.ts'

/** What the server has from the process that starts it. */
export interface Surroundings {
  readonly clock: Clock
  /** version of the program */
  readonly version: string
  /** takes the lines of the log */
  readonly writeLog: (line: string) => void
  /** every reader of other systems' exports */
  readonly importers: () => Promise<readonly Importer[]>
  /** reads files and folders into one inventory */
  readonly readFiles: (paths: readonly string[]) => Promise<Inventory>
  /** reads a policy file, or the built-in policy for `default`, with the built-in one beside it */
  readonly policyText: (path: string) => Promise<{ readonly own: PolicyText; readonly base: string }>
  /** the text of a file; rejects with `input_unreadable` */
  readonly readText: (path: string) => Promise<string>
}
