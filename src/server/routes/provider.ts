/** The OpenID provider below `/oidc`, and the files of the pages. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Provider } from 'oidc-provider'
import { AmbitError } from '#lib/errors.ts'
import { PASSKEY_SCRIPT } from '#server/pages/passkey-script.ts'
import { STYLE } from '#server/pages/style.ts'

/** Path of the issuer below the public URL. */
export const PROVIDER_PATH = '/oidc'

/** Where OpenID Connect Core §3.1.2.1 and RP-Initiated Logout 1.0 §2 want POST to do what GET does. */
const GET_OR_POST = ['/auth', '/session/end'] as const
/** Bytes of such a form: as much as fits a request line beside the cookies. More of it can be pushed (RFC 9126). */
const LONGEST_FORM = 8192

export function providerRoutes(provider: () => Provider) {
  return async (app: FastifyInstance): Promise<void> => {
    await app.register(async (scope) => {
      // the provider reads its bodies itself
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      scope.route({
        method: ['GET', 'POST', 'OPTIONS'],
        url: `${PROVIDER_PATH}/*`,
        config: { access: 'own' },
        handler: (request, reply) => {
          // the provider reads `/DEVICE` as `/device`, which would go past the route that counts and checks before it
          if (/[A-Z]/.test(firstOf(request.raw.url!)))
            throw new AmbitError('not_found', 'there is nothing at this path')
          return handOver(provider(), request, reply)
        },
      })
    })
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers()
      const form = { parseAs: 'string', bodyLimit: LONGEST_FORM } as const
      scope.addContentTypeParser('application/x-www-form-urlencoded', form, (_request, body, done) => done(null, body))
      for (const path of GET_OR_POST) {
        // The library would read the form itself, if cookies were sent with posts of other sites (SameSite=None), those of forgers
        // among them. After this redirect it is a visit like any other, and the cookies are those of one.
        scope.post<{ Body: string | undefined }>(
          PROVIDER_PATH + path,
          { config: { access: 'own' } },
          ({ body }, reply) =>
            reply.redirect(`${provider().issuer}${path}?${new URLSearchParams(body).toString()}`, 303),
        )
      }
    })
    // RFC 8414 §3.1 puts the well-known part before the path of the issuer, OpenID Connect Discovery §4 behind it
    app.get(
      `/.well-known/oauth-authorization-server${PROVIDER_PATH}`,
      { config: { access: 'public' } },
      (request, reply) => {
        request.raw.url = `${PROVIDER_PATH}/.well-known/openid-configuration`
        return handOver(provider(), request, reply)
      },
    )
    const webauthn = await readFile(
      fileURLToPath(import.meta.resolve('@simplewebauthn/browser')).replace(
        /esm[\\/]index\.js$/,
        'dist/bundle/index.umd.min.js',
      ),
      'utf8',
    )
    const assets: readonly (readonly [string, string, string])[] = [
      ['pages.css', 'text/css; charset=utf-8', STYLE],
      ['webauthn.js', 'text/javascript; charset=utf-8', webauthn],
      ['passkey.js', 'text/javascript; charset=utf-8', PASSKEY_SCRIPT],
    ]
    for (const [name, type, content] of assets) {
      app.get(`/assets/${name}`, { config: { access: 'public' } }, async (_request, reply) =>
        reply.header('cache-control', 'public, max-age=3600').type(type).send(content),
      )
    }
  }
}

/** First segment below the provider's path; those after it may be ids. */
const firstOf = (url: string): string => url.slice(PROVIDER_PATH.length + 1).replace(/[/?].*$/, '')

const CALLBACKS = new WeakMap<Provider, ReturnType<Provider['callback']>>()

/** Lets the provider answer. */
export async function handOver(provider: Provider, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    // the provider sets a policy of its own where it shows something, and allows frames nowhere
    if (value !== undefined && name !== 'content-security-policy') reply.raw.setHeader(name, value)
  }
  const { raw } = request
  Object.assign(raw, { originalUrl: raw.url })
  raw.url = raw.url!.slice(PROVIDER_PATH.length)
  // its addresses are those of the configuration, whatever name it was called by and whatever a proxy says
  const { host, protocol } = new URL(provider.issuer)
  for (const name of ['forwarded', 'x-forwarded-port']) delete raw.headers[name]
  const forwarded = {
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol.slice(0, -1),
    'x-forwarded-for': request.ip,
  }
  Object.assign(raw.headers, { host, ...forwarded })
  const callback = CALLBACKS.get(provider) ?? provider.callback()
  CALLBACKS.set(provider, callback)
  await callback(raw, reply.raw)
}
