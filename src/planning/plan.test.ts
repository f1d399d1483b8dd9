import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import fc from 'fast-check'
import { analyse } from '#analysis/analyse.ts'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Plan } from '#contract/plan.ts'
import type { Fact } from '#model/facts.ts'
import { checkInventory, refuseErrors, type CheckedInventory } from '#model/inventory.ts'
import { verifyReport } from '#verify/check-report.ts'
import { createHash } from 'node:crypto'
import { assess } from './assess.ts'
import { catalogueOf } from './catalogue.ts'
import { editorOf } from './edit.ts'
import { loadSolver } from './solver.ts'
import { lockOutsOf } from './lock-out.ts'
import { inOrder } from './order.ts'
import { planFor } from './plan.ts'
import { fallsTo, standingIn } from './standing.ts'

const solver = await loadSolver()
const policy = await readPolicyFile()
const limits = { solver, now: () => 0, until: 60_000 }

function inventoryOf(facts: readonly Fact[]): CheckedInventory {
  const placed = facts.map((fact, i) => ({ fact, place: { file: 'test', line: i + 1 } }))
  const checked = checkInventory({ at: '2026-11-01T00:00:00Z', sources: [], facts: placed, diagnostics: [] })
  refuseErrors(checked.diagnostics)
  return checked
}

interface Person {
  readonly id: string
  readonly signIn: 'totp' | 'sms_code' | 'key' | 'passkey'
  readonly recovery: 'email_link' | 'recovery_code' | null
  readonly group: number | null
  readonly long: boolean
  /** asks for no password */
  readonly bare?: boolean
}

/** A person as facts, with sign-in and recovery as stated. */
function personFacts({ id, signIn, recovery, group, long, bare = false }: Person): Fact[] {
  const strong = signIn === 'key' || signIn === 'passkey'
  const second: Fact = strong
    ? {
        fact: 'authenticator',
        id: `${id}/second`,
        kind: signIn === 'key' ? 'security_key' : 'passkey',
        of: [id],
        userVerification: true,
        synced: signIn === 'passkey',
        ...(signIn === 'key' ? { attestation: 'verified', keyProtection: 'hardware', fips140Level: 2 } : {}),
      }
    : { fact: 'authenticator', id: `${id}/second`, kind: signIn, of: [id], duties: DUTIES }
  const facts: Fact[] = [
    {
      fact: 'account',
      id,
      kind: 'human',
      population: 'workforce',
      ...(group === null ? {} : { memberOf: [`g${group}`] }),
    },
    { fact: 'authenticator', id: `${id}/password`, kind: 'password', of: [id] },
    second,
    {
      fact: 'wayIn',
      id: `${id}/sign-in`,
      account: id,
      purpose: 'sign_in',
      requires: bare ? `${id}/second` : { all: [`${id}/password`, `${id}/second`] },
      session: { overallSeconds: long ? 2_592_000 : 28_800, idleSeconds: long ? 2_592_000 : 600 },
    },
  ]
  if (recovery === null) return facts
  return [
    ...facts,
    { fact: 'authenticator', id: `${id}/back`, kind: recovery, of: [id] },
    { fact: 'wayIn', id: `${id}/recovery`, account: id, purpose: 'recovery', requires: `${id}/back` },
  ]
}
const DUTIES = { alternativeOffered: true, noticeGiven: true, riskAssessment: 'done', migrationPlan: 'done' }

const LEAKED: readonly Fact[] = [
  { fact: 'account', id: 'svc', kind: 'service', memberOf: ['g1'] },
  {
    fact: 'secret',
    id: 's',
    kind: 'api_token',
    opens: ['svc'],
    storedIn: ['r'],
    rotatedAt: '2026-10-01',
    leaked: { at: '2026-10-20' },
  },
]

