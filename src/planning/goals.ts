import type { JudgedAccount } from '#analysis/accounts.ts'
import { judgeAccount } from '#analysis/accounts.ts'
import type { JudgedWay } from '#analysis/context.ts'
import { rightImpacts } from '#analysis/impact.ts'
import { restsOn } from '#analysis/rests-on.ts'
import { CAPABILITIES, IMPACTS, type Capability, type Impact } from '#contract/vocabulary.ts'
import { AmbitError } from '#lib/errors.ts'
import { NEVER, proofOf } from '#graph/closure.ts'
import type { Policy } from '#policy/policy.ts'
import type { Assessment } from './assess.ts'
import { derivationFrom, derivationOf, type Derivation } from './derivation.ts'
import { addGivenKeys, addRestKeys, addRuleKeys, addWayKeys, ruleKey, type Positions } from './keys.ts'

/** What is to hold after a plan. */
export type Goal =
  | { readonly is: 'no-unfit'; readonly least: Impact }
  | { readonly is: 'no-attacker'; readonly attacker: string; readonly least: Impact }
  | { readonly is: 'no-reach'; readonly capability: Capability; readonly least: Impact }
  | { readonly is: 'protect'; readonly id: string }

/** One thing against a goal: it stands as long as nothing that its keys name is changed. */
export interface Violation {
  /** the account that is concerned; null where it is no account */
  readonly account: string | null
  readonly why: string
  readonly keys: ReadonlySet<string>
}

/**
 * Reads a goal: `no-unfit`, `no-attacker:NAME`, `no-reach:CAPABILITY`, each with `:IMPACT` after it for only what matters
 * so much, or `protect:ID`.
 *
 * @throws {AmbitError} `usage`
 */
export function goalOf(text: string, policy: Policy): Goal {
  const [word = '', ...rest] = text.split(':')
  const refuse = (why: string): never => {
    throw new AmbitError('usage', `\`${text}\` is no goal: ${why}`, { goal: text })
  }
  const impact = (name: string | undefined, usual: Impact): Impact => {
    if (name === undefined) return usual
    const found = IMPACTS.find((each) => each === name)
    return found ?? refuse(`after the last colon stands one of ${IMPACTS.join(', ')}`)
  }
  switch (word) {
    case 'no-unfit':
      return { is: 'no-unfit', least: impact(rest[0], 'none') }
    case 'no-attacker': {
      const attacker = policy.attackers.find(({ name }) => name === rest[0])
      if (attacker === undefined)
        return refuse(`the policy expects ${policy.attackers.map(({ name }) => name).join(', ')}`)
      return { is: 'no-attacker', attacker: attacker.name, least: impact(rest[1], 'none') }
    }
    case 'no-reach': {
      const capability = CAPABILITIES.find((each) => each === rest[0])
      if (capability === undefined) return refuse(`capabilities are ${CAPABILITIES.join(', ')}`)
      return { is: 'no-reach', capability, least: impact(rest[1], 'moderate') }
    }
    case 'protect':
      return rest.length > 0 ? { is: 'protect', id: rest.join(':') } : refuse('name what is to be protected')
    default:
      return refuse('write no-unfit, no-attacker:NAME, no-reach:CAPABILITY or protect:ID')
  }
}

/** What the violations of one assessment are looked for with. */
export interface Asking {
  readonly assessment: Assessment
  readonly positions: Positions
  /** accounts that were unfit before any change: not to know is no better */
  readonly wereUnfit: ReadonlySet<string>
  /** whether some change breaks what a key names */
  readonly isBreakable: (key: string) => boolean
}

/** Everything against a goal, each with one derivation or condition that it rests on. */
export function violationsOf(goal: Goal, asking: Asking): Violation[] {
  switch (goal.is) {
    case 'no-unfit':
      return unfitViolations(asking, goal.least)
    case 'no-attacker':
      return takeoverViolations(asking, goal.attacker, goal.least)
    case 'no-reach':
      return rightViolations(asking, goal.capability, goal.least)
    case 'protect':
      return nodeViolations(asking, goal.id)
  }
}

