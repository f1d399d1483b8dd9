import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { AmbitError } from '#lib/errors.ts'
import type { Diagnostic, Fact, Formula, Inventory, PlacedFact } from './facts.ts'
import { cyclesOf } from './inventory-cycles.ts'
import { instantOf } from './inventory-dates.ts'
import { checkInventory, refuseErrors } from './inventory.ts'

const placed = (facts: readonly Fact[]): PlacedFact[] =>
  facts.map((fact, index) => ({ fact, place: { file: 'i.yaml', line: index + 1 } }))
const inventoryOf = (facts: readonly Fact[], more: Partial<Inventory> = {}): Inventory => ({
  at: '2026-01-31',
  sources: [],
  facts: placed(facts),
  diagnostics: [],
  ...more,
})
const check = (...facts: Fact[]) => checkInventory(inventoryOf(facts))
const told = (...facts: Fact[]) => check(...facts).diagnostics.map(({ code, level, message }) => [level, code, message])

const account = (id: string, more: Partial<Extract<Fact, { fact: 'account' }>> = {}): Fact => ({
  fact: 'account',
  id,
  kind: 'human',
  ...more,
})
const group = (id: string, memberOf?: string[]): Fact => ({ fact: 'group', id, ...(memberOf && { memberOf }) })
const password = (id: string, of: string[] = ['a']): Fact => ({ fact: 'authenticator', id, kind: 'password', of })
const wayIn = (requires: Formula): Fact => ({ fact: 'wayIn', id: 'w', account: 'a', purpose: 'sign_in', requires })
const exception = (start: string, end: string): Fact => ({
  fact: 'exception',
  id: 'e',
  for: ['a'],
  reason: 'r',
  owner: 'o',
  approver: 'p',
  start,
  end,
  rationale: 'r',
  comparability: 'c',
  residualRisk: 's',
  migrationPlan: 'm',
})

suite('A checked inventory', () => {
  test('finds facts by id and by kind', () => {
    const checked = check(account('a'), group('g'), password('p'))
    assert.equal(checked.kindOf('g'), 'group')
    assert.equal(checked.kindOf('nobody'), undefined)
    assert.equal(checked.get('p')?.place.line, 3)
    assert.deepEqual(
      checked.byKind.account.map(({ fact }) => fact.id),
      ['a'],
    )
    assert.deepEqual(checked.byKind.secret, [])
    assert.deepEqual(checked.diagnostics, [])
  })

  test('carries what reading said', () => {
    const said: Diagnostic = { code: 'x', level: 'info', message: 'm', remedy: 'r' }
    assert.deepEqual(checkInventory(inventoryOf([], { diagnostics: [said] })).diagnostics, [said])
  })

  for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    test(`treats \`${id}\` as any other id`, () => {
      assert.equal(check().kindOf(id), undefined)
      const checked = check(account(id), group('g'))
      assert.equal(checked.kindOf(id), 'account')
      assert.deepEqual(checked.diagnostics, [])
    })
  }
})

suite('Ids', () => {
  test('may be declared twice in the same words, in whatever order; the fact is taken once', () => {
    const checked = check({ fact: 'group', id: 'g', name: 'G' }, { name: 'G', id: 'g', fact: 'group' })
    assert.equal(checked.facts.length, 1)
    assert.deepEqual(
      checked.diagnostics.map(({ level, code, place }) => [level, code, place?.line]),
      [['info', 'fact_repeated', 2]],
    )
  })

  test('repeated many times in one file are told once', () => {
    const many = Array.from({ length: 300 }, () => group('g'))
    const { diagnostics, facts } = check(...many)
    assert.equal(facts.length, 1)
    assert.equal(diagnostics.length, 1)
    assert.match(diagnostics[0]!.message, /and so do 298 more facts of this file/)
  })

  test('may not be declared twice with different content', () => {
    assert.deepEqual(told({ fact: 'group', id: 'g', name: 'G' }, { fact: 'group', id: 'g', name: 'H' }), [
      ['error', 'id_conflict', 'group `g` is declared already, with other content, at i.yaml:1'],
    ])
  })

  test('may not be of two kinds', () => {
    assert.deepEqual(told(group('g'), { fact: 'role', id: 'g', name: 'R' }), [
      ['error', 'id_conflict', 'role `g` is declared already, as a group, at i.yaml:1'],
    ])
  })

  test('must be made of whole characters', () => {
    assert.deepEqual(
      told(group('g\ud800')).map(([level, code]) => [level, code]),
      [['error', 'id_malformed']],
    )
  })

  test('are not needed by entitlements, which are repeated when they say the same', () => {
    const right = (name?: string): Fact => ({
      fact: 'entitlement',
      holder: 'a',
      on: 'a',
      capabilities: ['administer'],
      ...(name !== undefined && { right: name }),
    })
    const checked = check(account('a'), right(), right('root'), right())
    assert.equal(checked.facts.length, 3)
    assert.deepEqual(
      checked.diagnostics.map(({ code, place }) => [code, place?.line]),
      [['fact_repeated', 4]],
    )
  })
})

