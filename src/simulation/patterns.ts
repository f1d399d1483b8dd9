/** Reads breach patterns and decides whether a node, and the rule that gave it, is what a stage speaks of. */
import { CAPABILITIES, IMPACTS, type Impact } from '#contract/vocabulary.ts'
import type { Report } from '#contract/report.ts'
import { AmbitError } from '#lib/errors.ts'
import { once, oncePer } from '#lib/once.ts'
import { RULE_KIND_NAMES } from '#model/compile.ts'
import { FACT_SCHEMAS, type Fact, type FactOf } from '#model/facts.ts'
import { conditionReader, SYSTEM_FIELDS, type Fields } from '#policy/cel.ts'
import { nearest } from '#policy/nearest.ts'
import { readYaml } from '#policy/parse.ts'
import type { Attacker, Policy } from '#policy/policy.ts'
import { problemsOf } from '#policy/shape.ts'
import { PatternFile, type PatternText, type StageText, type ThingText } from './pattern-schema.ts'
import type { World } from './world.ts'

type Where = (facts: Readonly<Record<string, unknown>>) => boolean

export interface Stage extends Omit<StageText, 'where' | 'on'> {
  readonly where?: Where
  readonly on?: Selector
}

export interface Selector extends Omit<ThingText, 'where'> {
  readonly where?: Where
}

export interface Pattern extends Omit<PatternText, 'attackers' | 'suppose' | 'chain'> {
  readonly attackers: readonly Attacker[]
  readonly suppose: Selector | null
  readonly chain: readonly Stage[]
}

const ALL_FIELDS: Fields = Object.fromEntries(
  Object.values(FACT_SCHEMAS).flatMap(({ properties }) => Object.keys(properties).map((field) => [field, 'dyn'])),
)

const readWhere = conditionReader({
  objects: { fact: ALL_FIELDS, system: SYSTEM_FIELDS },
  others: {
    impact: 'string',
    nominal: 'string',
    effective: 'string',
    verdict: 'string',
    findings: 'list<string>',
    purposes: 'list<string>',
    bindings: 'list<string>',
  },
})

/**
 * The patterns that a file states, with their conditions compiled and their attackers looked up in the policy.
 *
 * @throws {AmbitError} `pattern_invalid`, with every problem in the message
 */
export function readPatterns(text: string, file: string, policy: Policy): Pattern[] {
  const { value } = readYaml(text, file)
  const problems = problemsOf(PatternFile, value).map(
    ({ path, message, remedy }) => `/${path.join('/')}: ${message}; ${remedy}`,
  )
  if (problems.length > 0) invalid(file, problems)
  const { chains } = value as { chains: PatternText[] } // the schema was just held against it
  const patterns = chains.map((each, i) => patternOf(each, policy, `/chains/${i}`, problems))
  const ids = chains.map(({ id }) => id)
  for (const [i, id] of ids.entries()) {
    if (ids.indexOf(id) !== i) problems.push(`/chains/${i}/id: \`${id}\` names two patterns; give each its own`)
  }
  if (problems.length > 0) invalid(file, problems)
  return patterns
}

function invalid(file: string, problems: readonly string[]): never {
  throw new AmbitError('pattern_invalid', `${file}: ${problems.join('\n  ')}`, { problems })
}

