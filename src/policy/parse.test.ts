import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { CAPABILITIES, IMPACTS, SENSITIVITIES, STRENGTHS } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { PROFILES } from '#assurance/conformance/conformance.ts'
import { lintPolicy } from './lint.ts'
import { hashOf, loadPolicy } from './load.ts'
import { parsePolicy, type PolicyProblem } from './parse.ts'

const DEFAULT = readFileSync(new URL('default.yaml', import.meta.url), 'utf8')
const policy = parsePolicy(DEFAULT)

/** Everything wrong with a text, as `line pointer message (remedy)`. */
function problemsIn(text: string, base?: string): string[] {
  try {
    parsePolicy(text, base === undefined ? {} : { base })
    return []
  } catch (error) {
    assert.ok(error instanceof AmbitError && error.code === 'policy_invalid')
    const problems = error.detail['problems'] as PolicyProblem[]
    return problems.map(({ line, pointer, message, remedy }) => `${line ?? '-'} ${pointer} ${message} (${remedy})`)
  }
}
const changed = (from: string, to: string): string => {
  assert.ok(DEFAULT.includes(from), from)
  return DEFAULT.replace(from, to)
}
const lineOf = (text: string): number => DEFAULT.slice(0, DEFAULT.indexOf(text)).split('\n').length

suite('the default policy', () => {
  test('is valid, and the linter finds nothing odd in it', () => {
    assert.deepEqual(lintPolicy(policy), [])
  })

  test('refuses codes for everything that the guidance refuses them for, where anything is to be lost', () => {
    for (const capability of CAPABILITIES) {
      for (const sensitivity of ['moderate', 'high'] as const) {
        assert.equal(policy.requirements[policy.impact[capability][sensitivity]].codes, 'refused', capability)
      }
    }
    const open = CAPABILITIES.filter((each) => policy.requirements[policy.impact[each].low].codes === 'allowed')
    assert.deepEqual(open, ['approve_business_action', 'read_sensitive_data'])
  })

  test('impact rises with sensitivity, and requirements with impact', () => {
    for (const row of Object.values(policy.impact)) {
      const ranks = SENSITIVITIES.map((each) => IMPACTS.indexOf(row[each]))
      assert.deepEqual(ranks, ranks.toSorted())
    }
    const strengths = IMPACTS.map((each) => STRENGTHS.indexOf(policy.requirements[each].strength))
    assert.deepEqual(strengths, strengths.toSorted())
  })

  test('carries the session limits of SP 800-63B-4', () => {
    assert.deepEqual(
      IMPACTS.map((each) => policy.requirements[each].session),
      [
        {},
        { overallSeconds: 30 * 86_400 },
        { overallSeconds: 24 * 3600, idleSeconds: 3600 },
        { overallSeconds: 12 * 3600, idleSeconds: 15 * 60 },
      ],
    )
  })

  test('gives every threshold a source', () => {
    const cited = [
      ...Object.values(policy.requirements).map(({ citations }) => citations),
      ...Object.values(policy.authenticators).map(({ citations }) => citations),
      ...policy.rules.map(({ citations }) => citations),
      ...Object.values(policy.nonHuman.citations),
      policy.exceptions.citations,
    ]
    for (const citations of cited) {
      assert.ok(citations.length > 0)
      for (const { standard, section } of citations) assert.ok(standard.length > 1 && section.length > 0)
    }
    for (const { authenticators, channels, sessions, secrets } of policy.attackers) {
      for (const { source, basis } of [...authenticators, ...channels, ...sessions, ...secrets])
        assert.ok(source && basis)
    }
  })

  test('says measurement only of the study that measured', () => {
    const measured = policy.attackers.flatMap(({ authenticators }) =>
      authenticators.filter(({ basis }) => basis === 'measurement'),
    )
    assert.ok(measured.length > 0)
    for (const { source } of measured) assert.match(source ?? '', /^Google, NYU and UCSD 2019/)
  })

  test('names the profiles that there are', () => {
    assert.deepEqual(
      policy.profiles,
      PROFILES.map(({ name }) => name),
    )
  })
})

