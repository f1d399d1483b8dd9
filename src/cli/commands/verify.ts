import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AmbitError } from '#lib/errors.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { visible } from '#report/visible.ts'
import { verifyReport } from '#verify/check-report.ts'
import { isBreaches, verifyBreaches } from '#verify/check-breaches.ts'
import { isSimulation, verifySimulation } from '#verify/check-simulation.ts'
import type { Failure } from '#verify/recount.ts'
import type { Io } from '../io.ts'
import { readFiles } from '../read-files.ts'
import { EXIT } from './analyze.ts'

export interface VerifyOptions {
  readonly report: string
  readonly paths: readonly string[]
}

/** Failures to print in full; a forged report has many. */
const SHOWN = 20

/** Checks what was written as JSON against the inventory. Returns 0 when every proof holds, 1 when one does not. */
export async function verifyCommand({ report: path, paths }: VerifyOptions, io: Io): Promise<number> {
  io.progress.show('reading …')
  const report = await readReport(path)
  const inventory = await readFiles(paths).finally(() => io.progress.done())
  refuseErrors(checkInventory(inventory).diagnostics)
  const { checked, failures, unchecked } = checkerOf(report)(report, inventory, sha256)
  if (failures.length === 0) {
    io.write(`${checked} proofs checked, all hold; every count agrees with the inventory\n`)
    if (unchecked !== undefined) io.write(`${unchecked}\n`)
    return EXIT.clean
  }
  for (const failure of failures.slice(0, SHOWN)) io.write(`${lineOf(failure)}\n`)
  if (failures.length > SHOWN) io.write(`… and ${failures.length - SHOWN} more\n`)
  io.write(
    `${checked} proofs checked, ${failures.length === 1 ? '1 thing does' : `${failures.length} things do`} not hold\n`,
  )
  return EXIT.findings
}

/** Each kind of document has a checker of its own. */
function checkerOf(document: unknown): typeof verifyReport {
  if (isBreaches(document)) return verifyBreaches
  return isSimulation(document) ? verifySimulation : verifyReport
}

function sha256(pieces: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

function lineOf({ id, which, step, node, reason }: Failure): string {
  const where = step === null ? '' : ` step ${step + 1}`
  // a report may come from anywhere: nothing in it may steer the terminal
  return visible(`✕ ${id}: ${which}${where}${node === null ? '' : ` (${node})`}: ${reason}`)
}

async function readReport(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    // V8 holds texts of at most 2^29 - 24 characters
    if (why === 'ERR_STRING_TOO_LONG' || error instanceof RangeError) {
      const message = `the report \`${path}\` is larger than can be checked at once, 512 MB; analyse and verify fewer systems at a time`
      throw new AmbitError('input_unreadable', message, { path })
    }
    throw new AmbitError('input_unreadable', `cannot read the report \`${path}\` (${why}); check the path`, { path })
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AmbitError(
      'report_invalid',
      `\`${path}\` is not JSON (${why}); write it with \`ambit analyze --format json\``,
    )
  }
}
