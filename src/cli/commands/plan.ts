import { readFile } from 'node:fs/promises'
import { AmbitError } from '#lib/errors.ts'
import { checkInventory, refuseErrors, type CheckedInventory } from '#model/inventory.ts'
import { readChanges } from '#planning/change-file.ts'
import { loadSolver } from '#planning/solver.ts'
import { planFor } from '#planning/plan.ts'
import { whatIf } from '#planning/what-if.ts'
import type { Policy } from '#policy/policy.ts'
import { renderPlanHtml, renderWhatIfHtml } from '#report/plan-html.ts'
import { renderPlanText, renderWhatIfText } from '#report/plan-text.ts'
import type { Io } from '../io.ts'
import { readFiles } from '../read-files.ts'
import { readPolicyFile } from '../read-policy.ts'
import { EXIT } from './analyze.ts'

export type PlanFormat = 'text' | 'json' | 'html'

interface Common {
  readonly paths: readonly string[]
  readonly policy?: string
  readonly format: PlanFormat
  /** a file, or `-` for standard output */
  readonly output?: string
  readonly at?: string
}

export interface PlanCommandOptions extends Common {
  readonly goal: readonly string[]
  /** hours */
  readonly budget?: number
  /** seconds */
  readonly timeLimit: number
}

export interface WhatIfOptions extends Common {
  readonly change: string
}

/** Plans. Returns 1 where the goal does not hold after the steps found. */
export async function planCommand(options: PlanCommandOptions, io: Io): Promise<number> {
  const { goal, budget, timeLimit, format } = options
  const { inventory, policy } = await readAll(options, io)
  const solver = await loadSolver()
  const now = (): number => performance.now()
  try {
    const plan = planFor(inventory, policy, {
      goals: goal,
      ...(budget === undefined ? {} : { budget }),
      limits: { solver, now, until: now() + timeLimit * 1000 },
      curve: format !== 'text',
      onStage: (stage) => io.progress.show(`${stage} …`),
    })
    io.progress.done()
    const summary = `${plan.steps.length} steps, ${plan.cost} hours, ${plan.holds ? 'the goal holds' : 'the goal does not hold'}`
    await put(options, io, summary, {
      text: (terminal) => renderPlanText(plan, terminal),
      json: () => `${JSON.stringify(plan, null, 2)}\n`,
      html: () => renderPlanHtml(plan),
    })
    return plan.holds ? EXIT.clean : EXIT.findings
  } finally {
    io.progress.done()
  }
}

/** Before and after some changes. Returns 1 where anybody is worse off. */
export async function whatIfCommand(options: WhatIfOptions, io: Io): Promise<number> {
  const text = await readFile(options.change, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new AmbitError('input_unreadable', `cannot read \`${options.change}\` (${why}); check the path`)
  })
  const changes = readChanges(text, options.change)
  const { inventory, policy } = await readAll(options, io)
  const what = whatIf(inventory, policy, changes)
  await put(options, io, `${what.accounts.length} accounts changed`, {
    text: (terminal) => renderWhatIfText(what, terminal),
    json: () => `${JSON.stringify(what, null, 2)}\n`,
    html: () => renderWhatIfHtml(what),
  })
  return what.accounts.some(({ worse }) => worse) ? EXIT.findings : EXIT.clean
}

async function readAll(
  { paths, policy: path, at }: Common,
  io: Io,
): Promise<{ inventory: CheckedInventory; policy: Policy }> {
  let policy = await readPolicyFile(path)
  // a policy of one's own need not say what changes cost
  if (policy.costs === undefined) policy = { ...policy, costs: (await readPolicyFile()).costs! }
  io.progress.show('reading …')
  try {
    const read = await readFiles(paths)
    const inventory = checkInventory(at === undefined ? read : { ...read, at: read.at ?? at })
    refuseErrors(inventory.diagnostics)
    return { inventory, policy }
  } finally {
    io.progress.done()
  }
}

interface Renderings {
  readonly text: (terminal: { readonly width: number; readonly colour?: Io['paint'] }) => string
  readonly json: () => string
  readonly html: () => string
}

async function put({ format, output }: Common, io: Io, summary: string, renderings: Renderings): Promise<void> {
  const toFile = output !== undefined && output !== '-'
  const text =
    format === 'text'
      ? renderings.text(toFile ? { width: 100 } : { width: io.width, colour: io.paint })
      : renderings[format]()
  if (!toFile) return io.write(text)
  await io.writeFile(output, text)
  io.error(`wrote ${output}: ${summary}\n`)
}