const arbitraryFacts = fc
  .record({
    people: fc.array(
      fc.record({
        signIn: fc.constantFrom('totp', 'sms_code', 'key', 'passkey' as const),
        recovery: fc.constantFrom('email_link', 'recovery_code', null),
        group: fc.constantFrom(0, 1, null),
        long: fc.boolean(),
        bare: fc.boolean(),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    sensitivity: fc.constantFrom('low', 'moderate', 'high' as const),
    nested: fc.boolean(),
    needed: fc.boolean(),
    leaked: fc.boolean(),
  })
  .map(({ people, sensitivity, nested, needed, leaked }): Fact[] => [
    ...people.flatMap((person, i) => personFacts({ ...(person as Person), id: `p${i}` })),
    { fact: 'group', id: 'g0', ...(nested ? { memberOf: ['g1'] } : {}) },
    { fact: 'group', id: 'g1' },
    { fact: 'resource', id: 'r', sensitivity },
    { fact: 'entitlement', holder: 'g1', on: 'r', capabilities: ['change_code'], needed },
    { fact: 'entitlement', holder: 'g0', on: 'r', capabilities: ['read_sensitive_data'], needed: true },
    ...(leaked ? LEAKED : []),
  ])

const planOf = (inventory: CheckedInventory, goals = ['no-unfit'], budget?: number): Plan =>
  planFor(inventory, policy, { goals, limits, ...(budget === undefined ? {} : { budget }) })

/** Every candidate that anything in the inventory could ask for. */
function everyCandidate(inventory: CheckedInventory) {
  const base = assess(inventory, policy)
  const catalogue = catalogueOf(base, policy.costs!, true)
  inventory.facts.forEach(({ fact }, at) => {
    const keys: string[] = []
    if (fact.fact === 'wayIn') keys.push(`way:${fact.id}`, `limit:${fact.id}`)
    if (fact.fact === 'secret') keys.push(`out:${fact.id}`, `age:${fact.id}`, `place:${fact.id}`)
    if (fact.fact === 'entitlement') for (const each of fact.capabilities) keys.push(`grant:${at}\n${each}`)
    if (fact.fact === 'account' || fact.fact === 'group') {
      for (const group of fact.memberOf ?? []) keys.push(`member:${fact.id}\n${group}`)
    }
    for (const key of keys) catalogue.breaking(key)
  })
  return { base, catalogue }
}

/** The cheapest set by trying sets in order of cost: holds if nobody is unfit and nobody locked out. */
function cheapestByTrial(inventory: CheckedInventory, most: number): number {
  const { base, catalogue } = everyCandidate(inventory)
  const { candidates, costs } = catalogue
  const editor = editorOf(inventory)
  const unfit = (accounts: typeof base.accounts) => [...accounts].filter(([, { verdict }]) => verdict === 'unfit')
  const were = new Set(unfit(base.accounts).map(([id]) => id))
  const sets: { chosen: number[]; cost: number }[] = [{ chosen: [], cost: 0 }]
  candidates.forEach((_, choice) => {
    for (const { chosen, cost } of sets.slice()) {
      if (cost + costs[choice]! < most - 1e-6) sets.push({ chosen: [...chosen, choice], cost: cost + costs[choice]! })
    }
  })
  for (const { chosen, cost } of sets.toSorted((a, b) => a.cost - b.cost)) {
    const after = assess(editor.apply(inOrder(catalogue, chosen).map((choice) => candidates[choice]!)), policy)
    const left = [...after.accounts].some(
      ([id, { verdict }]) => verdict === 'unfit' || (verdict === 'unknown' && were.has(id)),
    )
    if (!left && lockOutsOf(after, (id) => base.recoverability(id)).length === 0) return cost
  }
  return most
}

test('no exhaustive search over small organisations finds a cheaper plan', () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const inventory = inventoryOf(facts)
      const plan = planOf(inventory)
      assert.equal(plan.holds, true, JSON.stringify(plan.beyond))
      assert.equal(plan.optimal, true)
      if (plan.cost > 6) return // too many sets to try
      assert.ok(Math.abs(cheapestByTrial(inventory, plan.cost) - plan.cost) < 0.02, `${plan.cost}`)
    }),
    { numRuns: 20 },
  )
})

