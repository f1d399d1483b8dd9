/** Proofs made by definition are accepted; tampered ones exactly where the definition still justifies every step. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import type { Proof, ProofStep } from '#contract/report.ts'
import type { Fact, Inventory } from '#model/facts.ts'
import { RULE_KINDS } from '#model/kinds.ts'
import { arbitraryDanglingInventory, arbitraryInventory } from './arbitrary-inventory.ts'
import { checkProof } from './check-proof.ts'
import { indexFacts } from './fact-index.ts'
import { naiveRules, type NaiveRule } from './naive.ts'
import { parseRight } from './nodes.ts'

/** Every step that leads on from an account, in an order in which each rests on earlier ones. */
function derivation(rules: readonly NaiveRule[], account: string): ProofStep[] {
  const held = new Set([account])
  const steps: ProofStep[] = []
  for (let before = 0; before < held.size;) {
    before = held.size
    for (const { head, by, body, needs } of rules) {
      const from = body.filter((node) => held.has(node))
      if (from.length < needs || held.has(head)) continue
      held.add(head)
      steps.push({ node: head, by, from })
    }
  }
  return steps
}

/** Whether a step is some rule applied: enough of its body, and nothing else. */
function isInstance({ node, by, from }: ProofStep, rules: readonly NaiveRule[]): boolean {
  const used = new Set(from)
  return rules.some(
    (rule) =>
      rule.head === node &&
      rule.by === by &&
      used.size === from.length &&
      used.size >= rule.needs &&
      used.isSubsetOf(new Set(rule.body)),
  )
}

/** The reference answer: each step is an instance of a rule and rests on what holds, and the last one gives the goal. */
function holdsByDefinition({ given, goal, steps }: Proof, inventory: Inventory): boolean {
  const rights = steps.flatMap(({ node, from }) => [node, ...from]).filter((node) => parseRight(node) !== null)
  const rules = naiveRules(inventory, rights)
  const held = new Set(given)
  for (const { node, by, from } of steps) {
    if (!isInstance({ node, by, from }, rules) || !new Set(from).isSubsetOf(held)) return false
    held.add(node)
  }
  return (steps.at(-1)?.node ?? goal) === goal && held.has(goal)
}

/** One change to one field; `pick` chooses the step, `word` what is written there. */
type Tampering = (proof: Proof, pick: number, word: string) => Proof

const atStep =
  (change: (step: ProofStep, word: string) => ProofStep): Tampering =>
  (proof, pick, word) => ({
    ...proof,
    steps: proof.steps.map((step, at) => (at === pick % proof.steps.length ? change(step, word) : step)),
  })

const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  nothing: (proof) => proof,
  'the node of a step': atStep((step, node) => ({ ...step, node })),
  'the rule of a step': (proof, pick, word) => {
    const kinds = Object.keys(RULE_KINDS)
    return atStep((step) => ({ ...step, by: kinds[(word.length + pick) % kinds.length]! }))(proof, pick, word)
  },
  'what a step rests on': atStep((step, node) => ({ ...step, from: [node, ...step.from.slice(1)] })),
  'one thing more for a step': atStep((step, node) => ({ ...step, from: [...step.from, node] })),
  'one thing less for a step': atStep((step) => ({ ...step, from: step.from.slice(1) })),
  'a step left out': (proof, pick) => ({
    ...proof,
    steps: proof.steps.filter((_, at) => at !== pick % proof.steps.length),
  }),
  'a step moved to the front': (proof, pick) => {
    const at = pick % proof.steps.length
    return { ...proof, steps: [...proof.steps.slice(at, at + 1), ...proof.steps.toSpliced(at, 1)] }
  },
  'the goal': (proof, _pick, goal) => ({ ...proof, goal }),
  'what is given': (proof, _pick, node) => ({ ...proof, given: [node] }),
}

interface Tampered {
  readonly inventory: Inventory
  readonly proof: Proof
  readonly what: string
}

/** A proof by definition, with one thing changed to a node of the same inventory. */
const tampered = (inventories: fc.Arbitrary<Inventory>): fc.Arbitrary<Tampered> =>
  fc
    .tuple(
      inventories,
      fc.constantFrom('a:0', 'a:1'),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      fc.constantFrom(...Object.keys(TAMPERINGS)),
    )
    .map(([inventory, account, length, pick, word, what]) => {
      const rules = naiveRules(inventory)
      const all = derivation(rules, account)
      const steps = all.slice(0, all.length === 0 ? 0 : 1 + (length % all.length))
      const proof = { given: [account], goal: steps.at(-1)?.node ?? account, steps }
      const nodes = [...new Set(rules.flatMap(({ head, body }) => [head, ...body])), account]
      const tampering = steps.length === 0 ? TAMPERINGS['nothing']! : TAMPERINGS[what]!
      return { inventory, what, proof: tampering(proof, pick, nodes[word % nodes.length]!) }
    })