const atLeast = (impact: Impact, least: Impact): boolean => IMPACTS.indexOf(impact) >= IMPACTS.indexOf(least)

function unfitViolations(asking: Asking, least: Impact): Violation[] {
  const { assessment, wereUnfit } = asking
  const found: Violation[] = []
  for (const [id, account] of assessment.accounts) {
    const lost = account.verdict === 'unknown' && wereUnfit.has(id)
    if ((account.verdict !== 'unfit' && !lost) || !atLeast(account.impact.impact, least)) continue
    const levels = new Levels(assessment, account)
    for (const judged of account.ways) {
      if (judged.verdict !== 'unfit' && !(lost && judged.verdict === 'unknown')) continue
      found.push(...wayViolations(asking, levels, judged, least))
    }
  }
  return found
}

/** An account judged as if its reach were worth less, each level when asked for. */
class Levels {
  readonly account: JudgedAccount
  private readonly assessment: Assessment
  private readonly judged = new Map<Impact, JudgedAccount>()

  constructor(assessment: Assessment, account: JudgedAccount) {
    this.assessment = assessment
    this.account = account
  }

  /** The lowest impact at which the way in has this reason against it, whatever the capabilities; null at none. */
  lowest(way: string, code: string): Impact | null {
    for (const impact of IMPACTS) {
      if (!atLeast(this.account.impact.impact, impact)) return null
      const judged = this.at(impact).ways.find((each) => each.way.id === way)
      if (judged?.verdict === 'unfit' && judged.reasons.some((reason) => reason.code === code)) return impact
    }
    return null
  }

  private at(impact: Impact): JudgedAccount {
    let judged = this.judged.get(impact)
    if (judged === undefined) {
      const assumed = { impact, uncertain: false, capabilities: [] }
      judged = judgeAccount(this.assessment, this.account.fact, assumed, { nodes: 1, accounts: 1 })
      this.judged.set(impact, judged)
    }
    return judged
  }
}

/** What kind of thing a reason is about; those of the way's strength have the rest. */
const ABOUT: Readonly<Record<string, string>> = {
  session_too_long: 'limit',
  control_missing: 'controls',
  duties_not_met: 'duties',
  exposed_session: 'session',
  leaked_secret: 'out',
  unsanctioned_secret: 'place',
  long_lived_secret: 'age',
  wildcard_trust: 'trust',
  used_by_people: 'shared',
}
/** Reasons that only explain another, or say what is not known beside it. */
const BESIDE = new Set(['past_ways_in', 'led_to_by_weaker', 'excepted'])
const isBeside = (code: string): boolean => BESIDE.has(code) || code.endsWith('_unknown') || code.endsWith('_unstated')

function wayViolations(asking: Asking, levels: Levels, judged: JudgedWay, least: Impact): Violation[] {
  const { account } = levels
  const codes = judged.reasons.map(({ code }) => code).filter((code) => !isBeside(code))
  const groups = new Map<string, string[]>()
  for (const code of codes.length > 0 ? codes : ['strength']) {
    const about = ABOUT[code] ?? 'strength'
    groups.set(about, [...(groups.get(about) ?? []), code])
  }
  return [...groups].flatMap(([about, group]) => {
    const keys = new Set<string>()
    if (about === 'strength') addStrengthKeys(asking, judged, keys)
    else addAboutKeys(asking, about, judged, keys)
    const lows = group.map((code) => levels.lowest(judged.way.id, code))
    const low = lows.includes(null) ? null : lows.reduce((a, b) => (atLeast(b!, a!) ? a : b))
    const needs = low === null ? account.impact.impact : atLeast(low!, least) ? low! : least
    const reason = judged.reasons.find(({ code }) => group.includes(code)) ?? judged.reasons[0]
    const called = account.fact.name ?? account.fact.id
    const why = `${called}, \`${judged.way.id}\`: ${reason?.text ?? 'not known'}`
    return reachKeys(asking, account, needs, low === null).map((reach) => ({
      account: account.fact.id,
      why,
      keys: keys.union(reach),
    }))
  })
}

