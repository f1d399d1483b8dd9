/**
 * Whether the time of an answer tells that an account is there: the same wrong answer for an account and for a name that nobody has,
 * in turn, at the pages of a whole server, compared by the rank-sum test of Mann and Whitney.
 */
import type { TestContext } from 'node:test'
import * as client from 'openid-client'
import { Person } from '../test/e2e/person.fixture.ts'
import { REDIRECT, SECRET, startPeople } from '../test/e2e/people.fixture.ts'
import type { Measured } from './timing.ts'

const ROUNDS = 200

/** Two-sided p of the rank-sum test, by its normal approximation (no ties in times of microseconds). */
function rankSum(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, own: 1 })), ...b.map((value) => ({ value, own: 0 }))]
  all.sort((x, y) => x.value - y.value)
  const ranks = all.reduce((sum, { own }, i) => sum + own * (i + 1), 0)
  const [m, n] = [a.length, b.length]
  const u = ranks - (m * (m + 1)) / 2
  const z = Math.abs(u - (m * n) / 2) / Math.sqrt((m * n * (m + n + 1)) / 12)
  // Abramowitz and Stegun 26.2.17
  const t = 1 / (1 + 0.2316419 * z)
  const tail = ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) * t
  return (2 * tail * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

export async function timeEnumeration(): Promise<Omit<Measured, 'peakMb'>> {
  const ends: (() => unknown)[] = []
  const context = { after: (end: () => unknown) => void ends.push(end) } as unknown as TestContext
  try {
    const { origin, server } = await startPeople(context)
    const { sql } = server.context.database
    const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, {
      execute: [client.allowInsecureRequests],
    })
    const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier())
    const asked = { redirect_uri: REDIRECT, scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }
    const begun = async (name: string) => {
      const person = new Person(origin)
      await person.go(client.buildAuthorizationUrl(config, asked).href)
      await person.submit('identify', { identifier: `${name}@example.org` })
      return person
    }
    const people = { known: await begun('ben'), unknown: await begun('zoe') }
    const steps: readonly (readonly [string, Record<string, string>])[] = [
      ['password', { password: 'wrong horse battery staple' }],
      ['recovery-code', { code: 'AAAA-BBBB-CCCC-DDDD' }],
      ['answer', { code: '00000000' }],
    ]
    const notes: Record<string, number> = {}
    for (const [step, fields] of steps) {
      if (step === 'answer') for (const person of Object.values(people)) await person.submit('send')
      const times = { known: [] as number[], unknown: [] as number[] }
      for (let round = -20; round < ROUNDS; round++) {
        // guesses anew, so that each answer is compared; and by turns, so that neither is always the first
        await sql.updateTable('budgets').set({ hour_count: 0, day_count: 0, run_count: 0 }).execute()
        await sql.updateTable('challenges').set({ checks_left: 3 }).execute()
        for (const who of round % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)) {
          const start = performance.now()
          await people[who].submit(step, fields)
          if (round >= 0) times[who].push(performance.now() - start)
        }
      }
      notes[`${step}: median ms, known`] = Math.round(median(times.known) * 100) / 100
      notes[`${step}: median ms, unknown`] = Math.round(median(times.unknown) * 100) / 100
      notes[`${step}: p`] = Math.round(rankSum(times.known, times.unknown) * 1000) / 1000
    }
    return { wallMs: 0, cpuMs: 0, notes }
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}
