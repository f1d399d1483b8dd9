/** What an administrator takes from somebody: a way to sign in, or all of them for a time. He may take the last. */
import type { FastifyInstance } from 'fastify'
import { FACTORS } from '#authn/factors.ts'
import { AmbitError } from '#lib/errors.ts'
import { linksOf } from '#server/sign-in/upstream.ts'
import { byClient, config, noted, type Administration } from './administration.ts'

const UNLOCKED_BY = {
  recovery: 'a recovery of this account is contested; people who outrank it decide that case',
  unfreeze: 'somebody said that it was somebody else; whoever outranks the account opens it again, by `unfreeze`',
} as const

export function takenRoutes(app: FastifyInstance, administration: Administration): void {
  const { parts } = administration
  const { tools, identifiers } = parts
  app.delete<{ Params: { account: string; id: string } }>(
    '/v1/people/:account/authenticators/:id',
    { config },
    async (request) => {
      const { account, id } = request.params
      const own = (await tools.authenticators.listOf(account)).find((it) => it.id === id)
      if (own === undefined) {
        const there = `\`GET /v1/people/${account}\` lists them`
        throw new AmbitError('not_found', `\`${account}\` has no such authenticator; ${there}`)
      }
      await administration.audit.append({
        kind: 'authenticator',
        at: tools.clock(),
        by: byClient(request),
        request: request.id,
        did: 'removed',
        account,
        method: FACTORS[own.kind].kind,
        authenticator: id,
        why: [],
      })
      await tools.authenticators.setState(id, account, ['active', 'suspended', 'pending'], 'removed')
      await tools.accounts.endEverything(account, { reason: 'changed_by_administrator' }, tools.clock())
      await tools.notify(account, { template: 'authenticator_removed', values: { name: own.name, kind: own.kind } })
      return { account, id }
    },
  )
  app.delete<{ Params: { account: string; link: string } }>(
    '/v1/people/:account/links/:link',
    { config },
    async (request) => {
      const { account, link: name } = request.params
      const own = linksOf(parts, await identifiers.listOf(account)).find(({ link }) => link.canonical === name)
      if (own === undefined)
        throw new AmbitError('not_found', `\`${account}\` has no such link; \`GET /v1/people/${account}\` lists them`)
      await noted(administration, request, account, 'changed')
      await identifiers.remove('upstream', own.link.canonical, account)
      await tools.accounts.endEverything(account, { reason: 'changed_by_administrator' }, tools.clock())
      const values = { name: own.provider?.name ?? '' }
      await tools.notify(account, { template: 'upstream_unlinked', values })
      return { account, link: own.link.canonical }
    },
  )
  app.post<{ Params: { account: string; to: string } }>('/v1/people/:account/:to', { config }, async (request) => {
    const { account, to } = request.params
    if (to !== 'disable' && to !== 'enable')
      throw new AmbitError('not_found', 'an account is put to `disable` or `enable`')
    const { locks } = await tools.accounts.stateOf(account)
    if (to === 'enable' && locks.length > 0 && !locks.includes('administrator')) {
      throw new AmbitError('conflict', UNLOCKED_BY[locks.includes('contested_recovery') ? 'recovery' : 'unfreeze'])
    }
    await noted(administration, request, account, `${to}d`)
    const lock = to === 'disable' ? ({ locks: ['administrator'] } as const) : ({ unlocks: 'administrator' } as const)
    const state = await tools.accounts.endEverything(
      account,
      { ...lock, reason: `${to}d_by_administrator` },
      tools.clock(),
    )
    return { account, status: state.status, locks: state.locks }
  })
}
