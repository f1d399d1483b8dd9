/**
 * Random walks over the pages of a whole server, in two browsers, by somebody who knows every secret and does things in any order.
 * Held against a small model: a session is worth no more than what was rightly shown in its browser, and grows by fresh proofs alone.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import * as client from 'openid-client'
import { shown, type Proof } from '#authn/session.ts'
import { ACR_OF_STRENGTH } from '#contract/decision.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import { readFileSync } from 'node:fs'
import { systemClock } from '#lib/clock.ts'
import { loadPolicy } from '#policy/load.ts'
import { hashOf } from '#server/provider/cookies.ts'
import { SECRET, startPeople } from './people.fixture.ts'
import { enrolledKey, NAMES, Walker, type Secrets, type Shown, type Step } from './walker.fixture.ts'

/** `npm run torture` walks three hundred times. */
const WALKS = Number(process.env['AMBIT_WALKS'] ?? 8)
const STEPS = 30

const text = readFileSync(new URL('../../src/policy/default.yaml', import.meta.url), 'utf8')
const { authenticators: worths } = await loadPolicy({ text, file: 'default.yaml' }, text)
const rank = (strength: Strength): number => STRENGTHS.indexOf(strength)
const rankOfAcr = (acr: string): number => STRENGTHS.findIndex((each) => ACR_OF_STRENGTH[each].includes(acr))

/** The most that things of these kinds are worth, by hand: what the key of these tests is, no maker vouches for. */
function mostOf(factors: ReadonlySet<string>): Strength {
  if (factors.has('passkey')) return 'phishing_resistant'
  const had = ['totp', 'email_code', 'recovery_code'].some((each) => factors.has(each))
  if (factors.has('password') && had) return 'two_factor'
  return factors.size > 0 ? 'single_factor' : 'none'
}

type Move =
  | { readonly browser: 0 | 1; readonly step: Step }
  | { readonly disables: 'ben' | 'cleo' }
  | { readonly enables: 'ben' | 'cleo' }
  | { readonly waits: number }

const right = fc.boolean()
const name = fc.constantFrom(...NAMES)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('authorize' as const),
      acr: fc.constantFrom(-1, -1, 0, 1, 2, 3),
      prompt: fc.constantFrom('' as const, '' as const, 'none' as const, 'login' as const),
      maxAge: fc.constantFrom('', '', '0', '60'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('identify' as const), name }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom('password', 'totp', 'answer', 'recovery-code').map((each) => each as 'totp'),
      right,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('passkey' as const),
      of: fc.constantFrom('ben' as const, 'cleo' as const, 'nobody' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc
        .constantFrom('send', 'send', 'back', 'restart', 'abort', 'consent', 'reload', 'repeat', 'swap')
        .map((each) => each as 'send'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('account' as const),
      act: fc.constantFrom(
        'see' as const,
        'totp' as const,
        'totp-confirm' as const,
        'recovery-codes' as const,
        'remove' as const,
        'end-others' as const,
        'sign-out' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('recover' as const),
      act: fc.constantFrom(
        'begin' as const,
        'send' as const,
        'answer' as const,
        'saved-code' as const,
        'complete' as const,
      ),
      name,
    }),
  },
)
/** Ways that lead somewhere, so that walks get far enough to do harm. */
const ways: readonly (readonly Step[])[] = [
  [
    { does: 'authorize', acr: -1, prompt: '', maxAge: '' },
    { does: 'identify', name: 'ben' },
    { does: 'password', right: true },
  ],
  [
    { does: 'authorize', acr: -1, prompt: '', maxAge: '' },
    { does: 'identify', name: 'ben' },
    { does: 'send' },
    { does: 'answer', right: true },
    { does: 'consent' },
  ],
  [{ does: 'authorize', acr: 2, prompt: '', maxAge: '' }, { does: 'passkey', of: 'cleo' }, { does: 'consent' }],
  [
    { does: 'account', act: 'see' },
    { does: 'account', act: 'totp' },
    { does: 'account', act: 'totp-confirm' },
    { does: 'account', act: 'recovery-codes' },
  ],
  // one person begins, and another goes on
  [
    { does: 'authorize', acr: 2, prompt: '', maxAge: '' },
    { does: 'identify', name: 'ben' },
    { does: 'password', right: true },
    { does: 'passkey', of: 'cleo' },
  ],
  // little is shown, and then much is asked for
  [
    { does: 'authorize', acr: -1, prompt: '', maxAge: '' },
    { does: 'identify', name: 'ben' },
    { does: 'send' },
    { does: 'answer', right: true },
    { does: 'consent' },
    { does: 'authorize', acr: 2, prompt: '', maxAge: '' },
    { does: 'passkey', of: 'ben' },
  ],
]
const who = fc.constantFrom('ben' as const, 'cleo' as const)
const browser = fc.constantFrom(0 as const, 1 as const)
const moves: fc.Arbitrary<readonly Move[]> = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.tuple(browser, step).map(([at, it]): Move[] => [{ browser: at, step: it }]) },
      {
        weight: 4,
        arbitrary: fc
          .tuple(browser, fc.constantFrom(...ways))
          .map(([at, way]): Move[] => way.map((it) => ({ browser: at, step: it }))),
      },
      { weight: 1, arbitrary: who.map((it): Move[] => [{ disables: it }]) },
      { weight: 1, arbitrary: who.map((it): Move[] => [{ enables: it }]) },
      { weight: 1, arbitrary: fc.constantFrom(31_000, 360_000).map((it): Move[] => [{ waits: it }]) },
    ),
    { minLength: STEPS / 2, maxLength: STEPS, size: 'max' },
  )
  .map((all) => all.flat())

