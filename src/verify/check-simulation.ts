/**
 * Checks a simulation against the inventory it speaks of: what is given, every step of every wave, the step at which it
 * falls, that nothing more falls and nothing less, every proof and every count.
 */
import { Compile } from 'typebox/compile'
import type { Proof } from '#contract/report.ts'
import { Simulation, type FirstThatMattered, type Scenario } from '#contract/simulation.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Inventory } from '#model/facts.ts'
import { checkProof } from './check-proof.ts'
import type { Verification } from './check-report.ts'
import { hasEnded, indexFacts, isDisabled, type FactIndex } from './fact-index.ts'
import { naiveRules } from './naive.ts'
import { isPlainId, parseRight } from './nodes.ts'
import { record, type Failure } from './failure.ts'
import { flawsOfSnapshot, type Sha256 } from './snapshot-id.ts'

const validator = Compile(Simulation)

/** Whether parsed JSON says that it is a simulation, sound or not. */
export const isSimulation = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'simulation' in value

/** Facts up to which the whole fixpoint is computed again, naively; ours: the naive rules take time that grows with the square. */
export const RECOMPUTED_FACTS = 5_000

/**
 * Checks every proof and every recountable claim of a simulation. Which attacker defeats what, what an account is worth
 * and what is in doubt rest on the policy, and are not checked here.
 *
 * @throws {AmbitError} `report_invalid` when it is not a simulation at all
 */
export function verifySimulation(value: unknown, inventory: Inventory, sha256?: Sha256): Verification {
  const simulation = asSimulation(value)
  const at = inventory.at ?? simulation.snapshot.at
  const timed = { facts: inventory.facts, ...(at === null ? {} : { at }) }
  const facts = indexFacts(timed)
  const failures: Failure[] = [...flawsOfSnapshot(simulation, inventory, sha256)]
  let checked = 0
  const check = (id: string, proof: Proof, flaw: string | null): void => {
    checked++
    const outcome = checkProof(proof, facts)
    const reason = outcome.ok ? flaw : outcome.reason
    if (reason === null) return
    const step = outcome.ok ? null : outcome.step
    const node = (step === null ? undefined : proof.steps[step]?.node) ?? proof.goal
    failures.push({ id, which: 'entry', step, node, reason })
  }
  const { scenario, table } = simulation
  let unchecked: string | null = null
  if (scenario !== null) {
    const held = flawsOfGiven(scenario, facts, failures)
    const allGiven = (proof: Proof) => notGiven(proof, held)
    checked++
    failures.push(...flawsOfWaves(scenario, held, facts))
    for (const { capability, first, proof } of scenario.capabilities) {
      const named = proof.goal === first && parseRight(first)?.capability === capability
      check(
        capability,
        proof,
        named ? allGiven(proof) : `\`${first}\` is not the right to ${capability} that it proves`,
      )
    }
    const first = scenario.firstThatMattered
    if (first !== null) check(first.account, first.proof, flawOfFirst(first) ?? allGiven(first.proof))
    if (scenario.cut) unchecked = 'that nothing falls but what is listed was not checked: the list is cut'
    else if (inventory.facts.length > RECOMPUTED_FACTS)
      unchecked = `that nothing else falls was not checked: the inventory has more than ${RECOMPUTED_FACTS} facts`
    else failures.push(...flawsOfFixpoint(scenario, held, timed))
  }
  for (const { attacker, firstThatMattered: first } of table ?? []) {
    if (first !== null) check(attacker.name, first.proof, flawOfFirst(first) ?? smuggled(first.proof, facts))
  }
  failures.push(...flawsOfCounts(simulation))
  const accounts = inventory.facts.filter(({ fact }) => fact.fact === 'account')
  const total = new Set(accounts.map(({ fact }) => fact.id)).size
  if (total !== simulation.accounts.total)
    failures.push(
      record('accounts', `it counts ${simulation.accounts.total} accounts, and the inventory holds ${total}`),
    )
  return { checked, failures, ...(unchecked === null ? {} : { unchecked }) }
}

