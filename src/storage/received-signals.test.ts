import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { RiskLevel } from '#contract/decision.ts'
import { dropIdentifier } from './authenticators-lost.ts'
import { authenticatorStore } from './authenticators.ts'
import { accountStateStore } from './account-states.ts'
import { identifierStore } from './identifiers.ts'
import { lowerWord, noteReceived, raiseWord, type Place } from './received-signals.ts'
import { signalStore } from './risk.ts'
import { sessionStore } from './sessions.ts'
import { onEveryStore } from './stores.fixture.ts'

const place = (account: string): Place => ({
  account,
  source: 'https://idp',
  slot: 'risk',
  session: null,
  device: null,
})
const FOR_EVER = Number.MAX_SAFE_INTEGER

interface Said {
  readonly at: number
  readonly level: RiskLevel | 'none'
}

/** What stands in the end, by definition: the last word; of those of one moment the worst. */
function standingOf(words: readonly Said[]): RiskLevel | 'none' {
  const rank = ({ level }: Said) => ['none', 'low', 'medium', 'high'].indexOf(level)
  const last = words.toSorted((a, b) => a.at - b.at || rank(a) - rank(b)).at(-1)
  return last?.level ?? 'none'
}

onEveryStore('The latest word of a sender stands, in whatever order they come', async ({ open }) => {
  const database = await open()
  let count = 0
  const said = fc.record({
    at: fc.integer({ min: 1, max: 4 }),
    level: fc.constantFrom<Said['level'][]>('none', 'medium', 'high'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 6 }), async (words) => {
      const account = `a${count++}`
      for (const { at, level } of words) {
        if (level === 'none') await lowerWord(database.sql, place(account), at, 10)
        else
          await raiseWord(database.sql, place(account), { kind: 'risk', level, evidence: {}, at, endsAt: FOR_EVER }, 10)
      }
      const standing = await signalStore(database).standing(account, 10)
      assert.equal(standing[0]?.level ?? 'none', standingOf(words))
    }),
    { numRuns: 60 },
  )
})

onEveryStore('Of many that bring one event at once, one is the first', async ({ open }) => {
  const nodes = [await open(), await open()]
  const event = { issuer: 'https://idp', jti: 'one' }
  const first = await Promise.all(
    Array.from({ length: 20 }, (_, i) => nodes[i % 2]!.transaction((sql) => noteReceived(sql, event, 10))),
  )
  assert.equal(first.filter(Boolean).length, 1)
  assert.equal(await noteReceived(nodes[0]!.sql, { ...event, issuer: 'https://other' }, 10), true)
})

onEveryStore("A channel that changed hands is nobody's, and what lives on it is suspended", async ({ open }) => {
  const database = await open()
  const [identifiers, authenticators] = [identifierStore(database), authenticatorStore(database)]
  const mail = { kind: 'mail', canonical: 'ada@example.com', shown: 'ada@example.com', account: 'ada' } as const
  await identifiers.add({ ...mail, verifiedAt: 1, addedAt: 1, boundAtAal: 2 })
  const enrolled = { kind: 'totp', name: '', state: 'active', boundAtAal: 1, material: '', counter: 0 } as const
  const rest = { lookup: null, addedAt: 1, expiresAt: null, usedAt: null }
  await authenticators.enrol({ id: 'x', account: 'ada', channel: 'ada@example.com', ...enrolled, ...rest })
  await authenticators.enrol({ id: 'y', account: 'ada', channel: null, ...enrolled, ...rest })
  assert.deepEqual(await dropIdentifier(database.sql, mail, 2), ['ada'])
  assert.equal(await identifiers.find('mail', 'ada@example.com'), null)
  const states = (await authenticators.listOf('ada')).map(({ id, state }) => [id, state])
  assert.deepEqual(states, [
    ['x', 'suspended'],
    ['y', 'active'],
  ])
})

onEveryStore(
  'An account that a sender disabled has no session here, until the sender takes that back',
  async ({ open }) => {
    const database = await open()
    const [accounts, sessions] = [accountStateStore(database), sessionStore(database)]
    const times = { startedAt: 1, usedAt: 1, endsAt: 1000, idleMs: null }
    await sessions.begin({ id: 's', account: 'ada', epoch: 0, browser: 'b', proofs: [], ...times }, 'token')
    const disabled = { kind: 'account_disabled', level: 'high', evidence: {}, at: 5, endsAt: FOR_EVER } as const
    await raiseWord(database.sql, place('ada'), disabled, 5)
    assert.equal((await accounts.stateOf('ada')).status, 'disabled')
    assert.equal(await sessions.resume('token', 6), null)
    assert.equal(await sessions.find('s', 6), null)
    await lowerWord(database.sql, place('ada'), 6, 6)
    assert.equal((await accounts.stateOf('ada')).status, 'active')
    assert.notEqual(await sessions.resume('token', 7), null)
  },
)
