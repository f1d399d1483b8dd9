/** What is known of accounts: `GET /v1/snapshot`, `/v1/accounts` and `/v1/accounts/:id`. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type, type Static } from 'typebox'
import type { AccountState, LiveAnalysis } from '#analysis/live.ts'
import { IMPACTS, POPULATIONS, VERDICTS } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import type { ServerContext } from '../context.ts'

const one = <const W extends readonly string[]>(list: W) => Type.Unsafe<W[number]>({ type: 'string', enum: [...list] })

/** Most accounts of one page. */
const MOST = 1000

const Query = Type.Object(
  {
    id: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'one account, whatever its id is made of' }),
    ),
    verdict: Type.Optional(one(VERDICTS)),
    impact: Type.Optional(one(IMPACTS)),
    population: Type.Optional(one(POPULATIONS)),
    system: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST })),
    after: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: '`next` of the page before' })),
  },
  { additionalProperties: false },
)
type Query = Static<typeof Query>

export function accountRoutes(app: FastifyInstance, { live }: ServerContext): void {
  const current = (reply: FastifyReply): LiveAnalysis => {
    const now = live()
    if (now === null)
      throw new AmbitError('not_ready', 'no inventory has been taken yet; send one to `PUT /v1/inventory`')
    reply.header('etag', `"${now.snapshotId}"`)
    return now
  }

  app.get('/v1/snapshot', { config: { access: 'read' } }, (_request, reply) => {
    const { snapshotId, policy, inventory, counts, accountIds, account } = current(reply)
    const verdicts: Record<string, number> = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0]))
    for (const id of accountIds()) verdicts[account(id)!.verdict]! += 1
    return reply.send({
      snapshot: snapshotId,
      policy: policy.hash,
      name: inventory.snapshot.name,
      at: inventory.snapshot.at,
      ...counts,
      verdicts,
      sources: inventory.sources,
      diagnostics: inventory.diagnostics,
    })
  })

  app.get<{ Querystring: Query }>(
    '/v1/accounts',
    { config: { access: 'read' }, schema: { querystring: Query } },
    (request, reply) => {
      const now = current(reply)
      const { id, limit = 100, after } = request.query
      const fits = (state: AccountState) =>
        (['id', 'verdict', 'impact', 'population', 'system'] as const).every(
          (field) => request.query[field] === undefined || request.query[field] === state[field],
        )
      if (after !== undefined && now.account(after) === undefined) {
        throw new AmbitError('request_invalid', '`after` names no account of this snapshot; begin again without it')
      }
      const accounts: AccountState[] = []
      let waiting = after !== undefined
      for (const each of id === undefined ? now.accountIds() : [id]) {
        const state = now.account(each)
        if (!waiting && state !== undefined && fits(state)) accounts.push(state)
        if (each === after) waiting = false
        // one more than the page, to know whether there is another
        if (accounts.length > limit) break
      }
      const next = accounts.length > limit ? accounts[limit - 1]!.id : null
      return reply.send({ snapshot: now.snapshotId, accounts: accounts.slice(0, limit), next })
    },
  )

  app.get<{ Params: { id: string } }>('/v1/accounts/:id', { config: { access: 'read' } }, (request, reply) => {
    const now = current(reply)
    const state = now.account(request.params.id)
    if (state === undefined) {
      throw new AmbitError(
        'account_unknown',
        'no account of the current snapshot has this id; `/v1/accounts` lists them',
      )
    }
    return reply.send({ snapshot: now.snapshotId, account: state })
  })
}
