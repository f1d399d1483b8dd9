/* oxlint-disable unicorn/no-thenable -- a rule of the inventory says `then` */
/**
 * For tests: small valid inventories in which anything may lead to anything. Few ids and many references, so that rules
 * meet; every rule kind, nested formulas, cycles, partial resets, yields, disabled accounts and expired entitlements occur.
 */
import * as fc from 'fast-check'
import { CAPABILITIES, type AuthenticatorKind } from '#contract/vocabulary.ts'
import type { Fact, FactKind, FactOf, Formula, Inventory } from '#model/facts.ts'

/** Ids by kind; some hold words and colons that a careless reader of derived nodes would trip over. */
const IDS = {
  account: ['a:0', 'a:1', 'a:2', 'a:3'],
  group: ['g:0', 'g:1', 'g:administer:a:0'],
  role: ['r:0'],
  resource: ['s:0', 's:1', 's:2', 'change_code:s:0'],
  secret: ['k:0', 'k:1'],
  channel: ['c:0', 'c:1', 'c:2'],
  authenticator: ['x:0', 'x:1', 'x:2', 'x:3'],
  session: ['t:0', 't:1'],
  wayIn: ['w:0', 'w:0:1', 'w:2', 'w:3'],
  rule: ['u:0', 'u:1'],
} as const satisfies Partial<Record<FactKind, readonly string[]>>

const GROUPS = [...IDS.group, ...IDS.role]
const TARGETS = [...IDS.account, ...GROUPS, ...IDS.resource, ...IDS.secret, ...IDS.channel]
const LEAVES = [...IDS.authenticator, ...IDS.channel, ...IDS.secret, ...IDS.session, ...IDS.account, ...GROUPS]
/** Few kinds, so that a partial reset often meets an authenticator of its kind. */
const KINDS: readonly AuthenticatorKind[] = ['password', 'totp', 'passkey']

/** The time of every arbitrary inventory, the ends before and after it, and the moment itself. */
const AT = '2026-06-01T00:00:00Z'
const ENDS = ['2026-05-31', '2026-06-01', '2026-06-02', '2026-06-01T01:00:00+02:00'] as const

const some = (pool: readonly string[], maxLength = 2) => fc.subarray([...pool], { maxLength })
const oneOf = (pool: readonly string[]) => fc.constantFrom(...pool)

const { formula } = fc.letrec<{ formula: Formula; inner: Formula }>((tie) => {
  const parts = fc.array(tie('inner'), { minLength: 1, maxLength: 3 })
  const list = fc.oneof(
    fc.record({ all: parts }),
    fc.record({ any: parts }),
    parts.chain((of) => fc.record({ atLeast: fc.integer({ min: 1, max: new Set(of).size }), of: fc.constant(of) })),
  )
  return {
    inner: fc.oneof({ depthSize: 'small', maxDepth: 3 }, { arbitrary: oneOf(LEAVES), weight: 4 }, list),
    formula: fc.oneof({ arbitrary: oneOf(LEAVES), weight: 1 }, { arbitrary: list, weight: 2 }),
  }
})

type Unnamed<K extends FactKind> = Omit<FactOf<K>, 'fact' | 'id'>

