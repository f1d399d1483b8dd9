/** Middleware for the frameworks, by the shapes that they share, so that none of them is a dependency. */
import { guard, type GuardOptions, type Refused, type Shown } from './guard.ts'

interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express keeps the whole path here when it mounts a router */
  readonly originalUrl?: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly headersDistinct?: Readonly<Record<string, string[] | undefined>>
}
interface NodeResponse {
  writeHead: (status: number, headers: Record<string, string>) => unknown
  end: (body: string) => unknown
}

/**
 * Origin under which clients know the API; needed for DPoP, whose proofs name the whole address. It is not taken from the request:
 * whoever has a proof for another server could name that one as `Host`. Without it requests with a proof are refused.
 */
export interface Origin {
  readonly origin?: string
}

function nodeShown(request: NodeRequest, origin: string | undefined): Shown {
  return {
    method: request.method ?? 'GET',
    url: origin === undefined ? null : `${origin}${request.originalUrl ?? request.url ?? '/'}`,
    header: (name) => single(request, name),
  }
}

function single({ headers, headersDistinct }: NodeRequest, name: string): string | null {
  const all = headersDistinct?.[name]
  if (all !== undefined) return all.length === 1 ? all[0]! : null
  const value = headers[name]
  return typeof value === 'string' ? value : null
}

const text = ({ body }: Refused): string => JSON.stringify(body)
const headersOf = ({ headers }: Refused): Record<string, string> => ({
  'content-type': 'application/json',
  'cache-control': 'no-store',
  ...headers,
})

/** How a refusal is shown, where the JSON of the SDK is not what people should see: a page, a way to sign in. */
export interface Page<R, S> {
  /** answers the request; the headers of the refusal are for it to keep */
  readonly refused?: (refused: Refused, request: R, response: S) => void
}

/** For `node:http`: true where the request may go on; else it has been answered. */
export function nodeGuard<R extends NodeRequest, S extends NodeResponse>(
  options: GuardOptions<R> & Origin & Page<R, S>,
) {
  return async (request: R, response: S): Promise<boolean> => {
    const result = await guard(options, request, nodeShown(request, options.origin))
    if (result.permitted) return true
    if (options.refused !== undefined) {
      options.refused(result, request, response)
      return false
    }
    response.writeHead(result.status, headersOf(result))
    response.end(text(result))
    return false
  }
}

/** For Express and whatever takes `(request, response, next)`. */
export function expressGuard<R extends NodeRequest, S extends NodeResponse>(
  options: GuardOptions<R> & Origin & Page<R, S>,
) {
  const decide = nodeGuard(options)
  return (request: R, response: S, next: () => void): void => {
    decide(request, response).then(
      (goesOn) => goesOn && next(),
      () => {}, // it was answered, or the connection is gone; either way nobody goes on
    )
  }
}

interface FastifyRequestLike {
  readonly raw: NodeRequest
}
interface FastifyReplyLike {
  code: (status: number) => FastifyReplyLike
  headers: (headers: Record<string, string>) => FastifyReplyLike
  send: (body: string) => unknown
}

/** For Fastify: a `preHandler` or `onRequest` hook. */
export function fastifyGuard<R extends FastifyRequestLike>(options: GuardOptions<R> & Origin) {
  return async (request: R, reply: FastifyReplyLike): Promise<unknown> => {
    const shown = nodeShown(request.raw, options.origin)
    const result = await guard(options, request, shown)
    if (result.permitted) return undefined
    return reply.code(result.status).headers(headersOf(result)).send(text(result))
  }
}

/** For whatever speaks the web's `Request` and `Response`: null where it may go on. Next middleware, Deno, Bun, workers. */
export function webGuard<R extends Request>(options: GuardOptions<R> & Origin) {
  return async (request: R): Promise<Response | null> => {
    const { pathname, search } = new URL(request.url)
    const shown: Shown = {
      method: request.method,
      url: options.origin === undefined ? null : `${options.origin}${pathname}${search}`,
      // two of one name are joined with a comma, which no token has
      header: (name) => request.headers.get(name),
    }
    const result = await guard(options, request, shown)
    return result.permitted ? null : new Response(text(result), { status: result.status, headers: headersOf(result) })
  }
}

interface HonoContextLike {
  readonly req: { readonly raw: Request }
}

/** For Hono. */
export function honoGuard(options: GuardOptions<Request> & Origin) {
  const decide = webGuard(options)
  return async (context: HonoContextLike, next: () => Promise<void>): Promise<Response | undefined> => {
    const answer = await decide(context.req.raw)
    if (answer !== null) return answer
    await next()
    return undefined
  }
}
