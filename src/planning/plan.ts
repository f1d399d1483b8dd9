import { AmbitError } from '#lib/errors.ts'
import { snapshotId } from '#analysis/snapshot-id.ts'
import type { Beyond, LockOut, Plan, PlanStep } from '#contract/plan.ts'
import { refuseErrors, type CheckedInventory } from '#model/inventory.ts'
import type { Costs, Policy } from '#policy/policy.ts'
import { assess, leadingTo, type Assessment, type Scope } from './assess.ts'
import { catalogueOf, type Catalogue } from './catalogue.ts'
import { easierIn, holdIn } from './check.ts'
import { editorOf, type Editor } from './edit.ts'
import { goalOf, violationsOf, type Asking, type Goal, type Violation } from './goals.ts'
import { bestWithin, type Clause } from './hitting-set.ts'
import { positionsOf, resettingKeys, type Positions } from './keys.ts'
import { lockOutsOf, type Losses } from './lock-out.ts'
import type { Candidate } from './offer.ts'
import { givesOnly, inOrder } from './order.ts'
import { relaxedTakeovers } from './relaxed.ts'
import { search, type Limits } from './search.ts'
import { standingOf } from './standing.ts'

export interface PlanOptions {
  /** as `goalOf` reads them; all of them hold after the plan */
  readonly goals: readonly string[]
  /** most hours that the plan may cost; as many as it takes where absent */
  readonly budget?: number
  readonly limits: Limits
  /** whether to tell what is left along the way, which takes an assessment for each point */
  readonly curve?: boolean
  readonly onStage?: (stage: string) => void
}

/** Everything that one run of the planner works on. */
interface Run {
  readonly policy: Policy
  readonly goals: readonly Goal[]
  readonly base: Assessment
  readonly editor: Editor
  readonly catalogue: Catalogue
  readonly positions: Positions
  readonly wereUnfit: ReadonlySet<string>
  /** what may be against a goal, and what leads to it; everything where absent */
  readonly scope: Scope | undefined
  readonly losses: Losses
  readonly relaxed: ReturnType<typeof relaxedTakeovers>
  /** violations that nothing breaks, by their words */
  readonly beyond: Map<string, Beyond>
  /** why a candidate was asked for, a few of each */
  readonly reasons: Map<number, Set<string>>
  /** the clauses by account, for what a budget can settle */
  readonly clausesOf: Map<string, Clause[]>
  /** what must not go together, lest somebody be locked out */
  readonly keepIn: Clause[]
  readonly owners: Map<string, { readonly touching: readonly number[]; readonly keeping: readonly number[] }>
  /** the assessment made last, and of which changes */
  last: { readonly changes: string; readonly assessment: Assessment } | null
}

/**
 * The cheapest set of changes after which the goals hold and nobody is locked out, in an order in which each step is
 * safe. It is called a plan only where the whole analysis of the edited inventory says so: see `holds`.
 *
 * @throws {AmbitError} `usage` for a goal that is none; `policy_invalid` where no costs are known
 */
export function planFor(inventory: CheckedInventory, policy: Policy, options: PlanOptions): Plan {
  const { goals, budget, limits, onStage } = options
  const { costs } = policy
  if (costs === undefined) {
    throw new AmbitError('policy_invalid', 'the policy does not say what changes cost; add the section `costs`')
  }
  const stage = onStage ?? (() => {})
  stage('analysing as it is')
  const run = runOf(inventory, policy, costs, goals)
  stage('looking for the cheapest changes')
  const answer = search({ costs: run.catalogue.costs, violated: (chosen) => clausesFor(run, chosen) }, limits)
  const chosen = budget === undefined ? (answer.chosen ?? []) : within(run, budget, limits)
  const steps = inOrder(run.catalogue, chosen)
  stage('checking the plan by the whole analysis')
  return planOf(run, { goals, budget: budget ?? null, answer, steps, limits: options.curve === true ? limits : null })
}

function runOf(inventory: CheckedInventory, policy: Policy, costs: Costs, goals: readonly string[]): Run {
  const base = assess(inventory, policy)
  const read = goals.map((text) => goalOf(text, policy))
  const wereUnfit = new Set<string>()
  const judges = read.some(({ is }) => is === 'no-unfit')
  if (judges) for (const [id, { verdict }] of base.accounts) if (verdict === 'unfit') wereUnfit.add(id)
  const positions = positionsOf(inventory)
  const relaxed = relaxedTakeovers(base, positions, read)
  return {
    policy,
    goals: read,
    // changes only ever take from what leads somewhere, so an account that is fit stays so
    scope: read.every(({ is }) => is === 'no-unfit')
      ? { judged: wereUnfit, relevant: leadingTo(base, wereUnfit) }
      : undefined,
    relaxed,
    base,
    editor: editorOf(inventory),
    catalogue: catalogueOf(base, costs, judges),
    positions,
    wereUnfit,
    losses: (account) => base.recoverability(account),
    beyond: new Map(),
    reasons: new Map(),
    clausesOf: new Map(),
    keepIn: [],
    owners: new Map(),
    last: null,
  }
}

