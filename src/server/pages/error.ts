/** What a person sees where a program would be told an error. */
import { html, type Markup } from './html.ts'
import { notice } from './layout.ts'
import type { Words } from './words/en.ts'

export type Problem = keyof Words['problems']

/** What happened, what to do, and a number that the log has it under. */
export const problemPage = (words: Words, problem: Problem, requestId: string): Markup =>
  html`${notice(words.problems[problem])}
    <p><a class="button plain" href="/account">${words.account}</a></p>
    <p class="hint">${words.problemNumber} <code>${requestId}</code></p>`

/** An application, or a link, asked the provider for what it cannot do; what stands below is for whoever runs the application. */
export const refusedRequestPage = (
  words: Words,
  { error, why }: { readonly error: string; readonly why: string | undefined },
): Markup =>
  html`${notice(words.problems.application)}
    <p class="hint"><code>${error}${why !== undefined && `: ${why}`}</code></p>`
