/**
 * Structured logs: one JSON object a line. Secrets are kept out twice: by the names of fields, and by the shape of what
 * stands in any text, since errors of libraries quote what they were given.
 */
import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '#lib/clock.ts'
import type { Log } from './context.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type Level = (typeof LEVELS)[number]

/** Names of fields whose value is never written, wherever they stand. */
const SECRET_FIELDS =
  /^(authorization|proxy-authorization|cookie|set-cookie|password|passcode|pin|code|otp|secret|token|access_token|refresh_token|id_token|client_secret|assertion|dpop|seed|key|private_?key|body|query|querystring|headers|url)$/i

/** Shapes of secrets in texts: our tokens, bearer tokens, JWTs, passwords in URLs, query strings. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/ambit_([0-9a-f]{16})_[A-Za-z0-9_-]+/g, 'ambit_$1_…'],
  [/\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 …'],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+/g, '…'],
  [/\bwhsec_[A-Za-z0-9+/=]+/g, 'whsec_…'],
  [/(:\/\/)[^@/\s]+@/g, '$1…@'],
  [/(\/[^\s?"']*)\?[^\s"']+/g, '$1?…'],
]

/** Deepest nesting that is written; errors may refer to whole connections. */
const MAX_DEPTH = 5

/** A value fit for a log. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string')
    return SECRET_TEXTS.reduce((text, [shape, shown]) => text.replaceAll(shape, shown), value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) return '…'
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    const code = 'code' in value ? { errorCode: value.code } : {}
    return withoutSecrets({ name, message, ...code, stack, ...(cause === undefined ? {} : { cause }) }, depth)
  }
  if (Array.isArray(value)) return value.slice(0, 100).map((each) => withoutSecrets(each, depth + 1))
  const fields = Object.entries(value).map(([name, each]) => [
    name,
    SECRET_FIELDS.test(name) ? '…' : withoutSecrets(each, depth + 1),
  ])
  return Object.fromEntries(fields)
}

/** A log that writes lines at or above a level. */
export function newLog(level: Level, clock: Clock, write: (line: string) => void): Log {
  const least = LEVELS.indexOf(level)
  const at =
    (own: Level) =>
    (fields: object, message?: string): void => {
      if (LEVELS.indexOf(own) < least) return
      const said = withoutSecrets({ ...fields, ...(message === undefined ? {} : { message }) })
      write(`${JSON.stringify({ time: new Date(clock()).toISOString(), level: own, ...Object(said) })}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** The same log for the framework, which says things in its own order and repeats what is logged elsewhere. */
export function frameworkLog(log: Log): FastifyBaseLogger {
  const told =
    (write: (fields: object, message?: string) => void) =>
    (...said: unknown[]): void => {
      const fields = said.find((each) => typeof each === 'object' && each !== null)
      const { req: _req, res: _res, request: _request, ...rest } = Object(fields ?? {}) as Record<string, unknown>
      write(
        fields instanceof Error ? { err: fields } : rest,
        said.find((each) => typeof each === 'string'),
      )
    }
  const adapted: FastifyBaseLogger = {
    level: 'info',
    fatal: told(log.error),
    error: told(log.error),
    warn: told(log.warn),
    info: told(log.debug),
    debug: told(log.debug),
    trace: () => {},
    silent: () => {},
    child: () => adapted,
  }
  return adapted
}