function addStrengthKeys(
  { assessment, positions }: Asking,
  { way, worth, effective }: JudgedWay,
  keys: Set<string>,
): void {
  const { weakest, snapshot, ways } = assessment
  if (way.fact === null && way.purpose === 'admin_reset') {
    addRestKeys(assessment, positions, restsOn(snapshot, weakest.worst, ways, way), keys)
    return
  }
  if (effective === worth.strength || worth.strength === null) addWayKeys(assessment, way, keys)
  else {
    if (way.fact !== null) keys.add(`way:${way.id}`)
    addRestKeys(assessment, positions, restsOn(snapshot, weakest.worst, ways, way), keys)
  }
}

function addAboutKeys({ assessment }: Asking, about: string, { way, worth }: JudgedWay, keys: Set<string>): void {
  const { inventory } = assessment
  switch (about) {
    case 'limit':
    case 'controls':
      keys.add(`${about}:${way.id}`)
      if (way.fact !== null && about === 'limit') addWayKeys(assessment, way, keys)
      return
    case 'session':
      keys.add(`session:${way.id}`)
      return
    case 'shared':
      keys.add(`shared:${way.account}`)
      return
    case 'duties':
      keys.add(`way:${way.id}`)
      for (const { id } of worth.authenticators) keys.add(`duties:${id}`)
      return
    default:
      if (way.fact !== null) keys.add(`way:${way.id}`)
      for (const leaf of new Set((way.alternatives ?? []).flat())) {
        if (inventory.kindOf(leaf) === 'secret') keys.add(`${about}:${leaf}`)
      }
  }
}

/** So many ways to what makes a reach worth so much are told at once; the others when these are gone. */
const AT_ONCE = 6

/**
 * Keys of derivations by which the account alone reaches what makes its reach worth so much, no two of which rest on the
 * same thing that a change breaks; one without keys where nothing needs to be reached.
 *
 * @param all  everything that is reached counts, since a rule of the policy looks at more than the impact
 */
function reachKeys(asking: Asking, { fact, impact }: JudgedAccount, level: Impact, all: boolean): Set<string>[] {
  const { assessment, positions, isBreakable } = asking
  const start = assessment.snapshot.indexOf.get(fact.id)!
  const derivation = derivationsOf(assessment)
  if (all) {
    const keys = new Set<string>()
    for (const { capability, impact: worth } of impact.capabilities) {
      const goals = rightsWorth(assessment, worth, capability)
      addRuleKeys(assessment, positions, derivationFrom(derivation, start, goals, () => false) ?? [], keys)
    }
    return [keys]
  }
  if (level === 'none') return [new Set()]
  const goals = rightsWorth(assessment, level, null)
  const found: Set<string>[] = []
  const broken = new Set<string>()
  const isGone = (rule: number): boolean => {
    if (broken.size === 0) return false
    const key = ruleKey(assessment, positions, rule)
    return key !== null && broken.has(key)
  }
  while (found.length < AT_ONCE) {
    const rules = derivationFrom(derivation, start, goals, isGone)
    if (rules === null) break
    const keys = new Set<string>()
    addRuleKeys(assessment, positions, rules, keys)
    found.push(keys)
    const before = broken.size
    for (const key of keys) if (isBreakable(key)) broken.add(key)
    if (broken.size === before) break
  }
  return found
}

const derivations = new WeakMap<Assessment, Derivation>()
function derivationsOf(assessment: Assessment): Derivation {
  const known = derivations.get(assessment) ?? derivationOf(assessment.snapshot.rules)
  derivations.set(assessment, known)
  return known
}

