/**
 * Checks a whole report against the inventory it speaks of: its shape, every proof in it, and everything that can be
 * recounted without an engine.
 */
import { Compile } from 'typebox/compile'
import { Report, type Account, type Finding, type Proof } from '#contract/report.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Formula, Inventory } from '#model/facts.ts'
import { checkProof } from './check-proof.ts'
import type { Failure } from './failure.ts'
import { indexFacts, type FactIndex } from './fact-index.ts'
import { isPlainId, parseRight } from './nodes.ts'
import { recountOf } from './recount.ts'
import { flawsOfSnapshot, type Sha256 } from './snapshot-id.ts'

/** What {@link verifyReport} found. The report holds when `failures` is empty. */
export interface Verification {
  /** proofs checked, sound or not */
  readonly checked: number
  readonly failures: readonly Failure[]
  /** what was left unchecked, as a sentence; null where nothing was */
  readonly unchecked?: string
}

const report = Compile(Report)

/** The report, if it has the shape of one. @throws {AmbitError} `report_invalid`, with a JSON pointer in `detail.pointer` */
function asReport(value: unknown): Report {
  if (report.Check(value)) return value
  const pointer = pointerOf(report.Errors(value))
  const message = `not a report of Ambit: ${misfit(report.Errors(value))}; write it with \`ambit analyze --format json\``
  throw new AmbitError('report_invalid', message, { pointer })
}

type Misfits = readonly { readonly instancePath: string; readonly message: string }[]

const pointerOf = ([first]: Misfits): string => first?.instancePath ?? ''

/** Where a value does not have its shape, and why, in words. */
export const misfit = (errors: Misfits): string =>
  `\`${pointerOf(errors) || '/'}\` ${errors[0]?.message ?? 'does not fit'}`

/** The check of a report that is given piece by piece: its diagnostics, its accounts, then its findings, then its summary. */
export interface ReportCheck {
  /** what does not hold of the snapshot that the report says it is of */
  readonly snapshot: readonly Failure[]
  /** counts a diagnostic; what it says of the input is not checked */
  readonly diagnostic: () => void
  /** what does not hold of an account: its proof, then what it says */
  readonly account: (account: Account) => Failure[]
  readonly finding: (finding: Finding) => Failure[]
  /** what is missing, and what the summary miscounts */
  readonly summary: (summary: Report['summary']) => Failure[]
  /** proofs checked so far, sound or not */
  readonly checked: () => number
}

/**
 * Begins the check of a report. The levels, verdicts of single ways in and reasons rest on the policy, and are not checked.
 *
 * @param sha256  with it, the snapshot's id is recomputed too
 */
export function checkReport(head: Pick<Report, 'snapshot'>, inventory: Inventory, sha256?: Sha256): ReportCheck {
  // facts without a time were analysed as of the one that the report states
  const at = inventory.at ?? head.snapshot.at
  const facts = indexFacts({ facts: inventory.facts, ...(at === null ? {} : { at }) })
  const open = unguarded(inventory, facts)
  const counted = recountOf(inventory)
  let checked = 0
  const check = (id: string, which: 'reach' | 'entry', proof: Proof, flaw: string | null): Failure[] => {
    checked++
    const outcome = checkProof(proof, facts)
    if (!outcome.ok) {
      const { step, reason } = outcome
      return [{ id, which, step, node: proof.steps[step]?.node ?? proof.goal, reason }]
    }
    return flaw === null ? [] : [{ id, which, step: null, node: proof.goal, reason: flaw }]
  }
  return {
    snapshot: flawsOfSnapshot(head, inventory, sha256),
    diagnostic: counted.diagnostic,
    account(account) {
      const { id, weakest } = account
      const entry = weakest === null ? [] : check(id, 'entry', weakest.proof, flawOfWeakest(account, facts, open))
      return [...entry, ...counted.account(account)]
    },
    finding(finding) {
      const { id, account, proof } = finding
      const { reach, entry } = proof
      return [
        ...(reach === null ? [] : check(id, 'reach', reach, flawOfReach(finding, reach))),
        ...(entry === null ? [] : check(id, 'entry', entry, flawOfEntry(account, entry, facts, open))),
        ...counted.finding(finding),
      ]
    },
    summary: counted.summary,
    checked: () => checked,
  }
}