async function started(context: TestContext) {
  let ahead = 0
  const now = () => systemClock() + ahead
  const people = await startPeople(context, { clock: now })
  const config = await client.discovery(new URL(`${people.origin}/oidc`), 'app', SECRET, undefined, {
    execute: [client.allowInsecureRequests],
  })
  const keys = { ben: await enrolledKey(people, 'ben', 'ada'), cleo: await enrolledKey(people, 'cleo', 'ada') }
  const { sql } = people.server.context.database
  // as if he had set it himself, with two factors
  await sql.updateTable('authenticators').set({ bound_at_aal: 2 }).where('account', '=', 'shop:ben').execute()
  const before = await sql.selectFrom('authenticators').selectAll().execute()
  const passed = async (ms: number) => void (ahead += ms)
  /** as it was before any walk; the store keeps its audit, its keys and its people. Ben has a password or a key. */
  async function anew(ben: 'password' | 'passkey' = 'password'): Promise<Secrets> {
    const tables = [
      'sessions',
      'sign_ins',
      'challenges',
      'budgets',
      'browsers',
      'send_limits',
      'account_states',
      'recoveries',
      'oidc_records',
      'oidc_sessions',
      'authenticators',
    ] as const
    for (const table of tables) await sql.deleteFrom(table).execute()
    const enrolled = before.filter(({ account, kind }) => account !== 'shop:ben' || kind === ben)
    await sql.insertInto('authenticators').values(enrolled).execute()
    return { keys, totp: null, recovery: [], now }
  }
  return { people, config, sql, now, passed, anew }
}

test('no walk over the pages yields a session above what was shown, or an answer that is our fault', async (context) => {
  const { people, config, sql, now, passed, anew } = await started(context)
  let [sessions, tokens, raised] = [0, 0, 0]

  /** Every session that is alive, held against what its browser showed. */
  async function look(walkers: readonly Walker[], seen: Map<string, number>, since: number): Promise<void> {
    const rows = await sql
      .selectFrom('sessions')
      .leftJoin('account_states', 'account_states.account', 'sessions.account')
      .selectAll('sessions')
      .select(['status', 'account_states.epoch as current'])
      .where('ended_at', 'is', null)
      .where('ends_at', '>', now())
      .execute()
    for (const row of rows) {
      if ((row.status ?? 'active') !== 'active' || row.epoch !== (row.current ?? 0)) continue
      const walker = walkers.find(({ cookies }) => hashOf(cookies.get('__Host-ambit-browser') ?? '') === row.browser)
      assert.ok(walker !== undefined, 'a session of no browser')
      const proofs = JSON.parse(row.proofs) as Proof[]
      const rightly = new Set(
        walker.shown.filter(({ account }) => account === row.account).map((it: Shown) => it.factor),
      )
      for (const { factor } of proofs) assert.ok(rightly.has(factor), `${row.account}: ${factor} was never shown`)
      const { strength } = shown(proofs, worths)
      assert.ok(rank(strength) > 0 && rank(strength) <= rank(mostOf(rightly)), `${row.account} is ${strength}`)
      assert.notEqual(row.account, 'shop:ada') // her reach asks for a key that is not hers
      const was = seen.get(row.id)
      if (was === undefined) sessions++
      else if (rank(strength) > was) {
        raised++
        assert.ok(
          proofs.some(({ at }) => at >= since),
          'raised without a fresh proof',
        )
      }
      seen.set(row.id, rank(strength))
    }
  }

  /** A code that reached the application is redeemed, and the tokens are held against the session and what was asked. */
  async function redeem(walker: Walker, seen: Map<string, number>): Promise<void> {
    const { left, asked } = walker
    walker.left = null
    if (left === null || asked === null || !left.searchParams.has('code')) return
    const issued = await client.authorizationCodeGrant(config, left, asked.checks).catch(() => null)
    if (issued === null) return
    tokens++
    const { sub, acr: said, auth_time: at } = issued.claims()!
    const acr = typeof said === 'string' ? said : ''
    const best = Math.max(...seen.values())
    assert.ok(rankOfAcr(acr) <= best, `${sub} has ${acr}`)
    if (asked.acr !== undefined) assert.ok(rankOfAcr(acr) >= rankOfAcr(asked.acr), `${asked.acr}: ${acr}`)
    if (asked.maxAge !== undefined) assert.ok(Number(at) >= asked.at / 1000 - asked.maxAge - 1)
  }

  await fc.assert(
    fc.asyncProperty(moves, fc.constantFrom('password' as const, 'passkey' as const), async (walk, ben) => {
      const secrets = await anew(ben)
      const walkers = [new Walker(people, config, secrets), new Walker(people, config, secrets)]
      const seen = new Map<string, number>()
      for (const move of walk) {
        const since = now()
        if ('waits' in move) await passed(move.waits)
        else if ('browser' in move) {
          const walker = walkers[move.browser]!
          await walker.do(move.step, walkers[1 - move.browser]!)
          assert.ok(
            walker.status < 500,
            `${JSON.stringify(move)}: ${walker.status} ${walker.html} ${people.server.logged.slice(-3).join('\n')}`,
          )
          await look(walkers, seen, since)
          await redeem(walker, seen)
        } else {
          const [to, account] = 'disables' in move ? ['disable', move.disables] : ['enable', move.enables]
          await people.json('POST', `/v1/people/shop:${account}/${to}`, {})
          await look(walkers, seen, since)
        }
      }
    }),
    { numRuns: WALKS, endOnFailure: process.env['AMBIT_WALKS'] === undefined },
  )
  context.diagnostic(`${WALKS} walks: ${sessions} sessions, ${raised} raised, ${tokens} redemptions`)
  assert.ok(sessions > 0)
})

