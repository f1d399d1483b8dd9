/** Inventories in: `PUT /v1/inventory` takes all facts, `POST /v1/inventory/changes` some that came or went. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Delta } from '#analysis/live.ts'
import { AmbitError } from '#lib/errors.ts'
import { parseYaml } from '#importers/read-yaml.ts'
import { readInventory } from '#importers/read.ts'
import { refuseErrors } from '#model/inventory.ts'
import { repeatedAnswer } from '#storage/snapshots.ts'
import type { ServerContext } from '../context.ts'

/** What a body is read as: endings decide nothing, content does; the name is for messages. */
const TYPES: Readonly<Record<string, string>> = {
  'application/x-ndjson': 'inventory.ndjson',
  'application/json': 'inventory.json',
  'application/yaml': 'inventory.yaml',
  'application/x-yaml': 'inventory.yaml',
  'text/yaml': 'inventory.yaml',
}

const Query = Type.Object(
  { maxLoss: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })) },
  { additionalProperties: false },
)

/** Characters of an Idempotency-Key that are taken (draft-ietf-httpapi-idempotency-key-header leaves it to the server). */
const KEY = /^[\x21-\x7e]{1,200}$/

export function inventoryRoutes(app: FastifyInstance, context: ServerContext): void {
  const { folder } = context.config.inventory
  if (folder !== undefined) {
    // two sources of the whole truth would undo each other
    app.addHook('onRequest', async () => {
      throw new AmbitError('conflict', `inventories are taken from the folder \`${folder}\`; change the files there`)
    })
  }
  const { snapshots, config, surroundings } = context
  const { maxBytes } = config.inventory
  app.removeAllContentTypeParsers()
  // read as it comes, so that a large inventory need not be held twice
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  const options = {
    bodyLimit: maxBytes,
    config: { access: 'ingest', requestSeconds: config.limits.inventorySeconds },
  } as const

  app.put<{ Querystring: Static<typeof Query> }>(
    '/v1/inventory',
    { ...options, schema: { querystring: Query } },
    async (request, reply) => {
      const sending = { actor: actorOf(request), ...baseOf(request), ...request.query }
      const body = measured(request.body as Readable, maxBytes)
      const key = keyOf(request, 'PUT')
      const repeated = key === undefined ? null : await repeatedAnswer(context.database, key)
      if (repeated !== null) return repeat(reply, repeated, await drained(body))
      const inventory = await readInventory([{ name: nameOf(request), chunks: body.chunks }], surroundings.importers)
      refuseErrors(inventory.diagnostics)
      const ingest = key === undefined ? {} : { ingest: { key, fingerprint: body.fingerprint() } }
      const taken = await snapshots.take(inventory, { ...sending, ...ingest })
      return reply.header('etag', `"${taken.snapshot}"`).send(taken)
    },
  )

  app.post('/v1/inventory/changes', options, async (request, reply) => {
    const { base } = baseOf(request)
    if (base === undefined) {
      const message = 'say with `If-Match` on which snapshot the change rests; `GET /v1/snapshot` has it'
      throw new AmbitError('request_invalid', message)
    }
    const body = measured(request.body as Readable, maxBytes)
    const key = keyOf(request, `POST ${base}`)
    const repeated = key === undefined ? null : await repeatedAnswer(context.database, key)
    if (repeated !== null) return repeat(reply, repeated, await drained(body))
    const delta = await readDelta(await textOf(body), nameOf(request))
    const ingest = key === undefined ? {} : { ingest: { key, fingerprint: body.fingerprint() } }
    const taken = await snapshots.change(delta, { actor: actorOf(request), base, ...ingest })
    return reply.header('etag', `"${taken.snapshot}"`).send(taken)
  })
}

/** What the body is called in messages. */
function nameOf(request: FastifyRequest): string {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  const name = TYPES[type]
  if (name !== undefined) return name
  throw new AmbitError('media_type_unsupported', `send one of ${Object.keys(TYPES).join(', ')}`)
}