suite('References', () => {
  test('to nothing are kept, told once, and said to be unknown', () => {
    const checked = check(account('a', { memberOf: ['g'] }), account('b', { memberOf: ['g'] }))
    assert.deepEqual(
      checked.diagnostics.map(({ level, code, message }) => [level, code, message]),
      [
        [
          'warning',
          'reference_dangling',
          '`g` is declared nowhere (`memberOf` of account `a` and 1 more); it is kept, and nothing is known to lead out of it',
        ],
      ],
    )
    const missing = checked.missing.get('g')
    assert.deepEqual([missing?.field, missing?.expected, missing?.references], ['memberOf', ['group', 'role'], 2])
  })

  test('inside conditions are followed at any depth', () => {
    const { missing } = check(account('a'), wayIn({ any: [{ all: ['x', { atLeast: 1, of: ['y'] }] }, 'a'] }))
    assert.deepEqual([...missing.keys()], ['x', 'y'])
  })

  test('that differ in case or space from something declared are asked about', () => {
    const { diagnostics } = check(group('Okta:Admins'), account('a', { memberOf: ['okta:admins '] }))
    assert.equal(diagnostics[0]?.remedy, 'did you mean `Okta:Admins`?')
  })

  test('to nothing are not told where reading failed, since the fact may be what failed', () => {
    const failed: Diagnostic = { code: 'fact_invalid', level: 'error', message: 'm', remedy: 'r' }
    const checked = checkInventory(inventoryOf([account('a', { memberOf: ['g'] })], { diagnostics: [failed] }))
    assert.deepEqual(checked.diagnostics, [failed])
    assert.equal(checked.missing.size, 1)
  })

  const wrong: [what: string, facts: Fact[], message: string][] = [
    [
      'a member of an account',
      [account('a'), account('b', { memberOf: ['a'] })],
      'account `b`: `memberOf` names `a`, which is an account',
    ],
    [
      'a system that is a group',
      [group('g'), account('a', { system: 'g' })],
      'account `a`: `system` names `g`, which is a group',
    ],
    [
      'a way into a group',
      [group('a'), password('p', []), wayIn('p')],
      'way in `w`: `account` names `a`, which is a group',
    ],
    [
      'a right of a system',
      [{ fact: 'system', id: 's' }, account('a'), { fact: 'entitlement', holder: 's', on: 'a', capabilities: [] }],
      'entitlement of `s`: `holder` names `s`, which is a system',
    ],
    [
      'a way in required by a way in',
      [account('a'), wayIn({ all: ['w'] })],
      'way in `w`: `requires` names `w`, which is a way in',
    ],
  ]
  for (const [what, facts, message] of wrong) {
    test(`refuse ${what}`, () => {
      const errors = check(...facts).diagnostics.filter(({ level }) => level === 'error')
      assert.deepEqual(
        errors.map((error) => [error.code, error.message]),
        [['reference_kind', message]],
      )
    })
  }

  test('of hundreds of thousands of facts to nothing are no trouble', () => {
    const many = Array.from({ length: 130_000 }, (_, i) => account(`a${i}`, { memberOf: [`g${i}`] }))
    assert.equal(check(...many.slice(0, 3)).missing.size, 3)
    assert.equal(checkInventory(inventoryOf(many)).diagnostics.length, 130_000)
  })
})

suite('Cycles', () => {
  test('of membership are ordinary', () => {
    assert.deepEqual(told(group('g', ['h']), group('h', ['i']), group('i', ['g']), group('j', ['g'])), [
      ['info', 'membership_cycle', '`g`, `h`, `i` are members of each other; each has what the others have'],
    ])
  })

  test('of containment are doubted', () => {
    const inside = (id: string, outer: string): Fact => ({ fact: 'resource', id, in: outer })
    assert.deepEqual(
      told(inside('x', 'x'), inside('y', 'z'), inside('z', 'y')).map(([level, , message]) => [level, message]),
      [
        ['warning', '`x` and itself are said to lie in each other (`in`); a right on one is taken as a right on all'],
        ['warning', '`y`, `z` are said to lie in each other (`in`); a right on one is taken as a right on all'],
      ],
    )
  })

  test('are the sets of things that lead to each other, by definition', () => {
    const graph = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(graph, (lists) => {
        const next = new Map(lists.map((targets, i) => [String(i), targets.map(String)]))
        const reach = (from: string) => {
          const seen = new Set<string>()
          const todo = [...(next.get(from) ?? [])]
          for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
            if (seen.has(id)) continue
            seen.add(id)
            todo.push(...(next.get(id) ?? []))
          }
          return seen
        }
        const expected = new Set<string>()
        for (const id of next.keys()) {
          const cycle = [...next.keys()].filter((other) => reach(id).has(other) && reach(other).has(id))
          if (cycle.length > 0) expected.add(cycle.join())
        }
        assert.deepEqual(new Set(cyclesOf(next).map((cycle) => cycle.toSorted().join())), expected)
      }),
    )
  })

  test('of thirty thousand groups overflow nothing', () => {
    const many = Array.from({ length: 30_000 }, (_, i) => group(`g${i}`, [`g${(i + 1) % 30_000}`]))
    assert.match(check(...many.slice(0, 1)).diagnostics[0]!.message, /declared nowhere/)
    assert.match(checkInventory(inventoryOf(many)).diagnostics[0]!.message, /and 29995 more are members of each other/)
  })
})