/** The cheapest set, by trying sets in order of cost, after which no account falls to an attacker and nobody is locked out. */
function cheapestAgainst(inventory: CheckedInventory, attacker: string, most: number): number {
  const { base, catalogue } = everyCandidate(inventory)
  const editor = editorOf(inventory)
  const lane = policy.attackers.findIndex(({ name }) => name === attacker)
  const sets: { chosen: number[]; cost: number }[] = [{ chosen: [], cost: 0 }]
  catalogue.candidates.forEach(({ kind }, choice) => {
    if (kind === 'open_exception') return
    for (const { chosen, cost } of sets.slice()) {
      const more = cost + catalogue.costs[choice]!
      if (more < most - 1e-6) sets.push({ chosen: [...chosen, choice], cost: more })
    }
  })
  for (const { chosen, cost } of sets.toSorted((a, b) => a.cost - b.cost)) {
    const changes = inOrder(catalogue, chosen).map((choice) => catalogue.candidates[choice]!)
    const after = assess(editor.apply(changes), policy)
    const falls = after.inventory.byKind.account.some(({ fact }) => fallsTo(after, fact.id, lane))
    if (!falls && lockOutsOf(after, (id) => base.recoverability(id)).length === 0) return cost
  }
  return most
}

test('no exhaustive search finds a cheaper way to keep an attacker out', () => {
  fc.assert(
    fc.property(
      arbitraryFacts,
      fc.constantFrom('phishing_relay', 'leaked_secret', 'stolen_device'),
      (facts, attacker) => {
        const inventory = inventoryOf(facts)
        const plan = planOf(inventory, [`no-attacker:${attacker}`])
        if (!plan.holds || plan.cost > 6) return
        assert.equal(plan.optimal, true)
        assert.ok(Math.abs(cheapestAgainst(inventory, attacker, plan.cost) - plan.cost) < 0.02, `${plan.cost}`)
      },
    ),
    { numRuns: 20 },
  )
})

/** The report after the first steps of a plan. */
function after(inventory: CheckedInventory, plan: Plan, steps: readonly number[]): CheckedInventory {
  const edited = editorOf(inventory).apply(steps.map((step) => plan.steps[step]!))
  refuseErrors(edited.diagnostics)
  return edited
}

function checkPlan(inventory: CheckedInventory, plan: Plan): void {
  const all = plan.steps.map((_, i) => i)
  const base = assess(inventory, policy)
  const before = analyse(inventory, policy)
  const isUnfit = (some: CheckedInventory) => analyse(some, policy).accounts.some(({ verdict }) => verdict === 'unfit')
  assert.equal(isUnfit(after(inventory, plan, all)), false, 'the goal holds by the whole analysis')
  for (const left of all) {
    const rest = after(
      inventory,
      plan,
      all.filter((step) => step !== left),
    )
    const locked = lockOutsOf(assess(rest, policy), (id) => base.recoverability(id)).length > 0
    const lost = analyse(rest, policy).accounts.some(({ id, verdict }) => {
      return verdict === 'unknown' && before.accounts.find((each) => each.id === id)?.verdict === 'unfit'
    })
    assert.ok(isUnfit(rest) || locked || lost, `the plan does without ${plan.steps[left]!.id}`)
  }
  for (let count = 1; count <= all.length; count++) {
    const prefix = assess(after(inventory, plan, all.slice(0, count)), policy)
    assert.deepEqual(
      lockOutsOf(prefix, (id) => base.recoverability(id)),
      [],
      `nobody is locked out after ${count} steps`,
    )
    for (const [id] of base.accounts) {
      const [old, now] = [base.snapshot.indexOf.get(id)!, prefix.snapshot.indexOf.get(id)!]
      assert.equal(prefix.takeover.masks[now]! & ~base.takeover.masks[old]!, 0, `${id} falls to nobody new`)
    }
  }
}

test('no step of a plan can be spared, and every prefix of it is safe', () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const inventory = inventoryOf(facts)
      checkPlan(inventory, planOf(inventory))
    }),
    { numRuns: 20 },
  )
})

test('what a plan says of before and after is what the reports of both inventories say', () => {
  fc.assert(
    fc.property(
      arbitraryFacts,
      fc.constantFrom('no-unfit', 'no-attacker:phishing_relay', 'no-unfit:high'),
      (facts, goal) => {
        const inventory = inventoryOf(facts)
        const plan = planOf(inventory, [goal])
        const edited = editorOf(inventory).apply(plan.steps)
        assert.deepEqual(plan.before, standingIn(analyse(inventory, policy)))
        assert.deepEqual(plan.after, standingIn(analyse(edited, policy)))
      },
    ),
    { numRuns: 20 },
  )
})