/** For each kind of fact that has an id: everything but the id. */
const BODIES: { readonly [K in keyof typeof IDS]: fc.Arbitrary<Unnamed<K>> } = {
  account: fc.record(
    {
      kind: fc.constant('human' as const),
      enabled: fc.oneof({ arbitrary: fc.constant(true), weight: 4 }, fc.constant(false)),
      memberOf: some(GROUPS),
    },
    { requiredKeys: ['kind'] },
  ),
  group: fc.record({ memberOf: some(GROUPS, 1) }, { requiredKeys: [] }),
  role: fc.record({ memberOf: some(GROUPS, 1) }, { requiredKeys: [] }),
  resource: fc.record(
    {
      in: oneOf(IDS.resource),
      runsAs: some(IDS.account),
      uses: some(IDS.secret),
      deploysTo: some(IDS.resource),
      governs: some([...IDS.account, ...GROUPS]),
    },
    { requiredKeys: [] },
  ),
  secret: fc.record(
    {
      kind: fc.constant('other' as const),
      opens: some(IDS.account),
      proves: some(IDS.authenticator),
      storedIn: some([...IDS.resource, ...IDS.channel]),
    },
    { requiredKeys: ['kind'] },
  ),
  channel: fc.record(
    {
      kind: fc.constant('other' as const),
      heldBy: some(IDS.account),
      carriedBy: some([...IDS.channel, ...IDS.resource]),
    },
    { requiredKeys: ['kind'] },
  ),
  authenticator: fc.record(
    { kind: fc.constantFrom(...KINDS), of: some(IDS.account), on: some(IDS.channel) },
    { requiredKeys: ['kind'] },
  ),
  session: fc.record(
    {
      account: oneOf(IDS.account),
      on: oneOf(IDS.channel),
      binding: fc.constantFrom('none' as const, 'dpop' as const),
    },
    { requiredKeys: ['account'] },
  ),
  wayIn: fc.record(
    {
      account: oneOf(IDS.account),
      purpose: fc.constant('sign_in' as const),
      requires: formula,
      yields: fc.subarray([...IDS.authenticator], { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ['account', 'purpose', 'requires'] },
  ),
  rule: fc.record({ then: oneOf(LEAVES), when: formula, reason: fc.constant('so it is') }),
}

const entitlement: fc.Arbitrary<FactOf<'entitlement'>> = fc.record(
  {
    fact: fc.constant('entitlement' as const),
    holder: oneOf([...IDS.account, ...GROUPS]),
    on: oneOf(TARGETS),
    capabilities: fc.uniqueArray(fc.constantFrom(...CAPABILITIES), { minLength: 1, maxLength: 3 }),
    resets: fc.subarray([...KINDS]),
    expiresAt: fc.constantFrom(...ENDS),
  },
  { requiredKeys: ['fact', 'holder', 'on', 'capabilities'] },
)

/** The facts of one kind: one per id, in the order of the ids. */
function named<K extends keyof typeof IDS>(kind: K, least: number = IDS[kind].length): fc.Arbitrary<Fact[]> {
  const ids: readonly string[] = IDS[kind]
  return fc
    .array(BODIES[kind], { minLength: least, maxLength: ids.length })
    .map((bodies) => bodies.map((body, at) => ({ fact: kind, id: ids[at], ...body }) as unknown as Fact))
}

/** Small inventories that the reader accepts; every id that a fact refers to is declared. */
export function arbitraryInventory(): fc.Arbitrary<Inventory> {
  return fc
    .tuple(
      named('account'),
      named('group'),
      named('role'),
      named('resource'),
      named('secret'),
      named('channel'),
      named('authenticator'),
      named('session'),
      named('wayIn', 0),
      named('rule', 0),
      fc.array(entitlement, { maxLength: 6 }),
      fc.boolean(),
    )
    .map(([...parts]) => {
      const timed = parts.pop() as boolean
      const facts = (parts as unknown as Fact[][]).flat()
      return {
        ...(timed ? { at: AT } : {}),
        sources: [],
        diagnostics: [],
        facts: facts.map((fact, line) => ({ fact, place: { file: 'arbitrary.yaml', line: line + 1 } })),
      }
    })
}

/** The same inventories with a fact or two missing, so that what refers to them dangles. */
export function arbitraryDanglingInventory(): fc.Arbitrary<Inventory> {
  const missing = fc.subarray(Object.values(IDS).flat(), { minLength: 1, maxLength: 2 })
  return fc.tuple(arbitraryInventory(), missing).map(([inventory, ids]) => {
    const gone = new Set<string | undefined>(ids)
    return { ...inventory, facts: inventory.facts.filter(({ fact }) => !gone.has(fact.id)) }
  })
}
