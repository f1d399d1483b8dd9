/** What a report comes to, in one sentence or two. */
import type { Report } from '#contract/report.ts'
import { counted, grouped } from './words.ts'

/** Strengths under two factors: one thing to steal is enough. */
const WEAK = ['none', 'single_factor'] as const

/** People of high impact whose weakest way in asks for one factor or nothing. */
export function redCorner(report: Report): number {
  const row = report.summary.matrix['high'] ?? {}
  return WEAK.reduce((sum, strength) => sum + (row[strength] ?? 0), 0)
}

/** The state of things first, then the worst of it. Says outright when facts are missing. */
export function headline(report: Report): string[] {
  const { accounts, verdicts } = report.summary
  const unfit = verdicts['unfit'] ?? 0
  const unknown = verdicts['unknown'] ?? 0
  const sentences: string[] = []
  if (accounts === 0) return ['No account was read, so nothing can be said.']
  sentences.push(
    unfit === 0
      ? `None of ${counted(accounts, 'account')} is known to have a way in too weak for what it reaches.`
      : `${counted(unfit, 'account')} of ${grouped(accounts)} ${unfit === 1 ? 'has' : 'have'} a way in too weak for what ${unfit === 1 ? 'it reaches' : 'they reach'}.`,
  )
  const corner = redCorner(report)
  if (corner > 0) {
    const verb = corner === 1 ? 'is' : 'are'
    sentences.push(
      `${counted(corner, 'person', 'people')} of high impact ${verb} protected by a single factor or less.`,
    )
  }
  if (unknown > 0) {
    sentences.push(`${counted(unknown, 'account')} cannot be judged: facts are missing, and unknown is not a pass.`)
  }
  return sentences
}
