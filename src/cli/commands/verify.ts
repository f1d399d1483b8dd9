import { createHash } from 'node:crypto'
import type { Inventory } from '#model/facts.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { visible } from '#report/visible.ts'
import { checkLines } from '#verify/check-lines.ts'
import { verifyReport, type Verification } from '#verify/check-report.ts'
import { isBreaches, verifyBreaches } from '#verify/check-breaches.ts'
import { isSimulation, verifySimulation } from '#verify/check-simulation.ts'
import type { Failure } from '#verify/failure.ts'
import type { Io } from '../io.ts'
import { readFiles } from '../read-files.ts'
import { withReport, type OpenReport } from '../read-report.ts'
import { EXIT } from './analyze.ts'

export interface VerifyOptions {
  readonly report: string
  readonly paths: readonly string[]
}

/** Failures to print in full; a forged report has many. */
const SHOWN = 20

/** Checks what was written as JSON or as lines of it against the inventory. Returns 0 when everything holds, 1 when it does not. */
export async function verifyCommand({ report: path, paths }: VerifyOptions, io: Io): Promise<number> {
  io.progress.show('reading …')
  const { checked, failures, unchecked } = await withReport(path, async (report) => {
    const inventory = await readFiles(paths)
    refuseErrors(checkInventory(inventory).diagnostics)
    return verify(path, report, inventory)
  }).finally(() => io.progress.done())
  if (failures.length === 0) {
    io.write(`${checked} proofs checked, all hold; every count agrees with the inventory\n`)
    if (unchecked !== undefined) io.write(`${unchecked}\n`)
    return EXIT.clean
  }
  for (const failure of failures.slice(0, SHOWN)) io.write(`${lineOf(failure, path)}\n`)
  if (failures.length > SHOWN) io.write(`… and ${failures.length - SHOWN} more\n`)
  io.write(
    `${checked} proofs checked, ${failures.length === 1 ? '1 thing does' : `${failures.length} things do`} not hold\n`,
  )
  return EXIT.findings
}

async function verify(path: string, report: OpenReport, inventory: Inventory): Promise<Verification> {
  if (report.form === 'document') return checkerOf(report.value)(report.value, inventory, sha256)
  const check = checkLines({ file: path, inventory, sha256 })
  return check.end(await report.giveTo(check))
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

function lineOf({ id, which, step, node, reason, line }: Failure, path: string): string {
  const where = step === null ? '' : ` step ${step + 1}`
  const place = line === undefined ? '' : ` (${path}:${line})`
  // a report may come from anywhere: nothing in it may steer the terminal
  return visible(`✕ ${id}: ${which}${where}${node === null ? '' : ` (${node})`}: ${reason}${place}`)
}
