/** The HTTP application over a {@link ServerContext}: limits, checks and routes. It listens nowhere; `main.ts` does that. */
import fastify, { LogController, type FastifyInstance, type FastifyReply } from 'fastify'
import { newId } from '#lib/ids.ts'
import { AmbitError } from '#lib/errors.ts'
import { guardRoutes, type DeclaredRoute } from './access.ts'
import { withinNetworks } from './config/networks.ts'
import type { ServerContext } from './context.ts'
import { answerErrors, bodyOf } from './errors.ts'
import { SECURITY_HEADERS, TRANSPORT_SECURITY } from './headers.ts'
import { takeJson } from './json-bodies.ts'
import { frameworkLog } from './log.ts'
import { observeRequests } from './metrics.ts'
import { accountRoutes } from './routes/accounts.ts'
import { auditRoutes } from './routes/audit.ts'
import { exceptionRoutes } from './routes/exceptions.ts'
import { eventRoutes } from './routes/events.ts'
import { authzenMetadataRoutes } from './routes/authzen-metadata.ts'
import { authzenRoutes } from './routes/authzen.ts'
import { forwardAuthRoutes } from './routes/forward-auth.ts'
import { gateRoutes } from './routes/gate.ts'
import { findingRoutes } from './routes/findings.ts'
import { healthRoutes } from './routes/health.ts'
import { inventoryRoutes } from './routes/inventory.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { bindingRoutes } from './routes/session-binding.ts'
import { ownAccountRoutes } from './routes/account.ts'
import { enrolRoutes } from './routes/enrol.ts'
import { signalRoutes } from './routes/signals.ts'
import { ssfTokenRoutes } from './routes/ssf-token.ts'
import { ssfRoutes } from './routes/ssf.ts'
import { pushRoutes } from './routes/push-answers.ts'
import { receiptRoutes } from './routes/receipts.ts'
import { recoverRoutes } from './routes/recover.ts'
import { shadowRoutes } from './routes/shadow.ts'
import { peopleRoutes } from './routes/people.ts'
import { deviceRoutes } from './routes/device.ts'
import { providerKeyRoutes } from './routes/provider-keys.ts'
import { providerRoutes } from './routes/provider.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { upstreamRoutes } from './routes/upstream.ts'
import type { PeopleParts } from './sign-in/parts.ts'
import { refuseUnknown } from './other-methods.ts'
import { shedLoad } from './shedding.ts'
import { faultOfRequest } from './strict-requests.ts'
import { limitBodies, transportLimits } from './time-limits.ts'
import { compileValidator } from './validation.ts'
import type { Tracing } from './tracing.ts'

/** Everything that the server answers; one line each. */
const ROUTES: readonly ((app: FastifyInstance, context: ServerContext) => void | Promise<void>)[] = [
  accountRoutes,
  auditRoutes,
  eventRoutes,
  exceptionRoutes,
  authzenMetadataRoutes,
  authzenRoutes,
  forwardAuthRoutes,
  gateRoutes,
  findingRoutes,
  healthRoutes,
  inventoryRoutes,
  metricsRoutes,
  providerKeyRoutes,
  shadowRoutes,
  signalRoutes,
  ssfRoutes,
  ssfTokenRoutes,
]

export interface App {
  readonly fastify: FastifyInstance
  /** every route that is declared, with who may call it */
  readonly routes: readonly DeclaredRoute[]
}

/** Certificate and key, PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** Longest path parameter: ids have at most 512 characters, up to 9 bytes each when encoded. */
const MAX_PARAMETER = 4608
/** What a request id may be made of, so that it can stand in logs and headers. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/

export async function buildApp(
  context: ServerContext,
  {
    tls,
    tracing,
    people = null,
  }: {
    readonly tls?: KeyPair | undefined
    readonly tracing?: Tracing | null
    readonly people?: PeopleParts | null
  } = {},
): Promise<App> {
  const { limits, proxies } = context.config
  const app = fastify({
    ...(tls === undefined ? {} : { https: { ...tls, minVersion: 'TLSv1.2', ...transportLimits(context) } }),
    ...(tls === undefined ? { http: transportLimits(context) } : {}),
    bodyLimit: limits.bodyBytes,
    requestTimeout: Math.max(limits.inventorySeconds, limits.requestSeconds) * 1000,
    keepAliveTimeout: limits.idleSeconds * 1000,
    routerOptions: {
      maxParamLength: MAX_PARAMETER,
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
    },
    trustProxy: proxies.length === 0 ? false : withinNetworks(proxies),
    exposeHeadRoutes: false,
    loggerInstance: frameworkLog(context.log),
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: true,
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId('req')
    },
    frameworkErrors: (_error, request, reply: FastifyReply) => {
      const body = bodyOf(new AmbitError('request_invalid', 'the path is malformed'), request.id)
      void reply.headers(SECURITY_HEADERS).header('x-request-id', request.id).code(400).send(body)
    },
  }) as unknown as FastifyInstance
  // hooks that wait for nothing call back: a promise for each of them is what a decision costs
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
    if (request.protocol === 'https') reply.header('strict-transport-security', TRANSPORT_SECURITY)
    const { url, config } = request.routeOptions
    const fault = faultOfRequest(request.raw, config.originalPath === true || request.raw.url === url)
    if (fault !== null) {
      reply.header('connection', 'close')
      return done(new AmbitError('request_invalid', fault))
    }
    // a body that is said to be packed is not read as it stands; proxies pass on what was said of a body that they keep
    const packed = request.raw.headers['content-encoding']
    if (packed === undefined || packed.toLowerCase() === 'identity' || config.access === 'own') return done()
    reply.header('accept-encoding', 'identity')
    done(new AmbitError('media_type_unsupported', 'a body is taken unpacked only, without `Content-Encoding`'))
  })
  takeJson(app)
  app.setValidatorCompiler(compileValidator)
  answerErrors(app, context)
  observeRequests(app, context)
  tracing?.observe(app)
  shedLoad(app, context)
  limitBodies(app, context)
  const routes = guardRoutes(app, context)
  refuseUnknown(app, routes)
  for (const declare of ROUTES) await app.register((scope) => declare(scope, context))
  if (people !== null) {
    await app.register(async (pages) => {
      answerErrors(pages, context, people.brand)
      await pages.register(signInRoutes(people))
      await pages.register(ownAccountRoutes(people))
      await pages.register(enrolRoutes(people))
      await pages.register(recoverRoutes(people))
      await pages.register(deviceRoutes(people))
      await pages.register(upstreamRoutes(people))
      await pages.register(providerRoutes(() => people.provider))
    })
    await app.register(bindingRoutes(people))
    await app.register(peopleRoutes(people, context.audit))
    await app.register(receiptRoutes(people.delivery, people.outbox))
    await app.register(pushRoutes(people))
  }
  await app.ready()
  return { fastify: app, routes }
}
