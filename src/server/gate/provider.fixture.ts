/** For tests: an OpenID provider that answers over HTTP, as well or as badly as the test wants. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Signer } from '#authn/issuer.fixture.ts'

export interface TestProvider {
  readonly issuer: string
  /** keys that it publishes */
  keys: readonly Signer[]
  /** paths that were asked, in order */
  readonly asked: string[]
  /** whether it answers at all */
  up: boolean
  /** answer to an introspection, of the form that was sent */
  introspect: (form: URLSearchParams, request: IncomingMessage) => unknown
  /** answer of the token endpoint, and status */
  exchange: (form: URLSearchParams, request: IncomingMessage) => unknown
  /** forms that were pushed (RFC 9126) */
  readonly pushed: URLSearchParams[]
  /** metadata that differs from what is right */
  metadata: Record<string, unknown>
}

export async function testProvider(context: TestContext, keys: readonly Signer[]): Promise<TestProvider> {
  const server = createServer((request, reply) => {
    void (async () => {
      const path = request.url ?? ''
      provider.asked.push(path)
      if (!provider.up) return void request.socket.destroy()
      let body = ''
      for await (const piece of request) body += String(piece)
      const form = new URLSearchParams(body)
      const answer = (value: unknown, status = 200) =>
        void reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      if (path === '/jwks') return answer({ keys: provider.keys.map(({ publicJwk }) => publicJwk) })
      if (path === '/introspect') return answer(provider.introspect(form, request))
      if (path === '/token') return answer(await provider.exchange(form, request))
      if (path === '/par') {
        provider.pushed.push(form)
        return answer(
          { request_uri: `urn:ietf:params:oauth:request_uri:${provider.pushed.length}`, expires_in: 60 },
          201,
        )
      }
      if (path !== '/.well-known/openid-configuration') return answer({}, 404)
      return answer({
        issuer: provider.issuer,
        jwks_uri: `${provider.issuer}/jwks`,
        introspection_endpoint: `${provider.issuer}/introspect`,
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
        pushed_authorization_request_endpoint: `${provider.issuer}/par`,
        claims_parameter_supported: true,
        ...provider.metadata,
      })
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const provider: TestProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    asked: [],
    up: true,
    introspect: () => ({ active: false }),
    exchange: () => ({}),
    pushed: [],
    metadata: {},
  }
  return provider
}
