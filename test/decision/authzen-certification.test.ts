/** The certification scenario of the OpenID Foundation for AuthZEN 1.0 (openid/authzen `certification/`), over HTTP. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { testFolder, testServer } from '#server/server.fixture.ts'
import { exchange } from '../server/raw.ts'

/** Its fixture (§3): what the properties say, the policy reads from the request, or knows of the thing. */
const INVENTORY = {
  ambit: 1,
  at: '2026-11-01',
  accounts: ['alice', 'bob'].map((id) => ({ id, kind: 'human' })),
  resources: ['record-1', 'record-2'].map((id) => ({ id, kind: 'record', sensitivity: 'low' })),
}
const ACCESS = {
  access: 1,
  name: 'certification',
  rules: [
    { id: 'read', effect: 'permit', actions: ['read'], resources: ['record'] },
    {
      id: 'write-active',
      effect: 'permit',
      actions: ['write'],
      when: 'subject.id == "alice" && !(has(resource.properties.status) && resource.properties.status == "archived")',
    },
    {
      id: 'admin-writes-archived',
      effect: 'permit',
      actions: ['write'],
      when: 'subject.id == "bob" && resource.id == "record-2"',
    },
    {
      id: 'soft-delete',
      effect: 'permit',
      actions: ['delete'],
      when: 'subject.id == "alice" && has(action.properties.soft) && action.properties.soft == true',
    },
  ],
}

const [alice, bob] = ['alice', 'bob'].map((id) => ({ type: 'user', id }))
const [first, second] = ['record-1', 'record-2'].map((id) => ({ type: 'record', id }))
const archived = { ...second, properties: { status: 'archived' } }
const admin = { ...bob, properties: { role: 'admin' } }
const ask = (subject: unknown, name: string, resource: unknown, more = {}) => ({
  subject,
  action: { name },
  resource,
  ...more,
})
const remove = (soft: boolean) => ({ ...ask(alice, '', first), action: { name: 'delete', properties: { soft } } })

interface Answer {
  readonly decision?: boolean
  readonly evaluations?: readonly Answer[]
  readonly results?: readonly Record<string, string>[]
  readonly page?: { readonly next_token: string; readonly count?: number }
}

async function started(context: TestContext) {
  const policy = join(testFolder(context), 'access.yaml')
  writeFileSync(policy, JSON.stringify(ACCESS))
  const server = await testServer(context, {
    config: `decisions: { mode: entitled_only }\naccessPolicies: [${JSON.stringify(policy)}]`,
  })
  const token = await server.token('decide', 'ingest')
  const headers = { 'content-type': 'application/json' }
  const put = await server.ask('/v1/inventory', { method: 'PUT', token, headers, body: JSON.stringify(INVENTORY) })
  assert.equal(put.status, 200, await put.text())
  async function post(path: string, body: unknown, more: Record<string, string> = {}) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const init = { method: 'POST', token, headers: { ...headers, ...more }, body: text }
    const response = await server.ask(`/access/v1/${path}`, init)
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer }
  }
  return { server, token, post }
}