function patternOf(
  { attackers = [], suppose, chain, ...rest }: PatternText,
  { attackers: known }: Policy,
  path: string,
  problems: string[],
): Pattern {
  const acting = attackers.flatMap((name) => {
    const found = known.find((each) => each.name === name)
    if (found !== undefined) return [found]
    const guess = nearest(
      name,
      known.map((each) => each.name),
    )
    problems.push(
      `${path}/attackers: the policy has no \`${name}\`${guess === undefined ? '' : `; did you mean \`${guess}\`?`}`,
    )
    return []
  })
  if (attackers.length === 0 && suppose === undefined)
    problems.push(`${path}: nothing begins it; name attackers, or say what to suppose`)
  return {
    ...rest,
    attackers: acting,
    suppose: suppose === undefined ? null : selectorOf(suppose, `${path}/suppose`, problems),
    chain: chain.map(({ on, ...stage }, i) => ({
      ...selectorOf(stage, `${path}/chain/${i}`, problems),
      ...(on === undefined ? {} : { on: selectorOf(on, `${path}/chain/${i}/on`, problems) }),
    })),
  }
}

/** A condition that cannot be evaluated holds: the attacker is given the doubt. */
function selectorOf<S extends ThingText>(
  { where, ...rest }: S,
  path: string,
  problems: string[],
): Omit<S, 'where'> & { where?: Where } {
  if (where === undefined) return rest
  const compiled = readWhere(where)
  if ('error' in compiled) {
    problems.push(`${path}/where: ${compiled.error}`)
    return rest
  }
  const { evaluate } = compiled.condition
  return {
    ...rest,
    where: (facts) => {
      const outcome = evaluate(facts)
      return 'problem' in outcome || outcome.holds
    },
  }
}

/** What the nodes of a world are, as stages ask for it. */
export interface Matcher {
  /** whether a node is what the selector says, by itself */
  readonly isSuch: (node: number, selector: Selector) => boolean
  /**
   * Whether a node, given by a rule (null where it is held), is at this stage: null where it is not; else the controls
   * for which the way in would have to be without, as `control of way in`.
   */
  readonly atStage: (node: number, rule: number | null, stage: Stage) => readonly string[] | null
}

/** What is thought of accounts; findings are only asked for where a pattern speaks of them. */
export interface Judged {
  readonly accounts: Iterable<
    Pick<Report['accounts'][number], 'id' | 'impact' | 'nominalStrength' | 'effectiveStrength' | 'verdict'>
  >
  readonly findings: Iterable<Pick<Report['findings'][number], 'account' | 'code'>>
}

export function matcherOf(world: World, judged: Judged): Matcher {
  const { snapshot, ways } = world
  const { inventory, nodeIds } = snapshot
  const accounts = new Map(Array.from(judged.accounts, (account) => [account.id, account]))
  const findings = once(() => Map.groupBy(judged.findings, ({ account }) => account))
  const rights = new Map(snapshot.rights.map((right) => [right.node, right]))
  const wayOf = waysByPlace(world)
  const facts = nodeIds.map((id) => inventory.get(id)?.fact)

  const factsOf = (id: string, node: number, fact: Partial<Fact>): Readonly<Record<string, unknown>> => {
    const account = accounts.get(id)
    const system = 'system' in fact && fact.system !== undefined ? inventory.get(fact.system)?.fact : undefined
    const own = ways.get(id) ?? []
    return {
      fact,
      system: system ?? {},
      impact: account?.impact ?? world.rights.get(node)?.impact ?? '',
      nominal: account === undefined ? '' : (account.nominalStrength ?? 'unknown'),
      effective: account === undefined ? '' : (account.effectiveStrength ?? 'unknown'),
      verdict: account?.verdict ?? '',
      get findings() {
        return (findings().get(id) ?? []).map(({ code }) => code)
      },
      purposes: [...new Set(own.map(({ purpose }) => purpose))],
      bindings: [...new Set(own.map(({ session }) => session.binding ?? 'unstated'))],
    }
  }
  const such = (node: number, { is, kind, where }: Selector, target: string | undefined): boolean => {
    const fact = target === undefined ? facts[node] : inventory.get(target)?.fact
    const sort = target === undefined && rights.has(node) ? 'right' : fact?.fact
    if (is !== undefined && !is.some((each) => each === sort)) return false
    if (kind !== undefined && !(fact !== undefined && 'kind' in fact && kind.includes(String(fact.kind)))) return false
    return where === undefined || where(factsOf(target ?? nodeIds[node]!, node, fact ?? {}))
  }
  /** per selector and node: 1 where the node is not such, 2 where it is; a chain asks about a node for each rule that gives it */
  const known = oncePer((_selector: Selector) => new Uint8Array(nodeIds.length))
  const isSuch = (node: number, selector: Selector, target?: string): boolean => {
    const answers = known(selector)
    if (answers[node] === 0) answers[node] = such(node, selector, target) ? 2 : 1
    return answers[node] === 2
  }
  return {
    isSuch,
    atStage(node, rule, stage) {
      if (!isGivenSo(rule, stage)) return null
      if (stage.right !== undefined) {
        const right = rights.get(node)
        if (right === undefined || !stage.right.includes(CAPABILITIES[right.capability]!)) return null
        if (stage.on !== undefined && !isSuch(node, stage.on, right.target)) return null
      }
      if (stage.impact !== undefined && !isWorth(impactOf(world, node), stage.impact)) return null
      return isSuch(node, stage) ? controlsAgainst(rule, stage) : null
    },
  }

  /** Conditions on the rule that gave it. */
  function isGivenSo(rule: number | null, { by, purpose, without }: Stage): boolean {
    if (by === undefined && purpose === undefined && without === undefined) return true
    if (rule === null) return false
    if (by !== undefined && !by.includes(RULE_KIND_NAMES[snapshot.ruleKinds[rule]!]!)) return false
    if (purpose === undefined) return true
    const way = wayOf(rule)
    return way !== undefined && purpose.includes(way.purpose)
  }

  function controlsAgainst(rule: number | null, { without }: Stage): readonly string[] {
    const way = without === undefined || rule === null ? undefined : wayOf(rule)
    if (way === undefined) return NONE
    const controls = ways.get(way.account)?.find(({ id }) => id === way.id)?.controls
    return without!.filter((control) => controls?.has(control)).map((control) => `${control} of ${way.id}`)
  }
}

const NONE: readonly string[] = []

function impactOf({ snapshot, impacts, rights }: World, node: number): Impact | undefined {
  return impacts.get(snapshot.nodeIds[node]!)?.impact ?? rights.get(node)?.impact
}

const isWorth = (impact: Impact | undefined, least: Impact): boolean =>
  impact !== undefined && IMPACTS.indexOf(impact) >= IMPACTS.indexOf(least)

/** The way in that a rule is, by the fact that the rule was made of. */
function waysByPlace({ snapshot }: World): (rule: number) => FactOf<'wayIn'> | undefined {
  const byPlace = Map.groupBy(snapshot.inventory.byKind.wayIn, ({ place }) => place)
  const wayIn = RULE_KIND_NAMES.indexOf('way_in')
  return (rule) => {
    if (snapshot.ruleKinds[rule] !== wayIn) return undefined
    const head = snapshot.nodeIds[snapshot.rules.heads[rule]!]!
    const place = snapshot.rulePlaces[rule]
    const placed = place === undefined ? undefined : byPlace.get(place)
    return placed?.find(({ fact }) => (fact.yields?.length ? fact.yields.includes(head) : fact.account === head))?.fact
  }
}