suite('who is defeated by what', () => {
  const defeats = (attacker: string, kind: string, fact: Record<string, unknown> = {}): boolean =>
    policy.attackers
      .find(({ name }) => name === attacker)!
      .authenticators.some(
        ({ kinds, when = () => true }) => (kinds as readonly string[]).includes(kind) && when({ kind, ...fact }),
      )

  test('a relay defeats every code and approval, and no key', () => {
    for (const [kind, { code }] of Object.entries(policy.authenticators)) {
      if (code) assert.ok(defeats('phishing_relay', kind), kind)
    }
    for (const kind of ['passkey', 'security_key', 'smart_card', 'client_certificate', 'software_key']) {
      assert.equal(defeats('phishing_relay', kind), false, kind)
    }
  })
  test('fatigue defeats a push that is approved, or of which nobody says how it is answered', () => {
    assert.equal(defeats('push_fatigue', 'push', { pushMode: 'approve' }), true)
    assert.equal(defeats('push_fatigue', 'push'), true)
    assert.equal(defeats('push_fatigue', 'push', { pushMode: 'transfer' }), false)
  })
  test('a thief needs no password for what does not ask for one', () => {
    assert.equal(defeats('stolen_device', 'security_key', { userVerification: false }), true)
    assert.equal(defeats('stolen_device', 'passkey', { userVerification: true }), false)
    assert.equal(defeats('stolen_device', 'password'), false)
  })
  test('seeds and passkeys that sync fall with the fabric', () => {
    assert.equal(defeats('sync_fabric_takeover', 'totp', { synced: true }), true)
    assert.equal(defeats('sync_fabric_takeover', 'totp', { synced: true, on: ['fabric'] }), false) // then the channel decides
    assert.equal(defeats('sync_fabric_takeover', 'passkey', { synced: false }), false)
  })
  test('a condition that cannot be evaluated gives the attacker the doubt', () => {
    assert.equal(defeats('push_fatigue', 'push', { pushMode: 7 }), true)
  })
})

