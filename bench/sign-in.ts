/**
 * Whole sign-ins at saturation: so many people at once, each from the application to the page, the password, the consent and the tokens,
 * and again. No answer may be an error, and the memory of the server, which is this process, may not grow with the sign-ins.
 */
import type { TestContext } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as client from 'openid-client'
import { Person } from '../test/e2e/person.fixture.ts'
import { PASSWORD, REDIRECT, SECRET, startPeople } from '../test/e2e/people.fixture.ts'
import type { Measured } from './timing.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const PEOPLE = 48
const MS = 20_000

const INVENTORY = `
ambit: 1
name: A shop
at: 2026-11-01T00:00:00Z
systems: [{id: shop, name: Shop}]
resources: [{id: shop:catalogue, name: Catalogue, system: shop, sensitivity: low}]
accounts:
${Array.from({ length: PEOPLE }, (_, i) => `  - {id: shop:c${i}, kind: human, population: customer, system: shop, authenticators: [password], waysIn: [{purpose: sign_in, requires: password, session: {overallSeconds: 3600}}]}`).join('\n')}
`

export async function timeSignIn(): Promise<Omit<Measured, 'peakMb'>> {
  const ends: (() => unknown)[] = []
  const context = { after: (end: () => unknown) => void ends.push(end) } as unknown as TestContext
  try {
    const { origin, server, token, json } = await startPeople(context)
    const headers = { 'content-type': 'application/yaml' }
    const taken = await server.ask('/v1/inventory', { method: 'PUT', token, body: INVENTORY, headers })
    if (!taken.ok) throw new Error(await taken.text())
    const names = Array.from({ length: PEOPLE }, (_, i) => `c${i}`)
    for (const name of names) {
      const identifiers = [{ kind: 'mail', value: `${name}@example.org`, verified: true }]
      const { status, body } = await json('PUT', `/v1/people/shop:${name}`, { identifiers, password: PASSWORD })
      if (status !== 200) throw new Error(JSON.stringify(body))
    }
    const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, {
      execute: [client.allowInsecureRequests],
    })
    const signIn = async (name: string): Promise<void> => {
      const person = new Person(origin)
      const verifier = client.randomPKCECodeVerifier()
      const challenge = await client.calculatePKCECodeChallenge(verifier)
      const asked = {
        redirect_uri: REDIRECT,
        scope: 'openid',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }
      await person.go(client.buildAuthorizationUrl(config, asked).href)
      await person.submit('identify', { identifier: `${name}@example.org` })
      await person.submit('password', { password: PASSWORD })
      await person.submit('consent')
      const checks = { pkceCodeVerifier: verifier }
      const { sub } = (await client.authorizationCodeGrant(config, person.left!, checks)).claims()!
      if (sub !== `shop:${name}`) throw new Error(`${sub} was signed in instead of ${name}`)
    }
    const memory: number[] = []
    const times: number[] = []
    const cpu = process.cpuUsage()
    for (let half = 0; half < 2; half++) {
      const end = performance.now() + MS / 2
      await Promise.all(
        names.map(async (name) => {
          while (performance.now() < end) {
            const start = performance.now()
            await signIn(name)
            times.push(performance.now() - start)
          }
        }),
      )
      collect()
      memory.push(Math.round(process.memoryUsage().heapUsed / 2 ** 20))
    }
    const { user, system } = process.cpuUsage(cpu)
    const sorted = times.toSorted((a, b) => a - b)
    return {
      wallMs: MS,
      cpuMs: (user + system) / 1000,
      notes: {
        'people at once': PEOPLE,
        'sign-ins': times.length,
        errors: 0,
        'sign-ins per second': Math.round(times.length / (MS / 1000)),
        'p50 ms': Math.round(sorted[Math.floor(sorted.length / 2)]!),
        'p99 ms': Math.round(sorted[Math.floor(sorted.length * 0.99)]!),
        'heap MB half way': memory[0]!,
        'heap MB at the end': memory[1]!,
      },
    }
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}