suite('The certification scenario of AuthZEN', () => {
  test('Basic: its decisions are made, and more fields, properties and context change none', async (context) => {
    const { post } = await started(context)
    const cases: [unknown, boolean][] = [
      [ask(alice, 'read', first), true],
      [ask(alice, 'write', first), true],
      [ask(bob, 'read', first), true],
      [ask(bob, 'write', first), false],
      [ask(alice, 'write', archived), false],
      [ask(admin, 'write', archived), true],
      [remove(true), true],
      [remove(false), false],
      [ask(alice, 'read', first, { context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } }), true],
      [ask(alice, 'read', first, { foo: 'bar', futureField: { nested: true } }), true],
      [ask({ ...alice, properties: { role: 'manager' } }, 'read', { ...first, properties: { owner: 'bob' } }), true],
    ]
    for (const [question, expected] of cases) {
      const { status, headers, body } = await post('evaluation', question)
      assert.deepEqual([status, body.decision], [200, expected], JSON.stringify(question))
      assert.match(headers.get('content-type') ?? '', /^application\/json/)
    }
  })

  test('Basic: the body is JSON by its type, however that is written (RFC 9110 §5.6.6)', async (context) => {
    const { post } = await started(context)
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset=UTF-8', 'application/json ; a=b'])
      assert.equal((await post('evaluation', ask(alice, 'read', first), { 'content-type': type })).status, 200, type)
    for (const type of ['text/plain', 'application/jsonp', 'application/json-patch+json', 'text/json'])
      assert.equal((await post('evaluation', ask(alice, 'read', first), { 'content-type': type })).status, 400, type)
  })

  test('Batch: defaults, order and semantics are kept, and a bad item is denied by itself', async (context) => {
    const { post } = await started(context)
    const cases: [unknown, boolean[]][] = [
      [
        { subject: bob, resource: first, evaluations: [{ action: { name: 'read' } }, { action: { name: 'write' } }] },
        [true, false],
      ],
      [
        { action: { name: 'write' }, resource: archived, evaluations: [{ subject: alice }, { subject: admin }] },
        [false, true],
      ],
      [{ evaluations: [ask(alice, 'read', first), ask(bob, 'write', first)] }, [true, false]],
      [{ subject: alice, action: { name: 'read' }, evaluations: [{ resource: first }, {}] }, [true, false]],
    ]
    for (const [question, expected] of cases) {
      const { status, body } = await post('evaluations', question)
      assert.deepEqual([status, body.evaluations?.map(({ decision }) => decision)], [200, expected])
      assert.equal(body.decision, undefined)
    }
    for (const more of [{}, { evaluations: [] }])
      assert.equal((await post('evaluations', { ...ask(alice, 'read', first), ...more })).body.decision, true)
  })

  test('Search: a page goes on by its token alone, as long as the first, and no results are an answer', async (context) => {
    const { post } = await started(context)
    const who = ask({ type: 'user' }, 'read', first)
    const ids = (answer: Answer) => answer.results?.map(({ id, name }) => id ?? name)
    const one = (await post('search/subject', { ...who, page: { limit: 1 } })).body
    assert.deepEqual([ids(one), one.page?.count], [['alice'], 1])
    const token = one.page!.next_token
    for (const page of [{ token }, { limit: 1, token }]) {
      const { status, body } = await post('search/subject', { ...who, page })
      assert.deepEqual([status, ids(body), body.page?.next_token], [200, ['bob'], ''], JSON.stringify(page))
    }
    assert.equal((await post('search/subject', { ...who, page: { limit: 2, token } })).status, 400)
    const none = (await post('search/subject', { ...who, page: { limit: 0 } })).body
    assert.deepEqual(ids(none), [])
    const all = await post('search/subject', { ...who, page: { limit: 5, token: '' } })
    assert.deepEqual(ids(all.body), ['alice', 'bob'])
    const found: [string, unknown, string][] = [
      ['search/subject', ask({ type: 'user' }, 'write', archived), 'bob'],
      ['search/resource', ask(alice, 'read', { type: 'record' }), 'record-1'],
      ['search/resource', ask(admin, 'write', { type: 'record' }), 'record-2'],
      ['search/action', { subject: alice, resource: first }, 'write'],
      ['search/action', { subject: admin, resource: archived }, 'write'],
    ]
    for (const [path, question, expected] of found)
      assert.ok(ids((await post(path, question)).body)?.includes(expected), JSON.stringify(question))
    const nothing = await post('search/subject', ask({ type: 'spaceship' }, 'read', first))
    assert.deepEqual([nothing.status, ids(nothing.body)], [200, []])
  })

  test('an id of the request comes back byte by byte', async (context) => {
    const { server, token } = await started(context)
    for (const id of ['a b;"c"', '\u00fcn\u00ef', 'x'.repeat(1024)]) {
      const body = JSON.stringify(ask(alice, 'read', first))
      const head = [
        'POST /access/v1/evaluation HTTP/1.1',
        'Host: x',
        'Connection: close',
        `Authorization: Bearer ${token}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        `X-Request-ID: ${id}`,
      ]
      const request = `${head.join('\r\n')}\r\n\r\n${body}`
      const answer = await exchange(server.url, Buffer.from(request, 'latin1'))
      assert.ok(answer.toLowerCase().includes(`x-request-id: ${id}\r\n`), `${id}: ${answer.slice(0, 1500)}`)
    }
  })
})
