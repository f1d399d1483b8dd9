/** Errors of the pages: a browser that opens one shows it to a person, and JSON says nothing to him. Programs get JSON as everywhere. */
import type { FastifyRequest } from 'fastify'
import type { AmbitError, ErrorCode } from '#lib/errors.ts'
import { problemPage, type Problem } from './pages/error.ts'
import { page } from './pages/layout.ts'
import { wordsFor } from './pages/words/words.ts'

/** What a person can do about each code; an error that knows better says so in its detail, as `says`. */
const PROBLEMS: Partial<Record<ErrorCode, Problem>> = {
  not_found: 'over',
  forbidden: 'stale',
  conflict: 'meanwhile',
  overloaded: 'busy',
  not_ready: 'busy',
  store_unavailable: 'busy',
  audit_unavailable: 'busy',
  internal: 'ours',
  sealed_unreadable: 'ours',
}

/** Whether what asks is a browser that shows what it gets: those name HTML, which no script or client of ours does. */
export const showsPages = (accept: string | undefined): boolean =>
  /(?:^|[,\s])text\/html(?:[;,\s]|$)/i.test(accept ?? '')

export const errorPage = (brand: string, error: AmbitError, { id, headers, is404 }: FastifyRequest): string => {
  const words = wordsFor(headers['accept-language'])
  const said = error.detail['says'] as Problem | undefined
  const problem = is404 ? 'nowhere' : (said ?? PROBLEMS[error.code] ?? 'unreadable')
  return page({ words, title: words.error, body: problemPage(words, problem, id), brand })
}