/** Counts by impact add up to the count of all. */
function flawsOfCounts({ accounts, scenario, table }: Simulation): Failure[] {
  const sums = [
    { id: 'accounts', said: accounts.total, by: accounts.byImpact },
    ...(scenario === null ? [] : [{ id: 'lost', said: scenario.lost.accounts, by: scenario.lost.byImpact }]),
    ...(table ?? []).map((row) => ({ id: row.attacker.name, said: row.accounts, by: row.byImpact })),
  ]
  return sums.flatMap(({ id, said, by }) => {
    const sum = by.none + by.low + by.moderate + by.high
    return sum === said ? [] : [record(id, `it counts ${said} accounts, by impact ${sum}`)]
  })
}

function asSimulation(value: unknown): Simulation {
  if (validator.Check(value)) return value
  const [first] = validator.Errors(value)
  const pointer = first?.instancePath ?? ''
  throw new AmbitError(
    'report_invalid',
    `not a simulation of Ambit: \`${pointer === '' ? '/' : pointer}\` ${first?.message ?? 'does not fit'}; write it with \`ambit simulate --format json\``,
    { pointer },
  )
}

/** Things that may be had without entering anything: they prove, or codes and keys lie in them. */
export const mayBeDefeated = (id: string, facts: FactIndex): boolean =>
  facts.authenticator.has(id) || facts.channel.has(id) || facts.secret.has(id) || facts.session.has(id)

/** What the attackers hold at the start; adds what they cannot hold to `failures`. */
function flawsOfGiven({ given, starts, attackers }: Scenario, facts: FactIndex, failures: Failure[]): Set<string> {
  const started = new Set(starts)
  const acting = new Set(attackers.map(({ name }) => name))
  for (const { id, attackers: by } of given) {
    const stranger = by.find((name) => !acting.has(name))
    if (stranger !== undefined) failures.push(record(id, `\`${stranger}\` is not among the attackers`))
    if (isDisabled(id, facts)) failures.push(record(id, 'the account is disabled, and nobody holds it'))
    const target = parseRight(id)?.target ?? id
    if (!isPlainId(target) || !facts.declared.has(target))
      failures.push(record(id, 'it is given and not in the inventory'))
    else if (!started.has(id) && by.length === 0) failures.push(record(id, 'it is given, and nobody defeats it'))
    else if (!started.has(id) && !mayBeDefeated(id, facts))
      failures.push(record(id, 'it is given, and is neither a start nor a thing that can be defeated'))
  }
  const ids = new Set(given.map(({ id }) => id))
  for (const id of starts) if (!ids.has(id)) failures.push(record(id, 'it is a start and not among what is given'))
  return ids
}

function notGiven({ given }: Proof, held: ReadonlySet<string>): string | null {
  const other = given.find((id) => !held.has(id))
  return other === undefined ? null : `\`${other}\` is taken as given, and the scenario does not give it`
}

function smuggled({ given }: Proof, facts: FactIndex): string | null {
  const other = given.find((id) => !mayBeDefeated(id, facts))
  return other === undefined ? null : `\`${other}\` is given, and is not a thing that can be defeated`
}

function flawOfFirst({ account, proof }: FirstThatMattered): string | null {
  return proof.goal === account ? null : `the goal is \`${proof.goal}\`, not the account \`${account}\``
}

