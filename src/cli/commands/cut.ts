import { readFile } from 'node:fs/promises'
import { AmbitError } from '#lib/errors.ts'
import { readAndOr, type AndOrGraph } from '#planning/and-or.ts'
import { cheapestCut, type CutAnswer } from '#planning/cut.ts'
import { loadSolver } from '#planning/solver.ts'
import { visible } from '#report/visible.ts'
import type { Io } from '../io.ts'
import { EXIT } from './analyze.ts'

export interface CutOptions {
  readonly andOr: string
  readonly format: 'text' | 'json' | 'html'
  /** seconds */
  readonly timeLimit: number
}

/** The cheapest cut of an AND/OR graph in a file. Returns 1 where no cut exists or none was found in time. */
export async function cutCommand({ andOr: path, format, timeLimit }: CutOptions, io: Io): Promise<number> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new AmbitError('input_unreadable', `cannot read \`${path}\` (${why}); check the path`, { path })
  })
  const graph = readAndOr(text, path)
  const solver = await loadSolver()
  const start = performance.now()
  const answer = cheapestCut(graph, { solver, now: () => performance.now(), until: start + timeLimit * 1000 })
  const milliseconds = Math.round(performance.now() - start)
  io.write(format === 'json' ? jsonOf(graph, answer, milliseconds) : textOf(graph, answer, milliseconds))
  return answer.nodes === null ? EXIT.findings : EXIT.clean
}

const isOptimal = ({ cost, bound }: CutAnswer): boolean => bound > cost - 1e-6 * Math.max(1, cost)

function jsonOf({ names, costs }: AndOrGraph, answer: CutAnswer, milliseconds: number): string {
  const { nodes, cost, bound, method } = answer
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  const cut = nodes?.map((node) => ({ id: names[node]!, cost: costs[node]! })) ?? null
  const body = { cut, cost: finite(cost), bound: finite(bound), optimal: cut !== null && isOptimal(answer), method }
  return `${JSON.stringify({ ...body, milliseconds }, null, 2)}\n`
}

function textOf({ names, costs }: AndOrGraph, answer: CutAnswer, milliseconds: number): string {
  const { nodes, cost, bound, method } = answer
  if (nodes === null) {
    return bound === Infinity
      ? 'no cut exists: what cannot be cut leads to the goal\n'
      : 'no cut was found in the time\n'
  }
  const state = isOptimal(answer)
    ? 'optimal'
    : `within ${Math.ceil((100 * (cost - bound)) / cost)} %: none costs less than ${bound}`
  const lines = nodes.map((node) => visible(`  ${names[node]!}  ${costs[node]!}`))
  return [`cost ${cost} (${state}; by ${method}, ${milliseconds} ms)`, ...lines, ''].join('\n')
}