/**
 * Checks every proof and every recountable claim of a report that was read as one: see {@link checkReport}.
 *
 * @param value  parsed JSON, of any shape
 * @throws {AmbitError} `report_invalid` when it is not a report at all
 */
export function verifyReport(value: unknown, inventory: Inventory, sha256?: Sha256): Verification {
  const whole = asReport(value)
  const check = checkReport(whole, inventory, sha256)
  whole.diagnostics.forEach(check.diagnostic)
  const failures = [
    ...check.snapshot,
    ...whole.accounts.flatMap(check.account),
    ...whole.findings.flatMap(check.finding),
    ...check.summary(whole.summary),
  ]
  return { checked: check.checked(), failures }
}

function flawOfReach({ account, capability }: Finding, { given, goal }: Proof): string | null {
  if (given.length !== 1 || given[0] !== account)
    return `reach starts from the account alone, not from [${given.join(', ')}]`
  if (capability === null) return null
  return parseRight(goal)?.capability === capability ? null : `the goal \`${goal}\` is not a right to ${capability}`
}

/** What an attacker may be assumed to have unaided: things that prove, or that codes and keys lie in. */
function flawOfEntry(
  account: string,
  { given, goal }: Proof,
  facts: FactIndex,
  open: ReadonlySet<string>,
): string | null {
  if (goal !== account) return `the goal is \`${goal}\`, not the account \`${account}\``
  const smuggled = given.find(
    (id) =>
      !facts.authenticator.has(id) &&
      !facts.channel.has(id) &&
      !facts.secret.has(id) &&
      !facts.session.has(id) &&
      !open.has(id),
  )
  return smuggled === undefined
    ? null
    : `\`${smuggled}\` is given, and is neither an authenticator, channel, secret or session nor left open by the inventory`
}

function flawOfWeakest({ id, weakest, waysIn }: Account, facts: FactIndex, open: ReadonlySet<string>): string | null {
  if (weakest === null) return null
  const { proof, defeats, wayIn } = weakest
  const flaw = flawOfEntry(id, proof, facts, open)
  if (flaw !== null) return flaw
  if (new Set(defeats).symmetricDifference(new Set(proof.given)).size > 0)
    return `it says to defeat [${defeats.join(', ')}], and its proof is given [${proof.given.join(', ')}]`
  return wayIn === null || waysIn.some((way) => way.id === wayIn) ? null : `\`${wayIn}\` is no way in of this account`
}

/**
 * What else may be given, because the inventory leaves it open: ids that a formula asks for and no fact declares (an id
 * that only other fields name, such as a group, is not such a thing), and people's accounts of which no way in is on
 * record. Nothing says that these are guarded, so an attacker may have them.
 */
export function unguarded({ facts }: Inventory, { declared }: FactIndex): Set<string> {
  const leaves = new Set<string>()
  const people = new Set<string>()
  const walk = (formula: Formula): void => {
    if (typeof formula !== 'string') {
      for (const part of 'all' in formula ? formula.all : 'any' in formula ? formula.any : formula.of) walk(part)
    } else if (isPlainId(formula) && !declared.has(formula)) leaves.add(formula)
  }
  for (const { fact } of facts) {
    if (fact.fact === 'wayIn') walk(fact.requires)
    else if (fact.fact === 'rule') walk(fact.when)
    else if (fact.fact === 'account' && fact.kind === 'human' && fact.enabled !== false) people.add(fact.id)
  }
  for (const { fact } of facts) {
    if (fact.fact === 'wayIn' || fact.fact === 'session') people.delete(fact.account)
    else if (fact.fact === 'secret') for (const opened of fact.opens ?? []) people.delete(opened)
  }
  return leaves.union(people)
}