/** Each step rests on earlier waves, by a rule that the facts justify, and comes one step after the last it rests on. */
function flawsOfWaves({ waves, lost, cut, given }: Scenario, held: ReadonlySet<string>, facts: FactIndex): Failure[] {
  const failures: Failure[] = []
  const stepOf = new Map([...held].map((id) => [id, 0]))
  let [nodes, accounts] = [given.length, given.filter(({ id }) => facts.account.has(id)).length]
  for (const [at, { step, fallen, nodes: said, accounts: saidAccounts }] of waves.entries()) {
    if (step !== at + 1) failures.push(record(`step ${step}`, `it is the wave after step ${at}`))
    for (const { node, by, from } of fallen) {
      const before = new Set(from.filter((body) => stepOf.has(body)))
      const proof = { given: [...before], goal: node, steps: [{ node, by, from }] }
      const outcome = checkProof(proof, facts)
      const latest = Math.max(0, ...from.map((body) => stepOf.get(body) ?? 0))
      const reason = !outcome.ok
        ? outcome.reason
        : stepOf.has(node)
          ? 'it fell already'
          : latest !== at
            ? `it rests on what fell at step ${latest}, so it falls at step ${latest + 1}`
            : null
      if (reason !== null) failures.push({ id: node, which: 'entry', step: at, node, reason })
    }
    for (const { node } of fallen) stepOf.set(node, step)
    nodes += said
    accounts += saidAccounts
    const listed = fallen.filter(({ node }) => facts.account.has(node)).length
    if (!cut && (said !== fallen.length || saidAccounts !== listed))
      failures.push(
        record(
          `step ${step}`,
          `it counts ${said} nodes, ${saidAccounts} accounts, and lists ${fallen.length}, ${listed}`,
        ),
      )
  }
  if (nodes !== lost.nodes || accounts !== lost.accounts)
    failures.push(
      record('lost', `it counts ${lost.nodes} nodes, ${lost.accounts} accounts; its waves ${nodes}, ${accounts}`),
    )
  return failures
}

/** The least fixpoint by definition, round by round: a node falls at the round in which its rule is first satisfied. */
function flawsOfFixpoint(
  { waves }: Scenario,
  held: ReadonlySet<string>,
  facts: Pick<Inventory, 'facts' | 'at'>,
): Failure[] {
  const rounds = naiveRounds(facts, held)
  const said = new Map(waves.flatMap(({ step, fallen }) => fallen.map(({ node }) => [node, step] as const)))
  const granted = grantedRights(facts)
  const failures: Failure[] = []
  for (const [node, round] of rounds) {
    if (round === 0 || said.get(node) === round) continue
    // a right that administering gives and that nobody was granted may go unsaid: what follows from it is said
    if (!said.has(node) && parseRight(node) !== null && !granted.has(node)) continue
    failures.push(
      record(
        node,
        `by the facts it falls at step ${round}; here ${said.has(node) ? `at step ${said.get(node)}` : 'it stands'}`,
      ),
    )
  }
  for (const node of said.keys()) if (!rounds.has(node)) failures.push(record(node, 'by the facts it does not fall'))
  return failures
}

/** Rights that an entitlement names that has not ended, whoever holds it. */
function grantedRights({ facts, at }: Pick<Inventory, 'facts' | 'at'>): Set<string> {
  const granted = new Set<string>()
  for (const { fact } of facts) {
    if (fact.fact !== 'entitlement' || hasEnded(fact.expiresAt, { at: at === undefined ? null : Date.parse(at) }))
      continue
    for (const capability of fact.capabilities) {
      const kinds = capability === 'reset_authenticators' ? fact.resets : undefined
      for (const name of kinds?.map((kind) => `${capability}/${kind}`) ?? [capability])
        granted.add(`right:${name}:${fact.on}`)
    }
  }
  return granted
}

/** The round at which each node comes to hold, 0 for what is given. */
export function naiveRounds(facts: Pick<Inventory, 'facts' | 'at'>, given: Iterable<string>): Map<string, number> {
  const rules = naiveRules(facts)
  const rounds = new Map([...given].map((id) => [id, 0]))
  for (let round = 1, before = -1; before < rounds.size; round++) {
    before = rounds.size
    const fresh = rules.filter(
      ({ head, body, needs }) => !rounds.has(head) && body.filter((node) => rounds.has(node)).length >= needs,
    )
    for (const { head } of fresh) rounds.set(head, round)
  }
  return rounds
}
