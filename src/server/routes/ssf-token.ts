/**
 * `POST /ssf/token`: a receiver changes its API token for a short-lived one (OAuth 2.0 client credentials, RFC 6749 §4.4, as the CAEP
 * interoperability profile 1.0 §2.7 asks). `client_id` is the name of the token, `client_secret` the token. What comes out is good for
 * streams only, and for no longer than the token stands.
 */
import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { SHORT_LIVED, type ShortLived } from '../access.ts'

/** Seconds; the profile has sixty minutes at most. */
const SECONDS = 3600
const SCOPES = ['ssf.read', 'ssf.manage'] as const
const PATH = '/ssf/token'

export function ssfTokenRoutes(app: FastifyInstance, { transmitter, tokens, gate, clock, audit }: ServerContext): void {
  if (transmitter === null) return
  const base = transmitter.sets.issuer
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )

  // RFC 8414 §2
  app.get('/.well-known/oauth-authorization-server', { config: { access: 'public' }, exposeHeadRoute: true }, () => ({
    issuer: base,
    token_endpoint: `${base}${PATH}`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    scopes_supported: SCOPES,
  }))

  app.post(PATH, { config: { access: 'own' } }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
    const refuse = (status: number, error: string) => reply.code(status).send({ error })
    const keys = [...form.keys()]
    if (new Set(keys).size < keys.length) return refuse(400, 'invalid_request')
    const { id, secret } = clientOf(request.headers.authorization, form)
    const caller = secret === null ? null : (tokens.caller(secret) ?? (await tokens.newCaller(secret)))
    if (caller === null || caller.name !== id) {
      reply.header('www-authenticate', 'Basic realm="ambit-ssf"')
      return refuse(401, 'invalid_client')
    }
    if (form.get('grant_type') !== 'client_credentials') return refuse(400, 'unsupported_grant_type')
    const allowed = SCOPES.filter((scope) => caller.scopes.has(scope))
    const asked = form.get('scope')?.split(' ').filter(Boolean) ?? allowed
    const scopes = allowed.filter((scope) => asked.includes(scope))
    if (scopes.length === 0 || scopes.length < new Set(asked).size) return refuse(400, 'invalid_scope')
    const iat = Math.floor(clock() / 1000)
    const claims: ShortLived = { iss: base, aud: base, token: caller.tokenId, scope: scopes.join(' ') }
    await audit.append({
      kind: 'token',
      at: clock(),
      by: { type: 'client', id: caller.tokenId },
      request: request.id,
      did: 'issued',
      token: null,
      client: caller.tokenId,
      account: null,
      scopes,
      audience: [base],
      strength: null,
      until: (iat + SECONDS) * 1000,
      why: [],
    })
    const token = await gate.signer.sign(SHORT_LIVED, { ...claims, iat, nbf: iat, exp: iat + SECONDS })
    return reply.send({ access_token: token, token_type: 'Bearer', expires_in: SECONDS, scope: claims.scope })
  })
}

/** RFC 6749 §2.3.1: by Basic, form-encoded, or in the body; not both. */
function clientOf(
  authorization: string | undefined,
  form: URLSearchParams,
): { id: string | null; secret: string | null } {
  const [, basic] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '') ?? []
  if (basic === undefined) {
    return authorization === undefined
      ? { id: form.get('client_id'), secret: form.get('client_secret') }
      : { id: null, secret: null }
  }
  if (form.has('client_secret')) return { id: null, secret: null }
  const text = Buffer.from(basic, 'base64').toString('utf8')
  const at = text.indexOf(':')
  if (at < 0) return { id: null, secret: null }
  const [id, secret] = [text.slice(0, at), text.slice(at + 1)].map((part) => new URLSearchParams(`x=${part}`).get('x'))
  return { id: id!, secret: secret! }
}
