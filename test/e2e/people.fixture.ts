/** A whole server for people, with a mail server on loopback, for tests that walk its pages. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Clock } from '#lib/clock.ts'
import { startMailServer } from '#delivery/smtp.fixture.ts'
import { until } from '#lib/until.fixture.ts'
import { testServer } from '#server/server.fixture.ts'

export const SECRET = 'app-secret-app-secret-app-secret-1'
export const REDIRECT = 'https://app.example.org/cb'
export const PASSWORD = 'correct horse battery staple'

/** One for all servers of a process, so that two can share a store. */
const KEY = randomBytes(32).toString('base64')

/** Ben looks at a catalogue, Cleo pays, Ada and Gus administer. */
const INVENTORY = `
ambit: 1
name: A shop
at: 2026-11-01T00:00:00Z
systems: [{id: shop, name: Shop}]
resources:
  - {id: shop:catalogue, name: Catalogue, system: shop, sensitivity: low}
  - {id: shop:payments, name: Payments, system: shop, sensitivity: moderate}
  - {id: shop:platform, name: Platform, system: shop, sensitivity: high}
accounts:
  - id: shop:ben
    kind: human
    population: customer
    system: shop
    authenticators: [password, totp, email_code]
    waysIn: [{purpose: sign_in, requires: email_code, session: {overallSeconds: 3600}}]
  - id: shop:cleo
    kind: human
    population: workforce
    system: shop
    authenticators: [{kind: passkey, userVerification: true}]
    waysIn: [{purpose: sign_in, requires: passkey, session: {overallSeconds: 3600, idleSeconds: 900}}]
  - &admin
    id: shop:ada
    kind: human
    population: workforce
    system: shop
    authenticators: [{kind: security_key, attestation: verified, keyProtection: hardware, fips140Level: 2, userVerification: true}]
    waysIn: [{purpose: sign_in, requires: security_key, session: {overallSeconds: 3600, idleSeconds: 900}}]
  - {<<: *admin, id: shop:gus}
entitlements:
  - {holder: shop:ben, on: shop:catalogue, capabilities: [read_sensitive_data], right: read}
  - {holder: shop:cleo, on: shop:payments, capabilities: [approve_payments], right: pay}
  - {holder: shop:ada, on: shop:platform, capabilities: [administer], right: administer}
  - {holder: shop:gus, on: shop:platform, capabilities: [administer], right: administer}
`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What a test changes of the server. */
export interface PeopleOptions {
  readonly clock?: Clock
  readonly store?: string
  /** more clients, each in YAML */
  readonly clients?: readonly string[]
  /** more APIs, in YAML, each after a comma */
  readonly resources?: string
  /** factors that are switched on, in YAML */
  readonly factors?: string
  /** what the inventory becomes */
  readonly inventory?: (text: string) => string
  /** more of the configuration, after the section `people`; indented, it is still of that section */
  readonly more?: string
}

export async function startPeople(context: TestContext, options: PeopleOptions = {}) {
  const mail = await startMailServer()
  context.after(() => mail.close())
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const { more = '', clients = [], ...where } = options
  const server = await testServer(context, {
    ...where,
    port,
    config: `
publicUrl: ${origin}
people:
  brand: Example
  keys: [{id: k1, secret: '${KEY}'}]
  clients:
    - {id: app, secret: ${SECRET}, name: The shop, redirectUris: ['${REDIRECT}']}
    - {id: tv, name: The shop on television, devices: true}
${clients.map((each) => `    - ${each}\n`).join('')}  clientNetworks: [127.0.0.0/8, '::1/128']
  resources: {'https://shop.example': {scope: shop}${options.resources ?? ''}}
  factors: ${options.factors ?? '[passkey, password, totp, email_code, recovery_code]'}
  smtp: {host: 127.0.0.1, port: ${mail.port}, security: none, from: codes@example.org}
${more}
`,
  })
  const token = await server.token('ingest', 'administer')
  const json = async (method: string, path: string, body: unknown, by = token) => {
    const init = { method, token: by, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await server.ask(path, init)
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }
  const taken = await server.ask('/v1/inventory', {
    method: 'PUT',
    token,
    body: (options.inventory ?? ((text) => text))(INVENTORY),
    headers: { 'content-type': 'application/yaml' },
  })
  assert.ok(taken.ok, await taken.text())
  for (const name of ['ben', 'cleo', 'ada']) {
    const identifiers = [{ kind: 'mail', value: `${name}@example.org`, verified: true }]
    const person = await json('PUT', `/v1/people/shop:${name}`, {
      identifiers,
      ...(name === 'cleo' ? {} : { password: PASSWORD }),
    })
    assert.equal(person.status, 200, JSON.stringify(person.body))
  }
  const mails = async (count: number) => {
    await until(
      () => mail.mails.length >= count,
      () => `${mail.mails.length} mails came of ${count}`,
    )
    return mail.mails
  }
  return { server, mail, mails, origin, token, json }
}
