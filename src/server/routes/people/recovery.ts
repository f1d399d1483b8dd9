/** Recoveries that people vouch for and decide, and accounts that they open again. */
import { Type, type Static } from 'typebox'
import type { FastifyInstance } from 'fastify'
import { decideRecovery, happen } from '#authn/recover.ts'
import { AmbitError } from '#lib/errors.ts'
import {
  authorityOver,
  config,
  Decider,
  noted,
  OUTRANKS,
  type Administration,
  type OfAccount,
} from './administration.ts'

const Decision = Type.Object(
  {
    by: Type.String({ minLength: 1, maxLength: 512 }),
    /** `vouch`: the help desk has checked who asks; `allow` and `refuse` decide a frozen case */
    does: Type.Unsafe<'vouch' | 'allow' | 'refuse'>({ type: 'string', enum: ['vouch', 'allow', 'refuse'] }),
  },
  { additionalProperties: false },
)

export function caseRoutes(app: FastifyInstance, administration: Administration): void {
  const { parts } = administration
  const { tools } = parts
  app.get<OfAccount>('/v1/people/:account/recovery', { config }, async ({ params: { account } }) => {
    const { store } = parts.recovery
    const held = (await store.openOf(account)) ?? (await store.frozenOf(account))
    if (held === null) throw new AmbitError('not_found', 'no recovery of this account is open or frozen')
    const { id, state, impact, openedAt, heldUntil, proofs, decisions } = held.case
    return {
      id,
      state,
      impact,
      openedAt,
      heldUntil,
      proofs: proofs.map(({ method, at }) => ({ method, at })),
      decisions,
    }
  })
  app.post<OfAccount & { Body: Static<typeof Decision> }>(
    '/v1/people/:account/recovery',
    { config, schema: { body: Decision } },
    async (request) => {
      const { account } = request.params
      const { by, does } = request.body
      const { outranks } = authorityOver(parts, account, by)
      const { store } = parts.recovery
      const held = does === 'vouch' ? await store.openOf(account) : await store.frozenOf(account)
      if (held === null) throw new AmbitError('not_found', 'no recovery of this account waits for that')
      if (!outranks || by === account) throw new AmbitError('forbidden', `\`${by}\` may not: ${OUTRANKS}`)
      await noted(administration, request, account, 'changed')
      const proof = { method: 'help_desk', channel: by, at: tools.clock() } as const
      const after =
        does === 'vouch'
          ? await happen(parts.recovery, held.case.id, { is: 'prove', browser: held.case.browser, proof })
          : await decideRecovery(parts.recovery, held.case.id, by, does === 'allow', outranks)
      if (after === null)
        throw new AmbitError('conflict', 'that may not happen to this recovery now; each decides once')
      return { id: after.id, state: after.state }
    },
  )
  app.post<OfAccount & { Body: Static<typeof Decider> }>(
    '/v1/people/:account/unfreeze',
    { config, schema: { body: Decider } },
    async (request) => {
      const { account } = request.params
      const { by } = request.body
      if (!authorityOver(parts, account, by).outranks || by === account) {
        throw new AmbitError('forbidden', `\`${by}\` may not open \`${account}\` again: ${OUTRANKS}`)
      }
      if ((await parts.recovery.store.frozenOf(account)) !== null) {
        throw new AmbitError('conflict', 'a recovery of this account is contested; that case has to be decided first')
      }
      if (!(await tools.accounts.stateOf(account)).locks.includes('not_me'))
        throw new AmbitError('conflict', 'nobody said of this account that it was somebody else')
      await noted(administration, request, account, 'enabled')
      const state = await tools.accounts.endEverything(
        account,
        { unlocks: 'not_me', reason: 'unfrozen' },
        tools.clock(),
      )
      await tools.notify(account, { template: 'account_unfrozen', values: {} })
      return { account, status: state.status, locks: state.locks }
    },
  )
}