/** The assessment of the inventory with some changes made, in an order in which none undoes what another needs. */
export function assessmentWith(run: Run, chosen: Iterable<number>): Assessment {
  const order = inOrder(run.catalogue, chosen)
  if (order.length === 0) return run.base
  const changes = order.join(' ')
  if (run.last?.changes !== changes) {
    run.last = null // so that its memory may go before the next one takes more
    const edited = run.editor.applyUnchecked(order.map((choice) => run.catalogue.candidates[choice]!))
    run.last = { changes, assessment: assess(edited, run.policy, run.scope) }
  }
  return run.last.assessment
}

const askingOf = ({ positions, wereUnfit, catalogue }: Run, assessment: Assessment): Asking => ({
  assessment,
  positions,
  wereUnfit,
  isBreakable: (key) => catalogue.breaking(key).length > 0,
})

/** What some changes leave wrong, as demands on the choice of others: what is soon found first, else all there is. */
function clausesFor(run: Run, chosen: ReadonlySet<number>): Clause[] {
  const { breaking, brokenBy } = run.catalogue
  const isTouched = (key: string): boolean => breaking(key).some((choice) => chosen.has(choice))
  const soon = run.relaxed({ isTouched, known: brokenBy(chosen) })
  const clauses: Clause[] = []
  for (const violation of soon) {
    const clause = clauseOf(run, violation, chosen)
    if (clause === null) continue
    clauses.push(clause)
    addClause(run, violation.account ?? violation.why, clause)
  }
  return clauses.length > 0 ? clauses : allClausesFor(run, chosen)
}

function allClausesFor(run: Run, chosen: ReadonlySet<number>): Clause[] {
  const assessment = assessmentWith(run, chosen)
  const asking = askingOf(run, assessment)
  const found = new Map<string, Clause>()
  for (const goal of run.goals) {
    for (const violation of violationsOf(goal, asking)) {
      const clause = clauseOf(run, violation, chosen)
      if (clause === null) continue
      found.set(clause.any.join(' '), clause)
      addClause(run, violation.account ?? violation.why, clause)
    }
  }
  for (const { account } of lockOutsOf(assessment, run.losses)) {
    const { touching, keeping } = ownerChanges(run, account)
    const done = touching.filter((choice) => chosen.has(choice))
    const unless = done.length > 0 ? done : [...chosen]
    const clause = { any: keeping.filter((choice) => !chosen.has(choice)), unless }
    const text = `${clause.any.join(' ')} unless ${unless.join(' ')}`
    if (!found.has(text)) run.keepIn.push(clause)
    found.set(text, clause)
  }
  return [...found.values()]
}

function addClause({ clausesOf }: Run, about: string, clause: Clause): void {
  const known = clausesOf.get(about) ?? []
  const text = clause.any.join(' ')
  if (!known.some(({ any }) => any.join(' ') === text)) clausesOf.set(about, [...known, clause])
}

/** Changes on which it depends whether an account's owner gets in, and those among them that let him. */
function ownerChanges(run: Run, account: string): { touching: readonly number[]; keeping: readonly number[] } {
  let known = run.owners.get(account)
  if (known === undefined) {
    const { candidates, touching, breaking } = run.catalogue
    const own = touching(account)
    const others = [...resettingKeys(run.base, run.positions, account)].flatMap((key) => [...breaking(key)])
    known = {
      touching: [...new Set([...own, ...others])],
      keeping: own.filter((choice) => KEEPS_IN.has(candidates[choice]!.kind)),
    }
    run.owners.set(account, known)
  }
  return known
}

const KEEPS_IN = new Set<Candidate['kind']>([
  'give_passkey',
  'require_passkeys',
  'give_hardware_key',
  'require_hardware_keys',
  'harden_recovery',
])

/**
 * The changes that may break a violation. Those that are made already did not; since changes only ever take from what
 * an intruder has, any plan that ends it holds one of the others. Where there is none, it is beyond the catalogue.
 */
function clauseOf(run: Run, violation: Violation, chosen: ReadonlySet<number>): Clause | null {
  const any = new Set<number>()
  for (const key of violation.keys) {
    for (const choice of run.catalogue.breaking(key)) {
      if (chosen.has(choice)) continue
      any.add(choice)
      const reasons = run.reasons.get(choice) ?? new Set<string>()
      if (reasons.size < 6) reasons.add(violation.why)
      run.reasons.set(choice, reasons)
    }
  }
  if (any.size > 0) return { any: [...any].toSorted((a, b) => a - b) }
  run.beyond.set(violation.why, { account: violation.account, why: violation.why })
  return null
}

interface Outcome {
  readonly goals: readonly string[]
  readonly budget: number | null
  readonly answer: ReturnType<typeof search>
  readonly steps: readonly number[]
  /** null where no curve is asked for */
  readonly limits: Limits | null
}

