/** Passes with which somebody enrols a first key: issued by a person, agreed to by a second one. */
import { Type, type Static } from 'typebox'
import type { FastifyInstance } from 'fastify'
import { approvePass, issuePass } from '#authn/enrolment-pass.ts'
import { AmbitError } from '#lib/errors.ts'
import {
  authorityOver,
  clientOf,
  config,
  Decider,
  noted,
  OUTRANKS,
  type Administration,
  type OfAccount,
} from './administration.ts'

const Pass = Type.Object(
  {
    /** account of the person who issues it */
    by: Type.String({ minLength: 1, maxLength: 512 }),
    minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })),
    /** one passkey, or one link to an account at another provider */
    enrols: Type.Optional(Type.Union([Type.Literal('passkey'), Type.Literal('upstream')])),
  },
  { additionalProperties: false },
)

export function passRoutes(app: FastifyInstance, administration: Administration): void {
  const { parts } = administration
  const { tools } = parts
  app.post<OfAccount & { Body: Static<typeof Pass> }>(
    '/v1/people/:account/passes',
    { config, schema: { body: Pass } },
    async (request) => {
      const { account } = request.params
      const { by, minutes = 60, enrols = 'passkey' } = request.body
      if (enrols === 'upstream' && parts.upstreams.list.length === 0)
        throw new AmbitError('input_invalid', 'nobody can sign in elsewhere here: `people.upstreams` names no provider')
      const rank = authorityOver(parts, account, by)
      await noted(administration, request, account, 'changed')
      const pass = await issuePass(tools, {
        account,
        enrols,
        issuedBy: by,
        client: clientOf(request),
        outranks: rank.outranks,
        needsSecond: rank.needsSecond,
        issuerAal: rank.aal,
        validFor: minutes * 60_000,
      })
      if (pass === null)
        throw new AmbitError('forbidden', `\`${by}\` may not issue a pass for \`${account}\`: ${OUTRANKS}`)
      return pass
    },
  )
  app.post<{ Params: { account: string; pass: string }; Body: Static<typeof Decider> }>(
    '/v1/people/:account/passes/:pass/approve',
    { config, schema: { body: Decider } },
    async (request) => {
      const { account, pass } = request.params
      const { by } = request.body
      await noted(administration, request, account, 'changed')
      const { outranks } = authorityOver(parts, account, by)
      if (!(await approvePass(tools, account, pass, by, clientOf(request), outranks))) {
        throw new AmbitError(
          'forbidden',
          `\`${by}\` may not approve it: it is another than the issuer, by another token, and ${OUTRANKS}`,
        )
      }
      return { id: pass, state: 'active' }
    },
  )
}
