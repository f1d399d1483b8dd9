import { readFile } from 'node:fs/promises'
import type { Breaches, BreachStatus } from '#contract/breaches.ts'
import { AmbitError } from '#lib/errors.ts'
import { nearest } from '#policy/nearest.ts'
import type { Policy } from '#policy/policy.ts'
import { renderBreachesText } from '#report/breaches-text.ts'
import { breachesOf } from '#simulation/breaches.ts'
import { judgedIn } from '#simulation/judged.ts'
import { readPatterns, type Pattern } from '#simulation/patterns.ts'
import type { Io } from '../io.ts'
import { readPolicyFile } from '../read-policy.ts'
import { EXIT } from './analyze.ts'
import { readWorld } from './simulate.ts'

export interface BreachesOptions {
  readonly paths: readonly string[]
  readonly policy?: string
  readonly patterns?: string
  /** ids of patterns; all of them when empty */
  readonly only: readonly string[]
  readonly format: 'text' | 'json'
  /** a file, or `-` for standard output */
  readonly output?: string
  readonly failOn: 'possible' | 'unknown' | 'never'
  readonly at?: string
}

/** The patterns that hold when none are named. */
const KNOWN_PATTERNS = new URL('../../simulation/breach-patterns.yaml', import.meta.url)

/** Holds known breach chains against some inventories. Returns 1 where one could happen or cannot be ruled out. */
export async function breachesCommand(options: BreachesOptions, io: Io): Promise<number> {
  const policy = await readPolicyFile(options.policy)
  const patterns = chosen(await readPatternFile(options.patterns, policy), options.only)
  const world = await readWorld(options.paths, policy, options.at, io)
  io.progress.show('analysing …')
  const breaches = breachesOf(world, judgedIn(world), patterns)
  io.progress.done()
  const { output, format } = options
  const plain = output !== undefined && output !== '-'
  const text =
    format === 'json'
      ? `${JSON.stringify(breaches, null, 2)}\n`
      : renderBreachesText(breaches, plain ? { width: 100 } : { width: io.width, colour: io.paint })
  if (plain) {
    await io.writeFile(output, text)
    io.error(`wrote ${output}\n`)
  } else io.write(text)
  return exitCodeOf(breaches, options.failOn)
}

/** The patterns of a file, or the built-in ones. @throws {AmbitError} `input_unreadable` or `pattern_invalid` */
export async function readPatternFile(path: string | undefined, policy: Policy): Promise<Pattern[]> {
  const text = await readFile(path ?? KNOWN_PATTERNS, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new AmbitError('input_unreadable', `cannot read the patterns \`${path}\` (${why}); check the path`, { path })
  })
  return readPatterns(text, path ?? 'the built-in patterns', policy)
}

function chosen(patterns: readonly Pattern[], only: readonly string[]): Pattern[] {
  const ids = patterns.map(({ id }) => id)
  for (const id of only) {
    if (ids.includes(id)) continue
    const guess = nearest(id, ids)
    const hint = guess === undefined ? `there are ${ids.join(', ')}` : `did you mean \`${guess}\`?`
    throw new AmbitError('usage', `no pattern is called \`${id}\`; ${hint}`, { pattern: id })
  }
  return patterns.filter(({ id }) => only.length === 0 || only.includes(id))
}

function exitCodeOf({ chains }: Breaches, failOn: BreachesOptions['failOn']): number {
  if (failOn === 'never') return EXIT.clean
  const failing: readonly BreachStatus[] = failOn === 'possible' ? ['possible'] : ['possible', 'unknown']
  return chains.some(({ status }) => failing.includes(status)) ? EXIT.findings : EXIT.clean
}
