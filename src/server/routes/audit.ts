/** Reading the audit log: `GET /v1/audit/records`, `/v1/audit/chains`, `/v1/audit/export` and `/v1/audit/verify`. */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { publicKeys, readCheckpoint } from '#audit/checkpoint.ts'
import { RECORD_KINDS } from '#audit/records.ts'
import { replayable } from '#audit/seal.ts'
import { verifyChain } from '#audit/verify.ts'
import { storedPublicKeys } from '#storage/audit-keys.ts'
import { auditChains, chainRows, entriesOf, latestEntries, newestCheckpoint } from '#storage/audit-read.ts'
import type { Database } from '#storage/database.ts'
import type { ServerContext } from '../context.ts'

const Kind = Type.Optional(
  Type.Unsafe<(typeof RECORD_KINDS)[number]>({ type: 'string', enum: [...RECORD_KINDS], description: 'of this kind' }),
)
const Latest = Type.Object(
  { kind: Kind, last: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'how many' })) },
  { additionalProperties: false },
)
const Millis = Type.Optional(Type.Integer({ minimum: 0, description: 'milliseconds since 1970' }))
const Range = Type.Object(
  {
    kind: Kind,
    from: Millis,
    to: Millis,
    format: Type.Optional(
      Type.Unsafe<'ndjson' | 'records'>({
        type: 'string',
        enum: ['ndjson', 'records'],
        description: '`ndjson`: decisions as `ambit policy replay` reads them; `records`: all, with their places',
      }),
    ),
  },
  { additionalProperties: false },
)

export function auditRoutes(app: FastifyInstance, { audit, clock }: ServerContext): void {
  const { store } = audit

  app.get<{ Querystring: Static<typeof Latest> }>(
    '/v1/audit/records',
    { config: { access: 'read' }, schema: { querystring: Latest } },
    async ({ query: { kind, last = 100 } }) => ({
      records: await latestEntries(store, last, ({ record }) => kind === undefined || record.kind === kind),
    }),
  )

  app.get('/v1/audit/chains', { config: { access: 'read' } }, async () => {
    const chains = []
    for (const each of await auditChains(store)) {
      const checkpoint = await newestCheckpoint(store, each.chain)
      chains.push({ ...each, checkpoint: checkpoint === null ? null : readCheckpoint(checkpoint) })
    }
    return { chains }
  })

  app.get<{ Querystring: Static<typeof Range> }>(
    '/v1/audit/export',
    { config: { access: 'administer', stream: true }, schema: { querystring: Range } },
    async (request, reply) => {
      const { tokenId } = request.caller!
      await audit.append({
        kind: 'administration',
        at: clock(),
        by: { type: 'client', id: tokenId },
        request: request.id,
        did: 'exported',
        thing: 'audit_log',
        target: 'audit_log',
        before: null,
        after: null,
        why: [],
      })
      return reply.type('application/x-ndjson').send(Readable.from(exported(store, request.query)))
    },
  )

  app.get('/v1/audit/verify', { config: { access: 'administer' } }, async () => {
    const keys = publicKeys(await storedPublicKeys(store))
    const chains = []
    for (const each of await auditChains(store)) chains.push(await verifyChain(chainRows(store, each), keys, null))
    return { intact: chains.every(({ faults }) => faults.length === 0), chains }
  })
}

async function* exported(store: Database, { kind, from, to, format }: Static<typeof Range>): AsyncGenerator<string> {
  for (const chain of await auditChains(store)) {
    for await (const entry of entriesOf(store, chain, { from: from ?? null, to: to ?? null })) {
      if (kind !== undefined && entry.record.kind !== kind) continue
      const line = format === 'records' ? entry : replayable(entry)
      if (line !== null) yield `${JSON.stringify(line)}\n`
    }
  }
}