suite('a policy file that is wrong', () => {
  test('is told everything that is wrong with it at once, each with line, pointer and remedy', () => {
    const text = changed('tier: 1\n', 'teir: 1\n').replace('maxDays: 90', "maxDays: 'long'")
    const found = problemsIn(text)
    assert.deepEqual(
      found.map((each) => each.split(' ')[1]),
      ['/attackers/0', '/attackers/0/teir', '/exceptions/maxDays'],
    )
    assert.match(found[1] ?? '', new RegExp(`^${lineOf('tier: 1\n')} .*did you mean \`tier\`\\?`, 'u'))
    assert.match(found[2] ?? '', /expected a whole number, found a text/u)
  })

  const faults: readonly [string, string, string, RegExp][] = [
    ['a capability without a row', '  mint_credentials: ', '  # ', /`mint_credentials` is missing/u],
    ['a threshold without a source', "  source: 'Ambit §unstated'\n", '', /a threshold without a source/u],
    ['a source without a section', "'Ambit §unstated'", "'Ambit'", /not of the form asked for \(`standard §section`/u],
    ['a word that is none', 'codes: allowed', 'codes: alowed', /did you mean `allowed`\?/u],
    [
      'a kind that is none',
      'kinds: [password, pin], effort: 1',
      'kinds: [pasword, pin], effort: 1',
      /did you mean `password`\?/u,
    ],
    ['an effort out of range', 'effort: 73', 'effort: 173', /173 is out of range \(between 1 and 100\)/u],
    ['a rule that lowers', 'requires: { strength: two_factor }', 'requires: { codes: allowed }', /write `refused`/u],
    ['a rule that asks for nothing', 'requires: { strength: two_factor }', 'requires: {}', /nothing is stated here/u],
    ['a profile that is none', 'm-22-09]', 'm-22-9]', /did you mean `m-22-09`\?/u],
    ['a name taken twice', 'name: sim_swap', 'name: infostealer', /`infostealer` is already taken/u],
    ['a key given twice', 'version: ', "version: '0'\nversion: ", /map keys must be unique/u],
    ['a tag', 'name: ambit-default', 'name: !secret ambit-default', /tag/u],
    [
      'a field that no fact has',
      'has(system.paymentService) &&',
      'has(system.paymentServce) &&',
      /did you mean `paymentService`\?/u,
    ],
    ['a condition that is no sentence', '"read_sensitive_data" in capabilities', '"read_sensitive_data" in', /\^/u],
    [
      'a regular expression',
      "'has(fact.exposed)'",
      `'fact.id.matches("(a+)+$")'`,
      /`matches` is not among the functions allowed/u,
    ],
    ['a condition that is no truth value', "'has(fact.exposed)'", "'fact.id'", /a condition is true or false/u],
  ]
  for (const [title, from, to, expected] of faults) {
    test(`${title} is refused`, () => {
      assert.match(problemsIn(changed(from, to)).join('\n'), expected)
    })
  }

  test('a wrong condition is shown with a caret at its line', () => {
    const when = '"read_sensitive_data" in capabilities'
    const found = problemsIn(changed(when, 'capability == "x"'))
    assert.equal(Number(found[0]?.split(' ')[0]), lineOf(when))
    assert.match(found[0] ?? '', /Unknown variable: capability[^]*\^/u)
  })
  test('an alias bomb is refused', () => {
    const bomb = Array.from(
      { length: 9 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(', ')}]`,
    )
    assert.match(problemsIn(bomb.join('\n')).join('\n'), /alias/u)
  })
  test('a text that is no mapping, or nothing, is refused', () => {
    for (const text of ['', '[]', 'hello', '7', '\u0000']) assert.ok(problemsIn(text).length > 0, text)
  })
  test('a key named like an inherited property is unknown', () => {
    assert.match(problemsIn(`${DEFAULT}\ntoString: 1\n`).join('\n'), /unknown key `toString`/u)
    assert.match(problemsIn(`${DEFAULT}\n__proto__: { x: 1 }\n`).join('\n'), /unknown key/u)
  })
})

suite('a policy that extends the default', () => {
  const own = (more: string): string => `policy: 1\nextends: default\nname: ours\nversion: '2'\n${more}`

  test('is the default, but for what it states', () => {
    const found = parsePolicy(own("exceptions: { maxDays: 30, source: 'Ambit §ours' }\n"), { base: DEFAULT })
    assert.equal(found.exceptions.maxDays, 30)
    assert.deepEqual(found.exceptions.safeguards, policy.exceptions.safeguards)
    assert.deepEqual(found.requirements, policy.requirements)
    assert.deepEqual([found.name, found.version], ['ours', '2'])
  })
  test('adds rules and attackers, and replaces those of the same name', () => {
    const rule = (code: string) =>
      `  - { code: ${code}, when: 'true', requires: { codes: refused }, reason: ours, source: 'Ambit §ours' }\n`
    const found = parsePolicy(own(`rules:\n${rule('ours')}${rule('payment_service')}`), { base: DEFAULT })
    assert.deepEqual(
      found.rules.map(({ code }) => code),
      [...policy.rules.map(({ code }) => code), 'ours'],
    )
    assert.equal(found.rules.find(({ code }) => code === 'payment_service')?.condition, 'true')
  })
  test('states a session limit as a whole', () => {
    const text = own("requirements:\n  high: { session: { overallSeconds: 3600 }, source: 'Ambit §ours' }\n")
    assert.deepEqual(parsePolicy(text, { base: DEFAULT }).requirements.high.session, { overallSeconds: 3600 })
  })
  test('gives its own numbers their own source', () => {
    const text = own('requirements:\n  high: { session: { overallSeconds: 3600 } }\n')
    assert.match(problemsIn(text, DEFAULT).join('\n'), /^6 \/requirements\/high a threshold without a source/u)
  })
  test('needs the default at hand', () => {
    assert.match(problemsIn(own('')).join('\n'), /`default` is not at hand/u)
  })
})

suite('the hash of a policy', () => {
  test('is the SHA-256 of its bytes', async () => {
    assert.equal(await hashOf('abc'), 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    assert.equal((await loadPolicy({ text: DEFAULT, file: 'default' }, DEFAULT)).hash, await hashOf(DEFAULT))
  })
  test('changes with the policy that is extended', async () => {
    const text = "policy: 1\nextends: default\nname: ours\nversion: '2'\n"
    const first = await loadPolicy({ text, file: 'ours' }, DEFAULT)
    const second = await loadPolicy({ text, file: 'ours' }, changed('maxDays: 90', 'maxDays: 60'))
    assert.notEqual(first.hash, second.hash)
  })
})
