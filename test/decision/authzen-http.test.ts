/** AuthZEN 1.0 over HTTP, as an enforcement point and as the interop suites speak it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { testServer } from '#server/server.fixture.ts'

const example = (name: string) => fileURLToPath(new URL(`../../examples/authzen/${name}`, import.meta.url))
const SUITES = new URL('../../../shared/data/authzen/', import.meta.url)

async function started(context: TestContext, config = 'decisions: { mode: entitled_only }') {
  const server = await testServer(context, {
    config: `${config}\naccessPolicies: [${JSON.stringify(example('access.yaml'))}]`,
  })
  const token = await server.token('decide', 'ingest')
  const put = await server.ask('/v1/inventory', {
    method: 'PUT',
    token,
    body: readFileSync(example('inventory.yaml')),
    headers: { 'content-type': 'application/yaml' },
  })
  assert.ok(put.ok, await put.text())
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await server.ask(`/access/v1/${path}`, {
      method: 'POST',
      token,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, never> }
  }
  return { server, token, post }
}

const RICK = 'CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs'
const read = (id = RICK) => ({
  subject: { type: 'user', id },
  action: { name: 'can_read_user' },
  resource: { type: 'user', id: 'beth@the-smiths.com' },
})

test(
  'the interop suites are answered as they expect',
  { skip: existsSync(SUITES) ? false : 'the suites are not here' },
  async (context) => {
    const { post } = await started(context)
    let asked = 0
    for (const name of ['todo/decisions-authorization-api-1_0-02.json', 'api-gateway/decisions.json']) {
      const file = JSON.parse(readFileSync(new URL(name, SUITES), 'utf8')) as Record<
        string,
        { request: object; expected: unknown }[]
      >
      for (const { request, expected } of [...(file['evaluation'] ?? []), ...(file['decisions'] ?? [])]) {
        const { status, body } = await post('evaluation', request)
        assert.deepEqual([status, body['decision']], [200, expected], JSON.stringify(request))
        asked++
      }
      for (const { request, expected } of file['evaluations'] ?? []) {
        const { status, body } = await post('evaluations', request)
        assert.equal(status, 200)
        assert.deepEqual(
          (body['evaluations'] as { decision: boolean }[]).map(({ decision }) => ({ decision })),
          (expected as { decision: boolean }[]).map(({ decision }) => ({ decision })),
        )
        asked++
      }
    }
    assert.ok(asked >= 60, String(asked))
  },
)

test('a batch keeps its order, takes defaults whole, and stops where it is told to', async (context) => {
  const { post } = await started(context)
  const morty = 'CiRmZDE2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs'
  const yes = { action: { name: 'can_read_user' } }
  const no = { action: { name: 'can_fly' } }
  const { subject, resource } = read()
  const batch = async (evaluations: unknown[], semantic?: string) => {
    const options = semantic === undefined ? {} : { options: { evaluations_semantic: semantic } }
    const { status, body } = await post('evaluations', { subject, resource, evaluations, ...options })
    return status === 200 ? (body['evaluations'] as { decision: boolean }[]).map(({ decision }) => decision) : status
  }
  assert.deepEqual(await batch([yes, no, yes]), [true, false, true])
  assert.deepEqual(await batch([yes, no, yes], 'execute_all'), [true, false, true])
  assert.deepEqual(await batch([yes, no, yes], 'deny_on_first_deny'), [true, false])
  assert.deepEqual(await batch([no, yes, yes], 'permit_on_first_permit'), [false, true])
  assert.equal(await batch([yes], 'whenever'), 400)
  // an item's subject replaces the whole default: without an id of its own it has none
  const partial = await post('evaluations', {
    subject,
    resource,
    ...yes,
    evaluations: [{ subject: { type: 'user' } }, {}],
  })
  const items = partial.body['evaluations'] as { decision: boolean; context: { error?: { status: number } } }[]
  assert.deepEqual([items[0]?.decision, items[0]?.context.error?.status, items[1]?.decision], [false, 400, true])
  // no list, or an empty one, is a single question
  for (const evaluations of [undefined, []]) {
    const single = await post('evaluations', { ...read(), ...(evaluations === undefined ? {} : { evaluations }) })
    assert.equal(single.body['decision'], true)
  }
  assert.equal((await post('evaluation', read(morty))).status, 200)
})

test('a request that is wrong is told so with 400, and its id comes back on everything', async (context) => {
  const { server, post } = await started(context)
  const wrong: readonly [unknown, Record<string, string>?][] = [
    ['{'],
    ['[]'],
    ['null'],
    ['""'],
    [{}],
    [{ ...read(), subject: { type: 'user' } }],
    [{ ...read(), subject: null }],
    [{ ...read(), action: 'read' }],
    [{ ...read(), resource: { type: 1, id: 'x' } }],
    [{ ...read(), context: [] }],
    [read(), { 'content-type': 'text/plain' }],
    // two programs on the way may each take another one
    [`{"subject":{"type":"user","id":"somebody"},${JSON.stringify(read()).slice(1)}`],
    [`{"context":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}},${JSON.stringify(read()).slice(1)}`],
  ]
  for (const [body, headers] of wrong) {
    const answer = await post('evaluation', body, { 'x-request-id': 'my-request', ...headers })
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.equal(answer.headers.get('x-request-id'), 'my-request')
    assert.ok(JSON.stringify(answer.body).length > 10)
  }
  const right = await post(
    'evaluation',
    { ...read(), future: { field: 1 }, subject: { ...read().subject, more: true, properties: null } },
    { 'x-request-id': 'a' },
  )
  assert.deepEqual([right.status, right.body['decision'], right.headers.get('x-request-id')], [200, true, 'a'])
  const path = '/access/v1/evaluation'
  const anonymous = await server.ask(path, {
    method: 'POST',
    body: '{}',
    headers: { 'x-request-id': 'b', 'content-type': 'application/json' },
  })
  assert.deepEqual([anonymous.status, anonymous.headers.get('x-request-id')], [401, 'b'])
  assert.match(anonymous.headers.get('www-authenticate') ?? '', /^Bearer/)
  const reader = await server.token('read')
  assert.equal((await server.ask(path, { method: 'POST', body: '{}', token: reader })).status, 403)
})

test('searches find what is permitted, page by page, and nothing where nothing is known', async (context) => {
  const { post } = await started(context)
  const subjects = { ...read(), subject: { type: 'user', id: 'is ignored' } }
  const all = await post('search/subject', subjects)
  const found = all.body['results'] as { type: string; id: string }[]
  assert.ok(found.length >= 5)
  const paged: string[] = []
  let page: Record<string, unknown> = { limit: 2 }
  for (let i = 0; i < 10; i++) {
    const answer = await post('search/subject', { ...subjects, page })
    paged.push(...(answer.body['results'] as { id: string }[]).map(({ id }) => id))
    const { next_token: token } = answer.body['page'] as { next_token: string }
    if (token === '') break
    page = { limit: 2, token }
    // a token is for the search that it came from
    const other = { ...subjects, action: { name: 'can_create_todo' }, page }
    assert.equal((await post('search/subject', other)).status, 400)
  }
  assert.deepEqual(
    paged,
    found.map(({ id }) => id),
  )
  for (const { id } of found) assert.equal((await post('evaluation', read(id))).body['decision'], true)
  const actions = await post('search/action', { subject: read().subject, resource: read().resource })
  assert.ok((actions.body['results'] as { name: string }[]).some(({ name }) => name === 'can_read_user'))
  for (const body of [
    { ...read('nobody'), resource: { type: 'user' } },
    { ...read(), resource: { type: 'no such type' } },
  ]) {
    const answer = await post('search/resource', body)
    assert.deepEqual([answer.status, answer.body['results']], [200, []])
  }
})

test('the metadata names the endpoints, and is signed where the server has a name', async (context) => {
  const { server } = await started(context, 'decisions: { mode: entitled_only }\npublicUrl: https://pdp.example.org')
  const metadata = (await (await server.ask('/.well-known/authzen-configuration')).json()) as Record<string, string>
  assert.equal(metadata['policy_decision_point'], 'https://pdp.example.org')
  assert.equal(metadata['access_evaluation_endpoint'], 'https://pdp.example.org/access/v1/evaluation')
  const keys = (await (await server.ask('/.well-known/jwks.json')).json()) as JSONWebKeySet
  const { payload } = await jwtVerify(metadata['signed_metadata']!, createLocalJWKSet(keys), {
    issuer: 'https://pdp.example.org',
  })
  assert.equal(payload['access_evaluation_endpoint'], metadata['access_evaluation_endpoint'])
})

test('a session that proves nothing, or is somebody else, permits nothing that needs proof', async (context) => {
  const { post } = await started(context, 'decisions: { mode: entitled_and_assured }')
  const ask = async (session: unknown) => (await post('evaluation', { ...read(), context: { session } })).body
  for (const session of [
    undefined,
    null,
    'x',
    {},
    { iss: 'https://nobody' },
    { iss: 'x', sub: 'other', acr: 'phrh', auth_time: 1 },
    { access_token: 'a.b.c' },
  ]) {
    const body = await ask(session)
    assert.equal(body['decision'], false, JSON.stringify(session))
  }
})

test('decisions of one request are one place in the log, and read from it each by itself', async (context) => {
  const { server, post } = await started(context)
  const { subject, action, resource } = read()
  const evaluations = [{}, { action: { name: 'can_delete_todo' } }, { subject: { type: 'user' } }, {}]
  const { body } = await post('evaluations', { subject, action, resource, evaluations })
  const answers = body['evaluations'] as { context: { evaluation_id?: string } }[]
  const asked = answers.flatMap(({ context: { evaluation_id: id } }) => id ?? [])
  assert.equal(asked.length, 3)
  const records = await server.ask('/v1/audit/records?kind=decision&last=10', { token: await server.token('read') })
  const kept = ((await records.json()) as { records: { seq: number; item: number; record: Recorded }[] }).records
  assert.deepEqual(
    kept.map(({ record, item }) => [item, record.evaluation.id, record.decision.id]),
    asked.map((id, index) => [index + 1, id, id]),
  )
  assert.equal(new Set(kept.map(({ seq }) => seq)).size, 1)
  assert.equal(kept[1]!.record.evaluation.request.action.name, 'can_delete_todo')
})

interface Recorded {
  readonly evaluation: { readonly id: string; readonly request: { readonly action: { readonly name: string } } }
  readonly decision: { readonly id: string }
}