suite('Facts by themselves', () => {
  const cases: [what: string, facts: Fact[], told: string[][]][] = [
    [
      'a condition that asks for nothing',
      [account('a'), password('p'), wayIn({ any: ['p', { all: [] }] })],
      [['error', 'formula_empty', 'way in `w`: a condition with nothing in `all` would let everyone in']],
    ],
    [
      'a choice of nothing',
      [account('a'), wayIn({ any: [] })],
      [['error', 'formula_empty', 'way in `w`: a condition with nothing in `any` could never be met']],
    ],
    [
      'more of than there are',
      [account('a'), password('p'), wayIn({ atLeast: 2, of: ['p', 'p'] })],
      [['error', 'formula_unmeetable', 'way in `w`: a condition asks for 2 of 1 things, which could never be met']],
    ],
    [
      'an exception that ends before it starts',
      [account('a'), exception('2026-03-02', '2026-03-01')],
      [['error', 'exception_period', 'exception `e`: it ends at 2026-03-01, before it starts at 2026-03-02']],
    ],
    [
      'a day that does not exist',
      [account('a', { lastUsed: '2026-02-29' })],
      [['error', 'date_invalid', 'account `a`: `lastUsed` is `2026-02-29`, which does not exist']],
    ],
    [
      'a day that does not exist, further in',
      [{ fact: 'secret', id: 's', kind: 'other', leaked: { at: '2026-13-01' } }],
      [['error', 'date_invalid', 'secret `s`: `leaked.at` is `2026-13-01`, which does not exist']],
    ],
    [
      'an authenticator of nobody',
      [password('p', [])],
      [
        [
          'warning',
          'authenticator_unowned',
          'authenticator `p`: it names no account in `of`, so no right to reset authenticators is seen to reach it',
        ],
      ],
    ],
  ]
  for (const [what, facts, expected] of cases) test(`${what}`, () => assert.deepEqual(told(...facts), expected))

  test('an exception of one day is one', () =>
    assert.deepEqual(told(account('a'), exception('2026-03-01', '2026-03-01')), []))

  test('that nobody dates leave ages unknown, which matters most to exceptions', () => {
    const undated = (...facts: Fact[]) => {
      const { at: _, ...rest } = inventoryOf(facts)
      return checkInventory(rest).diagnostics.map(({ code, level }) => [code, level])
    }
    assert.deepEqual(undated(account('a')), [['time_unstated', 'info']])
    assert.deepEqual(undated(account('a'), exception('2026-01-01', '2026-02-01')), [['time_unstated', 'warning']])
    assert.deepEqual(undated(), [])
  })
})

suite('Dates', () => {
  const cases: [text: string, instant: string | undefined][] = [
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:30.25+02:00', '2026-01-31T10:00:30.250Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['1900-02-29', undefined],
    ['2026-02-29', undefined],
    ['2026-04-31', undefined],
    ['2026-00-10', undefined],
    ['2026-01-00', undefined],
    ['2026-01-31T24:00:00Z', undefined],
    ['2026-01-31T12:60Z', undefined],
    ['2026-01-31T12:00:61Z', undefined],
    ['2026-01-31T12:00:00+24:00', undefined],
    ['2026-01-31T12:00', undefined],
    ['yesterday', undefined],
  ]
  for (const [text, instant] of cases) {
    test(`${text} is ${instant ?? 'none'}`, () => {
      const found = instantOf(text)
      assert.equal(found === undefined ? undefined : new Date(found).toISOString(), instant)
    })
  }
})

suite('Refusing errors', () => {
  test('throws all of them at once, and nothing else', () => {
    const { diagnostics } = check(account('a', { lastUsed: '2026-02-30', createdAt: '2026-02-31', memberOf: ['g'] }))
    assert.throws(
      () => refuseErrors(diagnostics),
      (error) => {
        assert.ok(error instanceof AmbitError)
        assert.equal(error.code, 'input_invalid')
        assert.equal(
          error.message,
          'the input has 2 errors, the first: i.yaml:1: account `a`: `createdAt` is `2026-02-31`, which does not exist; correct the day or the time',
        )
        assert.deepEqual(error.detail['diagnostics'], diagnostics.slice(0, 2))
        return true
      },
    )
  })

  test('lets warnings pass', () => refuseErrors(check(account('a', { memberOf: ['g'] })).diagnostics))
})
