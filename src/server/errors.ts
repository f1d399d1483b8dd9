/** The one shape of every error that the server answers: `{error, message, requestId}`, with `problems` where there are several. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AmbitError, type ErrorCode } from '#lib/errors.ts'
import type { ServerContext } from './context.ts'
import { errorPage, showsPages } from './error-pages.ts'
import { pageHeaders } from './pages/layout.ts'
import { STATUSES } from './statuses.ts'

export interface ErrorBody {
  readonly error: ErrorCode
  readonly message: string
  readonly requestId: string
  readonly problems?: unknown
}

/** Seconds after which a client may come again. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = { overloaded: 2, not_ready: 2, store_unavailable: 2 }

/** What a node answers by the thousand while it starts or is under load: counted by its metrics, and not logged with each request. */
const EXPECTED: ReadonlySet<ErrorCode> = new Set(['not_ready'])

/** Codes for what the framework refuses, by its status. */
const BY_STATUS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  404: ['not_found', 'there is nothing at this path'],
  408: ['request_invalid', 'the request took too long to come'],
  413: ['too_large', 'the body is too large'],
  414: ['request_invalid', 'the path is too long'],
  415: ['media_type_unsupported', 'the body is of a media type that is not taken here'],
}

/** Any error as one of ours. What we did not foresee says nothing of itself to the outside. */
export function errorOf(error: unknown): AmbitError {
  if (error instanceof AmbitError) return error
  const { statusCode, code, message } = error as Partial<FastifyError>
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const known = BY_STATUS[statusCode]
    if (known !== undefined) return new AmbitError(...known)
    // the framework's own words on a body that does not parse or does not fit its schema
    if (code?.startsWith('FST_ERR_') === true)
      return new AmbitError('request_invalid', lowerFirst(message ?? 'bad request'))
    return new AmbitError('request_invalid', 'the request is malformed')
  }
  return new AmbitError('internal', 'a fault of the server; its log has more under this request id')
}

export function bodyOf({ code, message, detail }: AmbitError, requestId: string): ErrorBody {
  const problems = detail['diagnostics'] ?? detail['problems']
  return { error: code, message, requestId, ...(problems === undefined ? {} : { problems }) }
}

/**
 * Answers every error in one shape and logs those that are faults of ours. `pages`: what is declared in `app` is for people, who are
 * shown a page under this name instead.
 */
export function answerErrors(
  app: FastifyInstance,
  { log, config, overload }: ServerContext,
  pages: string | null = null,
): void {
  // whoever mistypes an address where people sign in is a person, too
  const brandFor = ({ is404 }: FastifyRequest) => pages ?? (is404 ? config.people?.brand : undefined)
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const known = errorOf(error)
    const status = STATUSES[known.code]
    if (known.code === 'overloaded') overload.note(known)
    else if (!EXPECTED.has(known.code)) {
      if (status === 503) log.warn({ requestId: request.id, code: known.code, why: known.detail['why'] }, known.message)
      else if (status >= 500) log.error({ requestId: request.id, err: error }, known.message)
    }
    const wait = RETRY_AFTER[known.code]
    if (wait !== undefined) reply.header('retry-after', wait)
    const brand = brandFor(request)
    return brand !== undefined && showsPages(request.headers.accept)
      ? reply
          .code(status)
          .headers(pageHeaders())
          .send(errorPage(brand, known, request))
      : reply.code(status).type('application/json; charset=utf-8').send(bodyOf(known, request.id))
  }
  app.setErrorHandler(answer)
  if (pages !== null) return
  app.setNotFoundHandler((request, reply) =>
    answer(new AmbitError('not_found', 'there is nothing at this path'), request, reply),
  )
}

const lowerFirst = (text: string) => text.slice(0, 1).toLowerCase() + text.slice(1)
