/**
 * A client of the decision point. It needs nothing but `fetch`, so it runs on Node, Deno, Bun and workers. Questions that are
 * asked together travel together; a permit is kept as long as it says; whatever goes wrong is a deny.
 */
import { readAnswer, unanswered, type Answer, type Question } from './answer.ts'

export interface ClientOptions {
  /** origin of the decision point, e.g. `https://ambit.example.org` */
  readonly url: string
  /** a token with the scope `decide` */
  readonly token: string
  /** milliseconds after which a question counts as denied; 1000 */
  readonly timeout?: number
  /** questions in one request, at most; 50. 1 turns batching off */
  readonly batch?: number
  /** permits kept, at most; 10,000. 0 keeps none */
  readonly cache?: number
  /** longest that a permit is kept, in milliseconds, whatever it says; 60,000 */
  readonly keep?: number
  readonly fetch?: typeof fetch
  /** milliseconds since 1970 */
  readonly now?: () => number
}

export interface Client {
  /** never rejects */
  readonly evaluate: (question: Question) => Promise<Answer>
  /** answers in the order of the questions; never rejects */
  readonly evaluateAll: (questions: readonly Question[]) => Promise<readonly Answer[]>
  /** forgets permits that were kept: all, or those of one subject */
  readonly forget: (subject?: string) => void
}

interface Waiting {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
}

// oxlint-disable-next-line no-restricted-properties -- published by itself, it has no other clock
const machineClock = (): number => Date.now()

export function createClient(options: ClientOptions): Client {
  const { timeout = 1000, batch = 50, cache = 10_000, keep = 60_000, now = machineClock } = options
  const send = options.fetch ?? fetch
  const base = options.url.replace(/\/+$/, '')
  const kept = new Map<string, { readonly answer: Answer; readonly until: number; readonly subject: string }>()
  let waiting: Waiting[] = []
  let forgotten = 0

  async function post(path: string, body: unknown): Promise<unknown> {
    const response = await send(`${base}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${options.token}` },
      body: JSON.stringify(body),
      redirect: 'manual', // an answer from elsewhere is no answer; workers know no 'error'
      signal: AbortSignal.timeout(timeout),
    })
    if (!response.ok) throw new Refused()
    return response.json()
  }

  async function flush(): Promise<void> {
    const all = waiting
    waiting = []
    for (let from = 0; from < all.length; from += batch) void ask(all.slice(from, from + batch))
  }

  async function ask(together: readonly Waiting[]): Promise<void> {
    try {
      const bodies = together.map(({ question }) => bodyOf(question))
      if (together.length === 1) return together[0]!.resolve(readAnswer(await post('/access/v1/evaluation', bodies[0])))
      const answer = await post('/access/v1/evaluations', { evaluations: bodies })
      const list = isList(answer) ? answer.evaluations : []
      // an answer for each, in order, or none for any
      together.forEach(({ resolve }, i) =>
        resolve(list.length === together.length ? readAnswer(list[i]) : unanswered('malformed')),
      )
    } catch (error) {
      for (const { resolve } of together) resolve(unanswered(whyNot(error)))
    }
  }

  function remember(key: string, question: Question, answer: Answer): void {
    if (answer.outcome !== 'permit' || answer.permitUntil === null || cache === 0) return
    const until = Math.min(answer.permitUntil, now() + keep)
    if (until <= now()) return
    kept.delete(key)
    kept.set(key, { answer, until, subject: question.subject.id })
    if (kept.size > cache) kept.delete(kept.keys().next().value!)
  }

  async function evaluate(question: Question): Promise<Answer> {
    let key: string
    try {
      key = canonical(bodyOf(question))
    } catch {
      return unanswered('malformed')
    }
    const known = kept.get(key)
    if (known !== undefined) {
      // a clock that was set back must not make a permit last
      if (now() < known.until && known.until <= now() + keep) return known.answer
      kept.delete(key)
    }
    const asked = forgotten
    const answer = await new Promise<Answer>((resolve) => {
      waiting.push({ question, resolve })
      // what is asked in one turn of the event loop travels together
      if (waiting.length === 1) queueMicrotask(() => void flush())
    })
    // an answer from before a `forget` must not come back after it
    if (asked === forgotten) remember(key, question, answer)
    return answer
  }

  return {
    evaluate,
    evaluateAll: (questions) => Promise.all(questions.map(evaluate)),
    forget(subject) {
      forgotten++
      if (subject === undefined) kept.clear()
      else for (const [key, each] of kept) if (each.subject === subject) kept.delete(key)
    },
  }
}

class Refused extends Error {}

const whyNot = (error: unknown): 'timeout' | 'refused' | 'malformed' | 'unreachable' => {
  if (error instanceof Refused) return 'refused'
  if (error instanceof SyntaxError) return 'malformed'
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'unreachable'
}

const isList = (value: unknown): value is { readonly evaluations: readonly unknown[] } =>
  typeof value === 'object' && value !== null && 'evaluations' in value && Array.isArray(value.evaluations)

function bodyOf({ subject, action, resource, context, session }: Question): unknown {
  const whole = session === undefined ? context : { ...context, session }
  return { subject, action, resource, ...(whole === undefined ? {} : { context: whole }) }
}

/** The same text for the same question, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}
