import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import type { Review } from '#contract/review.ts'
import { AmbitError } from '#lib/errors.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { loadSolver } from '#planning/solver.ts'
import { jsonPieces } from '#report/json.ts'
import { renderWorksheet } from '#report/review-csv.ts'
import { renderReviewHtml } from '#report/review-html.ts'
import { renderReviewText } from '#report/review-text.ts'
import { changesOf, decide } from '#review/outcome.ts'
import { reviewOf } from '#review/review.ts'
import { filledRowsIn, readWorksheet } from '#review/worksheet.ts'
import { countFrom, timeArgument } from '../arguments.ts'
import type { Io } from '../io.ts'
import { readFiles } from '../read-files.ts'
import { readPolicyFile } from '../read-policy.ts'
import { EXIT } from './analyze.ts'

const FORMATS = ['text', 'json', 'html', 'csv'] as const

export interface ReviewOptions {
  readonly paths: readonly string[]
  readonly format: (typeof FORMATS)[number]
  readonly policy?: string
  readonly at?: string
  /** a file, or `-` for standard output */
  readonly output?: string
  /** where to write the worksheet to fill in */
  readonly worksheet?: string
  /** a worksheet that was filled in */
  readonly read?: string
  /** where to write what its decisions change */
  readonly changes?: string
  readonly top?: number
}

/** Milliseconds that the search for the least to withdraw may take; then it says how far off it may be. */
const SEARCH_MS = 30_000

/**
 * Reviews who holds what. Returns 0; with `read`, 1 where a decision should be looked at again or one that matters is
 * still open.
 */
export async function reviewCommand(options: ReviewOptions, io: Io): Promise<number> {
  if (options.changes !== undefined && options.read === undefined)
    throw new AmbitError('usage', '`--changes` writes what decisions change, so it needs `--read` with a worksheet')
  const sheets = [options.worksheet, options.format === 'csv' ? options.output : undefined]
  for (const path of sheets) if (path !== undefined) await keepDecisions(path)
  const review = await reviewPaths(options, io)
  if (options.worksheet !== undefined) {
    await io.writeFile(options.worksheet, renderWorksheet(review))
    io.error(`wrote ${options.worksheet}: ${review.items.length} rows to decide\n`)
  }
  if (options.changes !== undefined) {
    await io.writeFile(options.changes, `${JSON.stringify(changesOf(review), null, 2)}\n`)
    io.error(`wrote ${options.changes}: ${review.outcome?.revoked.length ?? 0} changes\n`)
  }
  const pieces = render(review, options, io)
  if (options.output === undefined || options.output === '-') await io.writeAll(pieces)
  else {
    await io.writeFile(options.output, pieces)
    io.error(`wrote ${options.output}\n`)
  }
  const { outcome } = review
  return outcome !== null && outcome.flags.length + outcome.undecidedThatMatter.length > 0 ? EXIT.findings : EXIT.clean
}

async function reviewPaths({ paths, policy, at, read }: ReviewOptions, io: Io): Promise<Review> {
  const worksheet = read === undefined ? undefined : await worksheetText(read)
  const rules = await readPolicyFile(policy)
  io.progress.show('reading …')
  try {
    const inventory = await readFiles(paths)
    const checked = checkInventory(at === undefined ? inventory : { ...inventory, at: inventory.at ?? at })
    refuseErrors(checked.diagnostics)
    const limits = { solver: await loadSolver(), now: () => performance.now(), until: performance.now() + SEARCH_MS }
    const reviewed = reviewOf(checked, rules, limits, (stage) => io.progress.show(`${stage} …`))
    if (worksheet === undefined || read === undefined) return reviewed.review
    io.progress.show('decisions …')
    return decide(reviewed, readWorksheet(worksheet, read, reviewed.review.items), read)
  } finally {
    io.progress.done()
  }
}

/** @throws {AmbitError} `usage` where a worksheet that reviewers have begun to fill in would be written anew */
async function keepDecisions(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const filled = filledRowsIn(text)
  if (filled === 0) return
  const rows = filled === 1 ? 'one row' : `${filled} rows`
  const message = `\`${path}\` is a worksheet with ${rows} filled in, which would be lost; name another file, or read it with --read`
  throw new AmbitError('usage', message, { path })
}

/** Spreadsheets save UTF-8 when asked to; what they save otherwise would garble names, so it is refused. */
async function worksheetText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new AmbitError('input_unreadable', `cannot read the worksheet \`${path}\` (${why}); check the path`, { path })
  })
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new AmbitError('worksheet_invalid', `\`${path}\` is not UTF-8; save it as “CSV UTF-8”`, { path })
  }
}

function render(review: Review, { format, output, top }: ReviewOptions, io: Io): Iterable<string> {
  const plain = output !== undefined && output !== '-'
  switch (format) {
    case 'text':
      return [
        renderReviewText(review, {
          width: plain ? 100 : io.width,
          ...(plain ? {} : { colour: io.paint }),
          ...(top === undefined ? {} : { top }),
        }),
      ]
    case 'json':
      return jsonPieces(review)
    case 'html':
      return [renderReviewHtml(review)]
    case 'csv':
      return [renderWorksheet(review)]
  }
}

type Run = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>

/** Adds `ambit review` to the command line. */
export function reviewCommands(ambit: Command, io: Io, run: Run): void {
  ambit
    .command('review')
    .description('who holds what beyond the job: evidence, the reach that goes with each, and the least to withdraw')
    .argument('<path...>', 'files or folders, as for analyze')
    .option('-p, --policy <file>', 'policy to judge by (default: the built-in one)')
    .addOption(new Option('-f, --format <format>', 'what to write').choices(FORMATS).default('text'))
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .option('--worksheet <file>', 'also write a worksheet (CSV) for reviewers to fill in')
    .option('--read <file>', 'read a worksheet back, and say what its decisions would change')
    .option('--changes <file>', 'with --read: write the decisions as changes to carry out (JSON)')
    .option('--at <time>', 'RFC 3339 time at which the facts hold, where no file says', timeArgument)
    .option('--top <n>', 'items to list in the text', countFrom(0))
    .addHelpText('after', REVIEW_HELP)
    .action(run((paths: string[], options: Omit<ReviewOptions, 'paths'>) => reviewCommand({ ...options, paths }, io)))
}

const REVIEW_HELP = `
Examples:
  $ ambit review examples/tidewicket
  $ ambit review examples/tidewicket --worksheet review.csv        then fill in decision, comment and reviewer
  $ ambit review examples/tidewicket --read review.csv --changes changes.json

Exit codes: 0 done, 1 decisions to look at again or open ones that matter (with --read), 2 bad input or usage.`
