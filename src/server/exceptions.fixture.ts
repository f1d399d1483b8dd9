/** For tests: people who may be excused, and somebody who may approve it. */
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { RuntimeException } from '#contract/exception.ts'
import { SAFEGUARDS } from '#contract/vocabulary.ts'
import { latestEntries } from '#storage/audit-read.ts'
import { testFolder, testServer, type TestServer } from './server.fixture.ts'

/** When the tests begin; milliseconds since 1970. */
export const NOW = Date.parse('2026-11-02T12:00:00Z')
export const day = (days: number) => new Date(NOW + days * 86_400_000).toISOString()

/** Bea pays out with a code; Cai and Dov, who may do the same, are not Bea; Eve may do nothing. */
export const inventory = (controls: readonly string[] = SAFEGUARDS, more = '') => `
ambit: 1
at: 2026-11-01T00:00:00Z
defaults:
  account: {kind: human, population: workforce, enabled: true}
resources:
  - {id: pay:till, name: Till, sensitivity: moderate}
  - {id: pay:books, name: Books, sensitivity: high}
accounts:
${['bea', 'cai', 'dov', 'eve']
  .map(
    (name) => `
  - id: idp:${name}
    name: ${name}
    authenticators: [password, sms_code]
    waysIn: [{id: "way:${name}", purpose: sign_in, requires: {all: [password, sms_code]}, controls: [${controls.join(', ')}]}]`,
  )
  .join('')}
entitlements:
${['bea', 'cai', 'dov'].map((name) => `  - {holder: "idp:${name}", on: pay:till, capabilities: [approve_payments], right: pay}`).join('\n')}
${more}
`

/** What Dov asks for Bea. */
export const asked = {
  requester: 'idp:dov',
  subjects: ['idp:bea'],
  capabilities: ['approve_payments'],
  reason: 'the till has no reader for keys',
  owner: 'idp:dov',
  start: day(0),
  end: day(30),
  review: day(10),
  rationale: 'small sums',
  comparability: 'five safeguards',
  residualRisk: 'a swapped SIM',
  migrationPlan: 'readers come in spring',
}

/** A server with that inventory, or several on one store; time passes by hand. */
export async function exceptionServers(context: TestContext, { nodes = 1, config = '' } = {}) {
  const store = join(testFolder(context), 'ambit.db')
  let now = NOW
  const clock = () => now
  const servers: TestServer[] = []
  for (let index = 0; index < nodes; index++) {
    servers.push(await testServer(context, { clock, store, config: `audit: { node: n${index} }\n${config}` }))
  }
  const [server] = servers as [TestServer]
  const tokens = {
    one: await server.token('administer', 'read', 'ingest'),
    two: await server.token('administer', 'read'),
  }
  for (const each of servers) await each.context.tokens.reload()
  const put = async (text: string) => {
    const answer = await server.ask('/v1/inventory', {
      method: 'PUT',
      body: text,
      headers: { 'content-type': 'application/yaml' },
      token: tokens.one,
    })
    assert.equal(answer.status, 200, await answer.text())
  }
  await put(inventory())
  const post = async (path: string, body: object, token = tokens.one, at = server) => {
    const answer = await at.ask(`/v1/exceptions${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      token,
    })
    return { status: answer.status, body: (await answer.json()) as RuntimeException & { error?: unknown } }
  }
  const recorded = async () =>
    (await latestEntries(server.context.audit.store, 100, ({ record }) => record.kind === 'exception')).map(
      ({ record }) => (record.kind === 'exception' ? record.did : ''),
    )
  return { server, servers, tokens, put, post, recorded, clock, pass: (days: number) => (now += days * 86_400_000) }
}
