/** Checks what `ambit breaches` said: every chain is a derivation from what it says is given, and goes through its stages. */
import { Compile } from 'typebox/compile'
import { Breaches, type Breach } from '#contract/breaches.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Inventory } from '#model/facts.ts'
import { checkProof } from './check-proof.ts'
import { mayBeDefeated } from './check-simulation.ts'
import { unguarded, type Verification } from './check-report.ts'
import { indexFacts, isDisabled, type FactIndex } from './fact-index.ts'
import { record, type Failure } from './failure.ts'
import { flawsOfSnapshot, type Sha256 } from './snapshot-id.ts'

const validator = Compile(Breaches)

/** Whether parsed JSON says that it is of breaches, sound or not. */
export const isBreaches = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'breaches' in value

/**
 * Checks every chain. That a pattern asks for no more than the stages show, and that a chain called absent is absent, rest on
 * the patterns and the policy, and are not checked here.
 *
 * @throws {AmbitError} `report_invalid` when it is nothing of the kind
 */
export function verifyBreaches(value: unknown, inventory: Inventory, sha256?: Sha256): Verification {
  if (!validator.Check(value)) {
    const [first] = validator.Errors(value)
    const pointer = first?.instancePath ?? ''
    throw new AmbitError(
      'report_invalid',
      `not breaches of Ambit: \`${pointer === '' ? '/' : pointer}\` ${first?.message ?? 'does not fit'}; write them with \`ambit breaches --format json\``,
      { pointer },
    )
  }
  const at = inventory.at ?? value.snapshot.at
  const facts = indexFacts({ facts: inventory.facts, ...(at === null ? {} : { at }) })
  const open = unguarded(inventory, facts)
  const failures: Failure[] = [...flawsOfSnapshot(value, inventory, sha256)]
  let checked = 0
  for (const breach of value.chains) {
    if (breach.proof === null) {
      if (breach.status !== 'absent') failures.push(record(breach.id, `it is ${breach.status} and has no proof`))
      continue
    }
    checked++
    const outcome = checkProof(breach.proof, facts)
    if (!outcome.ok) {
      const { step, reason } = outcome
      const node = breach.proof.steps[step]?.node ?? breach.proof.goal
      failures.push({ id: breach.id, which: 'entry', step, node, reason })
    } else failures.push(...flawsOfBreach(breach, facts, open).map((reason) => record(breach.id, reason)))
  }
  return { checked, failures }
}

function* flawsOfBreach(
  { status, stages, proof, supposed, doubts, blockedBy }: Breach,
  facts: FactIndex,
  open: ReadonlySet<string>,
): Generator<string> {
  if (proof === null) return
  const held = new Set([...proof.given, ...proof.steps.map(({ node }) => node)])
  const lost = stages.find(({ node }) => !held.has(node))
  if (lost !== undefined) yield `the proof does not go through the stage \`${lost.node}\``
  if (stages.at(-1)?.node !== proof.goal) yield 'the last stage is not the goal of the proof'
  for (const id of proof.given) {
    if (isDisabled(id, facts)) yield `account \`${id}\` is disabled, and nobody holds it`
    else if (!supposed.includes(id) && !mayBeDefeated(id, facts) && !open.has(id))
      yield `\`${id}\` is given, and is neither supposed nor a thing that can be defeated`
  }
  if (supposed.length > 1 && status !== 'blocked') yield 'more than one thing is supposed at once'
  const [isOpen, isSure] = [blockedBy.length === 0, doubts.length === 0]
  const expected = isOpen ? (isSure ? 'possible' : 'unknown') : 'blocked'
  if (status !== expected) yield `it is called ${status}, and what it names makes it ${expected}`
}
