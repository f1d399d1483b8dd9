/** `GET /v1/findings`: what is wrong and what would end it, with proofs; the same as `ambit analyze` finds. */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import type { LiveAnalysis } from '#analysis/live.ts'
import type { Report } from '#contract/report.ts'
import { SEVERITIES } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import type { ServerContext } from '../context.ts'

const Query = Type.Object(
  {
    severity: Type.Optional(Type.Unsafe<(typeof SEVERITIES)[number]>({ type: 'string', enum: [...SEVERITIES] })),
    code: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    account: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    after: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: '`next` of the page before' })),
  },
  { additionalProperties: false },
)

export function findingRoutes(app: FastifyInstance, { live, reportOn }: ServerContext): void {
  let known: { readonly live: LiveAnalysis; readonly report: Promise<Report> } | null = null

  /** The report on a snapshot under a policy is made once, when it is first asked for. */
  function reportOf(now: LiveAnalysis): Promise<Report> {
    if (known?.live === now) return known.report
    const report = reportOn(now)
    const made = { live: now, report }
    known = made
    report.catch(() => {
      if (known === made) known = null
    })
    return report
  }

  app.get<{ Querystring: Static<typeof Query> }>(
    '/v1/findings',
    { config: { access: 'read' }, schema: { querystring: Query } },
    async (request, reply) => {
      const now = live()
      if (now === null) throw new AmbitError('not_ready', 'no inventory has been taken yet')
      const { findings } = await reportOf(now)
      const { severity, code, account, limit = 100, after } = request.query
      const fitting = findings.filter(
        (finding) =>
          (severity === undefined || finding.severity === severity) &&
          (code === undefined || finding.code === code) &&
          (account === undefined || finding.account === account),
      )
      const from = after === undefined ? 0 : fitting.findIndex(({ id }) => id === after) + 1
      if (after !== undefined && from === 0) {
        throw new AmbitError('request_invalid', '`after` names no finding of this list; begin again without it')
      }
      const page = fitting.slice(from, from + limit)
      const next = from + limit < fitting.length ? page.at(-1)!.id : null
      return reply
        .header('etag', `"${now.snapshotId}"`)
        .send({ snapshot: now.snapshotId, count: fitting.length, findings: page, next })
    },
  )
}