const rightsByLevel = new WeakMap<Assessment, Map<string, Set<number>>>()

/** Nodes of the rights worth at least so much, of one capability or of any. */
export function rightsWorth(assessment: Assessment, level: Impact, capability: Capability | null): ReadonlySet<number> {
  const known = rightsByLevel.get(assessment) ?? new Map<string, Set<number>>()
  rightsByLevel.set(assessment, known)
  const key = `${level} ${capability ?? ''}`
  let nodes = known.get(key)
  if (nodes === undefined) {
    nodes = new Set()
    const impacts = rightImpacts(assessment.snapshot, assessment.policy)
    for (const right of assessment.snapshot.rights) {
      if (capability !== null && CAPABILITIES[right.capability] !== capability) continue
      if (atLeast(impacts.get(right.node)!.impact, level)) nodes.add(right.node)
    }
    known.set(key, nodes)
  }
  return nodes
}

function takeoverViolations(asking: Asking, attacker: string, least: Impact): Violation[] {
  const { assessment } = asking
  const { policy, inventory, snapshot } = assessment
  const lane = policy.attackers.findIndex(({ name }) => name === attacker)
  const found: Violation[] = []
  for (const { fact } of inventory.byKind.account) {
    const node = snapshot.indexOf.get(fact.id)!
    if (assessment.takeover.ranks[node * 32 + lane] === NEVER) continue
    const account = least === 'none' ? null : assessment.accounts.get(fact.id)!
    if (account !== null && !atLeast(account.impact.impact, least)) continue
    const keys = takeoverKeys(asking, node, lane)
    const why = `${fact.name ?? fact.id} falls to ${attacker.replaceAll('_', ' ')}`
    const reaches = account === null ? [new Set<string>()] : reachKeys(asking, account, least, false)
    for (const reach of reaches) found.push({ account: fact.id, why, keys: keys.union(reach) })
  }
  return found
}

function takeoverKeys({ assessment, positions }: Asking, node: number, lane: number): Set<string> {
  const { program, takeover, snapshot } = assessment
  const keys = new Set<string>()
  const steps = proofOf(program, takeover, node, lane)
  addRuleKeys(
    assessment,
    positions,
    steps.map(({ rule }) => rule),
    keys,
  )
  const derived = new Set(steps.map((step) => step.node))
  for (const from of new Set([node, ...steps.flatMap((step) => [...step.from])])) {
    if (!derived.has(from)) addGivenKeys(assessment, snapshot.nodeIds[from]!, keys)
  }
  return keys
}

function rightViolations(asking: Asking, capability: Capability, least: Impact): Violation[] {
  const nodes = rightsWorth(asking.assessment, least, capability)
  return [...nodes].flatMap((node) => laneViolations(asking, node))
}

function nodeViolations(asking: Asking, id: string): Violation[] {
  const node = asking.assessment.snapshot.indexOf.get(id)
  if (node === undefined) {
    throw new AmbitError('usage', `nothing in the inventory is called \`${id}\`; protect an id that it has`, { id })
  }
  return laneViolations(asking, node)
}

/** One violation for each attacker to whom a node falls; those that fall in the same way are one. */
function laneViolations(asking: Asking, node: number): Violation[] {
  const { takeover, policy, snapshot, inventory } = asking.assessment
  const seen = new Set<string>()
  return policy.attackers.flatMap(({ name }, lane) => {
    if (takeover.ranks[node * 32 + lane] === NEVER) return []
    const keys = takeoverKeys(asking, node, lane)
    const text = [...keys].toSorted().join('\n')
    if (seen.has(text)) return []
    seen.add(text)
    const id = snapshot.nodeIds[node]!
    const account = inventory.kindOf(id) === 'account' ? id : null
    return [{ account, why: `\`${id}\` falls to ${name.replaceAll('_', ' ')}`, keys }]
  })
}
