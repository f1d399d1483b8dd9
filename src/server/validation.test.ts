import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { testServer } from './server.fixture.ts'

test('a request is held to its schema as it came, and told all that is wrong with it', async (context) => {
  const server = await testServer(context)
  const token = await server.token('administer', 'read')
  const post = async (body: object) => {
    const init = { method: 'POST', token, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const answer = await server.ask('/v1/exceptions', init)
    const { error, problems = [] } = (await answer.json()) as {
      error: string
      problems?: { at: string; message: string }[]
    }
    return { status: answer.status, error, problems: problems.map(({ at, message }) => `${at} ${message}`) }
  }
  const { status, error, problems } = await post({ reason: 7, untill: 1 })
  assert.deepEqual([status, error], [400, 'request_invalid'])
  assert.ok(
    problems.some((each) => each.startsWith('body/reason') && each.includes('string')),
    problems.join('\n'),
  )
  assert.ok(
    problems.some((each) => each.includes('additional') && each.includes('untill')),
    problems.join('\n'),
  )
  assert.ok(problems.some((each) => each.includes('required')))

  // an address has nothing but texts
  assert.equal((await server.ask('/v1/shadow?limit=10', { token })).status, 200)
  for (const query of ['limit=0', 'limit=x', 'limit=1e999', 'limit=10&limit=20', 'nothing=1', 'change=none'])
    assert.equal((await server.ask(`/v1/shadow?${query}`, { token })).status, 400, query)
})
