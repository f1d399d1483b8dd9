/** What this decision point offers (AuthZEN 1.0 §9). */
import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { AUTHZEN_PATHS } from './authzen.ts'

export function authzenMetadataRoutes(app: FastifyInstance, { config, gate, clock }: ServerContext): void {
  app.get(
    '/.well-known/authzen-configuration',
    { config: { access: 'public' }, exposeHeadRoute: true },
    async ({ protocol, host }) => {
      const { publicUrl } = config
      const metadata = metadataOf(publicUrl ?? `${protocol}://${host}`)
      // without a name of its own it would sign whatever name it was called by
      if (publicUrl === undefined) return metadata
      const claims = { ...metadata, iss: publicUrl, iat: Math.floor(clock() / 1000) }
      return { ...metadata, signed_metadata: await gate.signer.sign('JWT', claims) }
    },
  )
}

function metadataOf(base: string) {
  const endpoints = Object.entries(AUTHZEN_PATHS).map(([name, path]) => [name, `${base}${path}`] as const)
  return {
    policy_decision_point: base,
    ...Object.fromEntries(endpoints),
    jwks_uri: `${base}/.well-known/jwks.json`,
    supported_obligations: ['step-up'],
  }
}