test('a plan within a budget costs no more, and settles no less than one within a smaller', () => {
  fc.assert(
    fc.property(arbitraryFacts, fc.integer({ min: 0, max: 8 }), (facts, budget) => {
      const inventory = inventoryOf(facts)
      const [small, large] = [planOf(inventory, ['no-unfit'], budget), planOf(inventory, ['no-unfit'], budget * 2)]
      assert.ok(small.cost <= budget && large.cost <= budget * 2)
      assert.ok(small.remaining.length <= small.against)
      assert.deepEqual([...small.lockedOut, ...large.lockedOut], [])
    }),
    { numRuns: 15 },
  )
})

test('a recovery that lets the owner back in is hardened, not dropped', () => {
  const facts = personFacts({ id: 'p', signIn: 'totp', recovery: 'email_link', group: null, long: false })
  const plan = planOf(inventoryOf(facts), ['no-attacker:phishing_relay'])
  assert.deepEqual(
    plan.steps.map(({ kind }) => kind),
    ['give_passkey', 'harden_recovery'],
  )
  assert.equal(plan.holds, true)
  assert.equal(plan.after.attackers.find(({ attacker }) => attacker === 'phishing_relay')!.accounts, 0)
})

test('a goal that already holds needs no step', () => {
  const plan = planOf(inventoryOf(personFacts({ id: 'p', signIn: 'key', recovery: null, group: null, long: false })))
  assert.deepEqual([plan.holds, plan.cost, plan.steps.length], [true, 0, 0])
})

test('what nothing in the catalogue ends is said, and no plan is claimed', () => {
  const facts: Fact[] = [
    ...personFacts({ id: 'q', signIn: 'key', recovery: null, group: null, long: false }),
    { fact: 'channel', id: 'relay', kind: 'message_provider' },
    { fact: 'rule', id: 'rule', then: 'q', when: 'relay', reason: 'whoever runs the relay may act as q' },
  ]
  const plan = planOf(inventoryOf(facts), ['protect:q'])
  assert.equal(plan.holds, false)
  assert.deepEqual(
    plan.beyond.map(({ account }) => account),
    ['q'],
  )
})

test('protecting what the inventory does not have, and other goals that are none, are refused', () => {
  const inventory = inventoryOf(personFacts({ id: 'p', signIn: 'key', recovery: null, group: null, long: false }))
  for (const goal of ['protect:nobody', 'no-attacker:nobody', 'no-reach:everything', 'no-unfit:huge', 'peace']) {
    assert.throws(() => planOf(inventory, [goal]), { code: 'usage' }, goal)
  }
})

suite('Tidewicket', () => {
  let inventory: CheckedInventory
  let plan: Plan
  before(async () => {
    inventory = checkInventory(await readFiles([new URL('../../examples/tidewicket', import.meta.url).pathname]))
    plan = planOf(inventory)
  })

  test('has an optimal plan that leaves nobody unfit and locks nobody out', () => {
    assert.deepEqual([plan.holds, plan.optimal, plan.lockedOut, plan.easier], [true, true, [], []])
    assert.equal(plan.after.unfit, 0)
    assert.ok(plan.before.unfit > 0)
  })

  test('what the plan says of before and after is what the reports of both say', () => {
    assert.deepEqual(plan.before, standingIn(analyse(inventory, policy)))
    assert.deepEqual(plan.after, standingIn(analyse(editorOf(inventory).apply(plan.steps), policy)))
  })

  test('the proofs of the report after the plan hold', async () => {
    const edited = editorOf(inventory).apply(plan.steps)
    const sha256 = (pieces: Iterable<string>): string => {
      const hash = createHash('sha256')
      for (const piece of pieces) hash.update(piece)
      return hash.digest('hex')
    }
    const { name, at } = edited.snapshot
    const again = { name: name!, at: at!, sources: edited.sources, facts: edited.facts, diagnostics: [] }
    const report: unknown = JSON.parse(JSON.stringify(analyse(edited, policy)))
    assert.deepEqual(verifyReport(report, again, sha256).failures, [])
  })
})