test('one person after another signs in in one browser, whether or not the first signed out', async (context) => {
  const { people, config, anew } = await started(context)
  const walker = new Walker(people, config, await anew())
  const other = new Walker(people, config, await anew())
  const walk = async (...steps: readonly Step[]) => {
    for (const each of steps) await walker.do(each, other)
    const { left, asked } = walker
    assert.ok(left?.searchParams.has('code'), `${walker.status} ${walker.html}`)
    return (await client.authorizationCodeGrant(config, left!, asked!.checks)).claims()!.sub
  }
  const asked = { does: 'authorize', acr: -1, prompt: '', maxAge: '' } as const
  const cleo: readonly Step[] = [{ does: 'passkey', of: 'cleo' }]
  const ben: readonly Step[] = [
    { does: 'identify', name: 'ben' },
    { does: 'password', right: true },
  ]
  assert.equal(await walk(asked, ...cleo, { does: 'consent' }), 'shop:cleo')
  // she goes away, and he says that he is another
  assert.equal(await walk({ ...asked, prompt: 'login' }, { does: 'restart' }, ...ben, { does: 'consent' }), 'shop:ben')
  await walker.do({ does: 'account', act: 'see' }, other)
  await walker.do({ does: 'account', act: 'sign-out' }, other)
  assert.equal(await walk(asked, ...cleo, { does: 'consent' }), 'shop:cleo')
})

test('an application that asks for a sign-in has one, and a session that is good enough stays what it is', async (context) => {
  const { people, config, sql, anew } = await started(context)
  const walker = new Walker(people, config, await anew())
  const walk = async (...steps: readonly Step[]) => {
    for (const each of steps) await walker.do(each, walker)
  }
  const alive = () => sql.selectFrom('sessions').select(['id', 'proofs']).where('ended_at', 'is', null).execute()
  const asked = { does: 'authorize', acr: -1, prompt: '', maxAge: '' } as const
  const ben = [{ does: 'identify', name: 'ben' } as const, { does: 'password', right: true } as const]
  await walk(asked, ...ben, { does: 'consent' })
  const [first] = await alive()
  await walk({ ...asked, prompt: 'login' })
  assert.equal(walker.left, null)
  assert.match(walker.html, /asks you to show once more that it is you/)
  await walk({ does: 'reload' }, { does: 'reload' })
  assert.equal(walker.left, null)
  assert.deepEqual(await alive(), [first])
  await walk({ does: 'password', right: true })
  const { left, asked: then } = walker
  const { sub } = (await client.authorizationCodeGrant(config, left!, then!.checks)).claims()!
  const [session, ...others] = await alive()
  assert.deepEqual([sub, session?.id, others.length], ['shop:ben', first?.id, 0])
  assert.equal((JSON.parse(session!.proofs) as Proof[]).length, 2)
})