const actorOf = ({ caller }: FastifyRequest) => ({ type: 'client', id: caller?.tokenId ?? 'unknown' }) as const

function baseOf({ headers }: FastifyRequest): { base?: string } {
  const given = headers['if-match']
  if (given === undefined) return {}
  const [, base] = /^"(sha256:[0-9a-f]{64})"$/.exec(given) ?? []
  if (base !== undefined) return { base }
  throw new AmbitError('request_invalid', '`If-Match` holds the id of one snapshot in double quotes, as `ETag` has it')
}

/** The key under which an answer is repeated: of one token, for one kind of request. */
function keyOf(request: FastifyRequest, kind: string): string | undefined {
  const given = request.headers['idempotency-key']
  if (given === undefined) return undefined
  if (typeof given !== 'string' || !KEY.test(given)) {
    throw new AmbitError('request_invalid', '`Idempotency-Key` is 1 to 200 visible ASCII characters')
  }
  const digest = createHash('sha256').update(`${actorOf(request).id}\n${kind}\n${given}`)
  return digest.digest('hex')
}

function repeat(reply: FastifyReply, { fingerprint, answer }: { fingerprint: string; answer: string }, sent: string) {
  if (fingerprint === sent)
    return reply.type('application/json; charset=utf-8').header('idempotent-replayed', 'true').send(answer)
  throw new AmbitError('conflict', 'this `Idempotency-Key` was used for another body; take a new key')
}

interface Body {
  readonly chunks: AsyncIterable<Uint8Array>
  /** hash of everything that was read */
  readonly fingerprint: () => string
}

/** A body that is hashed while it is read, and refused when it grows too large. */
function measured(stream: Readable, maxBytes: number): Body {
  const hash = createHash('sha256')
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let length = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > maxBytes)
        throw new AmbitError('too_large', `more than ${maxBytes} bytes; see \`inventory.maxBytes\``)
      hash.update(chunk)
      yield chunk
    }
  }
  let fingerprint: string | undefined
  return { chunks: chunks(), fingerprint: () => (fingerprint ??= `sha256:${hash.digest('hex')}`) }
}

async function drained(body: Body): Promise<string> {
  for await (const _chunk of body.chunks);
  return body.fingerprint()
}

async function textOf({ chunks }: Body): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString('utf8')
}

/** A change: an inventory of what came or changed, with a list `remove` of ids, or of facts that have none. */
async function readDelta(text: string, name: string): Promise<Delta> {
  const parsed = parseYamlOrJson(text)
  if (typeof parsed !== 'object' || parsed === null || !('ambit' in parsed)) {
    throw new AmbitError('input_invalid', 'a change is one document that begins with `ambit: 1`')
  }
  const { remove = [], ...rest } = parsed as { remove?: unknown }
  if (!Array.isArray(remove))
    throw new AmbitError('input_invalid', '`remove` is a list of ids, or of facts without one')
  const removedFacts = remove.filter((each) => typeof each !== 'string')
  const lines = [{ ambit: 1 }, ...removedFacts].map((each) => JSON.stringify(each)).join('\n')
  const encode = (content: string) => new TextEncoder().encode(content)
  const noImporters = () => []
  const come = await readInventory([{ name, bytes: encode(JSON.stringify(rest)) }], noImporters)
  const gone = await readInventory([{ name: 'remove', bytes: encode(lines) }], noImporters)
  refuseErrors([...come.diagnostics, ...gone.diagnostics])
  return {
    upsert: come.facts,
    remove: [...remove.filter((each) => typeof each === 'string'), ...gone.facts.map(({ fact }) => fact)],
    ...(come.at === undefined ? {} : { at: come.at }),
  }
}

function parseYamlOrJson(text: string): unknown {
  const { documents, faults } = parseYaml(text)
  const [fault] = faults
  if (fault !== undefined) {
    throw new AmbitError('input_invalid', `line ${fault.line}: ${fault.message}; ${fault.remedy}`)
  }
  if (documents.length === 1) return documents[0]!.root
  throw new AmbitError('input_invalid', 'a change is one document')
}
