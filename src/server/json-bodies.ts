/**
 * Bodies of JSON, read by one parser at every route. A member that stands twice is refused: whoever looks at the request
 * on its way may take the other one (RFC 7493 §2.3).
 */
import type { FastifyInstance } from 'fastify'
import { parseJson } from '#importers/read-json.ts'
import { AmbitError } from '#lib/errors.ts'

/** @throws {AmbitError} `request_invalid` */
export function jsonBody(text: string): unknown {
  const parsed = parseJson(text)
  if ('value' in parsed) return parsed.value
  throw new AmbitError('request_invalid', `the body cannot be taken: ${parsed.fault.message}`)
}

/** Has bodies of `application/json` read so, on all routes that do not say otherwise. To be called before any route is declared. */
export function takeJson(app: FastifyInstance): void {
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, body: string) =>
    jsonBody(body),
  )
}
