/** Questions of an AuthZEN request as they are put, decided on and answered: one, or several at once. */
import type { FastifyRequest } from 'fastify'
import type { AccessRequest } from '#contract/access-request.ts'
import type { Decision } from '#contract/decision.ts'
import { answerText } from '#decision/authzen.ts'
import { stepUpKey } from '#decision/step-up-tries.ts'
import type { ServerContext } from '#server/context.ts'
import { errorOf } from '#server/errors.ts'
import { allRecorded, deciding, evaluate, type Asking, type Decided } from '#server/evaluate.ts'
import type { Semantic } from './reading.ts'
import { sessionTold, withoutSession, type Told } from './session.ts'

/** Decides on one question, and answers once that is on record, in JSON. */
export async function answerOne(
  context: ServerContext,
  request: FastifyRequest,
  question: AccessRequest,
): Promise<string> {
  const { asking, answer } = await putter(context, request)(question)
  return answer(await evaluate(context, asking))
}

/** Whether an answer ends the rest (AuthZEN §7.1.2.1). */
const ENDS: Readonly<Record<Semantic, (decision: boolean) => boolean>> = {
  execute_all: () => false,
  deny_on_first_deny: (decision) => !decision,
  permit_on_first_permit: (decision) => decision,
}

/** Decides in order until one ends it, then waits for all to be on record together, and answers, in JSON. */
export async function answerSeveral(
  context: ServerContext,
  request: FastifyRequest,
  items: readonly (() => AccessRequest)[],
  semantic: Semantic,
): Promise<string> {
  const put = putter(context, request)
  const decide = deciding(context)
  const answers: string[] = []
  const open: { readonly place: number; readonly put: Put; readonly decided: Decided }[] = []
  for (const item of items) {
    const question = itemOf(item)
    let permits = false
    if (typeof question === 'string') answers.push(question)
    else {
      // most of them need no wait, and there may be a thousand
      const putting = put(question)
      const asked = putting instanceof Promise ? await putting : putting
      const found = decide(asked.asking)
      const one = found instanceof Promise ? await found : found
      permits = one.decision.outcome === 'permit'
      open.push({ place: answers.length, put: asked, decided: one })
      answers.push(NOT_YET)
    }
    if (ENDS[semantic](permits)) break
  }
  const decisions = await allRecorded(
    context,
    open.map((each) => each.decided),
  )
  for (const [index, { place, put: asked }] of open.entries()) answers[place] = asked.answer(decisions[index]!)
  return `{"evaluations":[${answers.join(',')}]}`
}

/** The answer to an item that says what was wrong with it. */
const faulty = (status: number, message: string): string =>
  JSON.stringify({ decision: false, context: { error: { status, message } } })

/** In place of an answer until it is on record. */
const NOT_YET = faulty(500, 'not decided')

/** The question of an item, or the answer to one that is none. */
function itemOf(item: () => AccessRequest): AccessRequest | string {
  try {
    return item()
  } catch (error) {
    return faulty(400, errorOf(error).message)
  }
}

interface Put {
  readonly asking: Asking
  /** takes note of how it ended, and says it in JSON */
  readonly answer: (decision: Decision) => string
}

/**
 * Puts the questions of one request: with the session that the enforcement point tells of, and how often it was sent back. A
 * session that one question after another tells of is looked at once: a proof of possession is good only once.
 */
function putter(
  context: ServerContext,
  { id: requestId, caller }: FastifyRequest,
): (question: AccessRequest) => Put | Promise<Put> {
  const { gate, clock } = context
  const seconds = Math.floor(clock() / 1000)
  const by = { type: 'client', id: caller?.tokenId ?? 'unknown' } as const
  let last: { readonly of: AccessRequest; readonly told: Told } | null = null

  function put(question: AccessRequest, told: Told): Put {
    const { session, shown } = told
    const request = withoutSession(question, told)
    const key = session === null ? null : stepUpKey(session, request)
    const stepUpsTried = key === null ? 0 : gate.tries.before(key, shown, seconds)
    return {
      asking: { request, session, stepUpsTried, by, requestId },
      answer(decision) {
        if (key !== null) gate.tries.after(key, shown, decision.outcome, seconds)
        return answerText(decision, request.context)
      },
    }
  }

  async function look(question: AccessRequest): Promise<Put> {
    last = { of: question, told: await sessionTold(gate, context.world(), question) }
    return put(question, last.told)
  }
  return (question) =>
    last !== null && last.of.subject === question.subject && last.of.context === question.context
      ? put(question, last.told)
      : look(question)
}
