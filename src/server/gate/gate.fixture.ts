/** For tests: a server with an issuer, rules and a decision that the test makes up, at a port that is known before. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, type TestContext } from 'node:test'
import { Registry } from 'prom-client'
import { newSigner, sign, type Claims } from '#authn/issuer.fixture.ts'
import type { Decision, Evaluation } from '#contract/decision.ts'
import { systemClock } from '#lib/clock.ts'
import { buildApp } from '../app.ts'
import type { ServerContext } from '../context.ts'
import { denied } from '../evaluate.ts'
import { testServer } from '../server.fixture.ts'
import { testProvider, type TestProvider } from './provider.fixture.ts'

const signer = await newSigner('k1')

export interface TestGate {
  readonly url: string
  readonly provider: TestProvider
  readonly context: ServerContext
  /** questions that were asked */
  readonly asked: Evaluation[]
  /** answers them */
  decide: (evaluation: Evaluation) => Decision
  /** an access token of the issuer */
  readonly token: (claims?: Claims) => Promise<string>
  /** an ID token of the issuer */
  readonly idToken: (claims: Claims) => Promise<string>
  /** a token of this server with the scope `decide` */
  readonly pepToken: () => Promise<string>
}

export const freePort = async (): Promise<number> => {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

export const RULES = `
    - hosts: [app.test]
      paths: ['/admin/**']
      resource: { type: app, id: 'app:admin' }
      action: administer
      audiences: [https://api.test]
    - hosts: [api.test, elsewhere.test, billing.test]
      paths: ['/**']
      resource: { type: app, id: app }
    - hosts: [nonce.test]
      resource: { type: app, id: app }
      audiences: [https://api.test]
      dpopNonces: true
    - hosts: [pages.test]
      resource: { type: app, id: app }
      audiences: []
    - hosts: [app.test, 127.0.0.1, localhost]
      paths: ['/**']
      resource: { type: app, id: 'app' }
      audiences: [https://api.test]`

export async function testGate(context: TestContext, more = ''): Promise<TestGate> {
  const provider = await testProvider(context, [signer])
  const port = await freePort()
  const config = `
proxies: [127.0.0.1]
publicUrl: http://127.0.0.1:${port}
issuers:
  - issuer: ${provider.issuer}
    algorithms: [ES256]
    audiences: [https://api.test, https://billing.test]
    subject: { prefix: 'okta:' }
    client: { id: gate, secret: s3cret }
gate:
  networks: [127.0.0.1]
  http: allowed
${more}
  rules:${RULES}
`
  const server = await testServer(context, { config })
  const gate: Omit<TestGate, 'context'> = {
    url: `http://127.0.0.1:${port}`,
    provider,
    asked: [],
    decide: permit,
    token: (claims = {}) => sign(signer, claimsOf(provider.issuer, { aud: 'https://api.test', ...claims })),
    idToken: (claims) => sign(signer, claimsOf(provider.issuer, { aud: 'gate', ...claims }), { typ: 'JWT' }),
    pepToken: () => server.token('decide'),
  }
  const own: ServerContext = {
    ...server.context,
    // a second application over one context would register its metrics twice
    metrics: new Registry(),
    decide: (evaluation) => {
      gate.asked.push(evaluation)
      return gate.decide(evaluation)
    },
  }
  const { fastify } = await buildApp(own)
  await fastify.listen({ host: '127.0.0.1', port })
  context.after(() => fastify.close())
  return Object.assign(gate, { context: own })
}

function claimsOf(iss: string, claims: Claims): Claims {
  const now = Math.floor(systemClock() / 1000)
  const common = { iss, sub: 'ada', client_id: 'shop', iat: now, exp: now + 600, sid: 's1', acr: 'phr', auth_time: now }
  return { ...common, name: 'Ada L.', email: 'ada@example.test', email_verified: true, ...claims }
}

/** One gate for all tests of a suite, as new before each; a server takes a while to start. */
export function gateOfSuite(more = ''): () => TestGate {
  const ends: (() => unknown)[] = []
  let gate: TestGate
  let config: string
  before(async () => {
    gate = await testGate({ after: (end: () => unknown) => void ends.push(end) } as unknown as TestContext, more)
    config = JSON.stringify(gate.context.config)
  })
  beforeEach(() => {
    gate.decide = permit
    gate.asked.length = 0
    gate.provider.metadata = {}
    Object.assign(gate.context.config.gate, JSON.parse(config).gate)
  })
  after(async () => {
    for (const end of ends.toReversed()) await end()
  })
  return () => gate
}

export const permit = (evaluation: Evaluation): Decision => ({
  ...denied(evaluation, 'undecidable'),
  outcome: 'permit',
  reasons: [{ code: 'enough', text: 'enough', citations: [] }],
  permitUntil: evaluation.at + 300,
})

export const stepUp = (evaluation: Evaluation): Decision => ({
  ...denied(evaluation, 'undecidable'),
  outcome: 'step_up',
  reasons: [{ code: 'below_required', text: 'the session proves too little', citations: [] }],
  reasonUser: 'Confirm it is you.',
  stepUp: { acrValues: ['phrh', 'phr'], amrValues: ['hwk'], maxAge: 300 },
})

export const deny = (evaluation: Evaluation): Decision => ({
  ...denied(evaluation, 'undecidable'),
  reasons: [{ code: 'not_entitled', text: 'nothing entitles `okta:ada`', citations: [] }],
  reasonUser: 'You may not do this.',
})

/** Permits who shows a session that is strong enough, and asks others to prove it. */
export const byStrength = (evaluation: Evaluation): Decision =>
  evaluation.session?.acr === 'phrh'
    ? permit(evaluation)
    : evaluation.stepUpsTried >= 3
      ? deny(evaluation)
      : stepUp(evaluation)