const agrees = ({ inventory, proof, what }: Tampered): void => {
  const outcome = checkProof(proof, indexFacts(inventory))
  assert.equal(outcome.ok, holdsByDefinition(proof, inventory), outcome.ok ? 'it was accepted' : outcome.reason)
  if (what === 'nothing') assert.ok(outcome.ok)
}

/** Fields that a fact of some kind may go without. */
const OPTIONAL = ['memberOf', 'enabled', 'resets', 'expiresAt', 'in', 'runsAs', 'uses', 'deploysTo', 'governs', 'opens']
const ALSO_OPTIONAL = ['proves', 'storedIn', 'heldBy', 'carriedBy', 'of', 'binding', 'yields']
/** What one fact may say instead. */
const SAYINGS = [{ enabled: false }, { binding: 'dpop' }, { expiresAt: '2026-05-31' }, { kind: 'pin' }] as const
const FIELDS: Readonly<Record<string, string>> = {
  enabled: 'account',
  binding: 'session',
  expiresAt: 'entitlement',
  kind: 'authenticator',
}

/** An inventory and the same with one fact gone, one field of it gone, or one field changed. */
const changed = fc
  .tuple(arbitraryInventory(), fc.nat(), fc.nat())
  .map(([inventory, pick, how]): readonly [Inventory, Inventory] => {
    const before = { ...inventory, at: '2026-06-01T00:00:00Z' }
    const at = pick % before.facts.length
    const { fact, place } = before.facts[at]!
    const fields = [...OPTIONAL, ...ALSO_OPTIONAL].filter((field) => Object.hasOwn(fact, field))
    const sayings = SAYINGS.filter((saying) => Object.keys(saying).every((field) => FIELDS[field] === fact.fact))
    const choices: (Fact | null)[] = [null, ...fields.map((field) => without(fact, field))]
    for (const saying of sayings) choices.push({ ...fact, ...saying } as Fact)
    const choice = choices[how % choices.length]!
    const facts = before.facts.toSpliced(at, 1, ...(choice === null ? [] : [{ fact: choice, place }]))
    return [before, { ...before, facts }]
  })

const without = (fact: Fact, field: string): Fact =>
  Object.fromEntries(Object.entries(fact).filter(([name]) => name !== field)) as unknown as Fact

suite('tampered proofs', () => {
  test('are accepted exactly where the definition still justifies them', () => {
    fc.assert(fc.property(tampered(arbitraryInventory()), agrees), { numRuns: 1200 })
  })
  test('are accepted exactly where the definition still justifies them, facts missing', () => {
    fc.assert(fc.property(tampered(arbitraryDanglingInventory()), agrees), { numRuns: 600 })
  })
  test('a step is refused exactly when the fact that justified it is gone or says otherwise', () => {
    fc.assert(
      fc.property(changed, ([before, after]) => {
        const facts = indexFacts(after)
        const old = naiveRules(before)
        const rights = old.flatMap(({ head, body }) => [head, ...body]).filter((node) => parseRight(node) !== null)
        const still = naiveRules(after, rights)
        for (const { head, by, body, needs } of old) {
          if (needs > body.length) continue
          const from = body.slice(0, needs)
          const outcome = checkProof({ given: from, goal: head, steps: [{ node: head, by, from }] }, facts)
          assert.equal(
            outcome.ok,
            isInstance({ node: head, by, from }, still),
            `${by}: ${head} from ${from.join(' and ')}`,
          )
        }
      }),
      { numRuns: 800 },
    )
  })
  test('every rule of the definition is a step that the checker accepts', () => {
    fc.assert(
      fc.property(arbitraryDanglingInventory(), (inventory) => {
        const facts = indexFacts(inventory)
        for (const { head, by, body, needs } of naiveRules(inventory)) {
          if (needs > body.length) continue
          const from = body.slice(0, needs)
          const outcome = checkProof({ given: from, goal: head, steps: [{ node: head, by, from }] }, facts)
          assert.ok(outcome.ok, outcome.ok ? '' : `${by}: ${outcome.reason}`)
        }
      }),
      { numRuns: 300 },
    )
  })
})