function planOf(run: Run, { goals, budget, answer, steps, limits }: Outcome): Plan {
  const { base, policy, editor, catalogue } = run
  const changes = steps.map((choice) => catalogue.candidates[choice]!)
  const edited = editor.apply(changes)
  refuseErrors(edited.diagnostics)
  // the search looked at everything, too, where it is not told what matters
  const after = run.scope === undefined ? assessmentWith(run, steps) : assess(edited, policy)
  const remaining = remainingOf(run, after)
  const easier = easierIn(after, base)
  const cost = costOf(run, steps)
  const bound = answer.chosen === null && answer.bound !== Infinity ? answer.bound : Math.min(answer.bound, cost)
  const { name, at } = base.inventory.snapshot
  return {
    ambit: 1,
    snapshot: { id: snapshotId(base.inventory), name, at },
    policy: { name: policy.name, hash: policy.hash },
    goals,
    budget,
    holds: remaining.length === 0 && easier.length === 0 && holdIn(after, run.goals),
    cost: rounded(cost),
    bound: rounded(bound),
    optimal: answer.chosen !== null && bound > cost - 0.005,
    method: 'implicit hitting set',
    rounds: answer.rounds,
    changesWeighed: catalogue.candidates.length,
    steps: steps.map((choice) => stepOf(run, choice)),
    beyond: [...run.beyond.values()],
    remaining,
    lockedOut: [...lockedOutOnTheWay(run, steps), ...lockedOut(run, after)],
    easier,
    before: standingOf(base),
    after: standingOf(after),
    against: remainingOf(run, base).length,
    curve: limits === null ? [] : curveOf(run, cost, remaining.length, limits),
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100

const costOf = ({ catalogue }: Run, steps: readonly number[]): number =>
  steps.reduce((sum, choice) => sum + catalogue.costs[choice]!, 0)

function stepOf({ catalogue, reasons }: Run, choice: number): PlanStep {
  const { id, kind, text, edits, price, accounts } = catalogue.candidates[choice]!
  return { id, kind, text, price, accounts: [...accounts], because: [...(reasons.get(choice) ?? [])], edits }
}

/** Accounts, or what else a goal is about, that are still against a goal. */
export function remainingOf(run: Run, assessment: Assessment): string[] {
  const asking = askingOf(run, assessment)
  const found = new Set<string>()
  for (const goal of run.goals) for (const { account, why } of violationsOf(goal, asking)) found.add(account ?? why)
  return [...found].toSorted()
}

/** Who is locked out once all is given and nothing is taken yet; where that is the beginning or the end, that tells of it. */
function lockedOutOnTheWay(run: Run, steps: readonly number[]): LockOut[] {
  const given = steps.filter((choice) => givesOnly(run.catalogue.candidates[choice]!))
  return given.length === 0 || given.length === steps.length ? [] : lockedOut(run, assessmentWith(run, given))
}

function lockedOut(run: Run, assessment: Assessment): LockOut[] {
  return lockOutsOf(assessment, run.losses).map(({ account, by }) => ({
    account,
    by,
    keptInBy: run.catalogue
      .touching(account)
      .map((choice) => run.catalogue.candidates[choice]!)
      .filter(({ kind }) => kind.startsWith('give_') || kind === 'harden_recovery')
      .map(({ text }) => text),
  }))
}

/** How often what a budget buys is looked at again, when it settles less than was thought. */
const LOOKS = 6

/** What an account is worth by its impact, where not all can be settled. */
const WORTH = { none: 1, low: 1, moderate: 3, high: 9 } as const

/** The changes that settle most within a budget, accounts of high impact before others. */
function within(run: Run, budget: number, { solver, now, until }: Limits, looks = LOOKS): number[] {
  for (let look = 1; ; look++) {
    const prizes = Array.from(run.clausesOf, ([account, clauses]) => {
      const impact = run.base.accounts.get(account)?.impact.impact
      return { worth: impact === undefined ? 1 : WORTH[impact], clauses }
    })
    const left = Math.min(2, (until - now()) / 1000)
    const chosen = bestWithin(solver, run.catalogue.costs, prizes, run.keepIn, budget, left)
    if (look === looks || now() > until) return isSafe(run, chosen) ? chosen : []
    const known = countOf(run)
    clausesFor(run, new Set(chosen))
    if (countOf(run) === known) return chosen
  }
}

/** How many demands are known; no new ones means that what is chosen settles what it was thought to. */
const countOf = ({ clausesOf, keepIn }: Run): number =>
  clausesOf.values().reduce((sum, { length }) => sum + length, keepIn.length)

const isSafe = (run: Run, chosen: Iterable<number>): boolean =>
  lockOutsOf(assessmentWith(run, chosen), run.losses).length === 0

/** Points of the curve between its ends. */
const POINTS = 8

/** What the best changes within each budget leave, from nothing to the whole plan; its ends alone where no time is left. */
function curveOf(run: Run, cost: number, last: number, limits: Limits): Plan['curve'] {
  const points = [{ cost: 0, remaining: remainingOf(run, run.base).length }]
  for (let i = 1; i < POINTS && cost > 0 && limits.now() < limits.until; i++) {
    const some = within(run, (cost * i) / POINTS, limits, 2)
    points.push({ cost: rounded(costOf(run, some)), remaining: remainingOf(run, assessmentWith(run, some)).length })
  }
  return [...points, { cost: rounded(cost), remaining: last }]
}
