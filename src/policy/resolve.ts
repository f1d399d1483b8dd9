/** Turns a policy file that was found valid into the policy the rest of Ambit works with; conditions are compiled once. */
import type { Worth } from '#assurance/authenticator.ts'
import {
  AUTHENTICATOR_KINDS,
  CHANGE_KINDS,
  IMPACTS,
  type Capability,
  type Impact,
  type Sensitivity,
  type Strength,
} from '#contract/vocabulary.ts'
import { RISK_LEVELS } from '#contract/decision.ts'
import type { Citation } from '#contract/report.ts'
import { compileDefeat, compileRule, type DefeatSection } from './cel.ts'
import type { Attacker, Costs, Defeat, Policy, PolicyRule, Requirement } from './policy.ts'
import type { PolicyFile } from './schema.ts'

export interface FileDefeat {
  readonly kinds: readonly string[]
  readonly when?: string
  readonly heldBelow?: Strength
  readonly effort: number
  readonly basis: 'measurement' | 'judgement'
  readonly source: string | string[]
}

const citations = (source: string | readonly string[]): Citation[] =>
  (typeof source === 'string' ? [source] : source).map((each) => {
    const [standard = '', section = ''] = each.split(' §')
    return { standard, section }
  })
const joined = (source: string | readonly string[]): string => (typeof source === 'string' ? source : source.join('; '))

/** Returns the policy; `file` was found valid by `parse.ts`. */
export function resolvePolicy(file: PolicyFile, hash: string): Policy {
  const { source: _impactSource, ...impact } = file.impact
  const { source: _unstatedSource, ...unstated } = file.unstated
  const { maxSecretAgeDays, maxCertificateAgeDays, unusedDays } = file.nonHuman
  return {
    name: file.name,
    version: file.version,
    hash,
    impact: impact satisfies Record<Capability, Record<Sensitivity, Impact>>,
    unstated,
    requirements: byWord(IMPACTS, (word) => requirementFrom(file.requirements[word])),
    authenticators: byWord(AUTHENTICATOR_KINDS, (word) => worthFrom(file.authenticators[word])),
    attackers: file.attackers.map(attackerFrom),
    rules: file.rules.filter(({ reportOnly }) => reportOnly !== true).map(ruleFrom),
    tried: file.rules.filter(({ reportOnly }) => reportOnly === true).map(ruleFrom),
    exceptions: {
      safeguards: file.exceptions.safeguards,
      maxDays: file.exceptions.maxDays,
      citations: citations(file.exceptions.source),
    },
    nonHuman: {
      maxSecretAgeDays: maxSecretAgeDays.days,
      maxCertificateAgeDays: maxCertificateAgeDays.days,
      unusedDays: unusedDays.days,
      citations: {
        maxSecretAgeDays: citations(maxSecretAgeDays.source),
        maxCertificateAgeDays: citations(maxCertificateAgeDays.source),
        unusedDays: citations(unusedDays.source),
      },
    },
    profiles: file.profiles,
    live: {
      access: byWord(IMPACTS, (word) => sourced(file.live.access[word])),
      risk: byWord(RISK_LEVELS, (word) => sourced(file.live.risk[word])),
      nonHuman: sourced(file.live.nonHuman),
      stepUps: sourced(file.live.stepUps),
      clock: sourced(file.live.clock),
    },
    ...(file.costs === undefined ? {} : { costs: costsFrom(file.costs) }),
  }
}

function costsFrom({ rates, changes }: NonNullable<PolicyFile['costs']>): Costs {
  const { source: _, ...numbers } = rates
  return {
    ...numbers,
    changes: byWord(CHANGE_KINDS, (kind) => {
      const { source: _ofKind, ...cost } = changes[kind]
      return cost
    }),
  }
}

function sourced<T extends { readonly source: string | string[] }>({ source, ...rest }: T) {
  return { ...rest, citations: citations(source) }
}

const byWord = <W extends string, T>(words: readonly W[], of: (word: W) => T): Record<W, T> =>
  Object.fromEntries(words.map((word) => [word, of(word)])) as Record<W, T>

function requirementFrom({ source, why: _why, ...rest }: PolicyFile['requirements'][Impact]): Requirement {
  return { ...rest, citations: citations(source) }
}

function worthFrom({ source, ...rest }: PolicyFile['authenticators'][(typeof AUTHENTICATOR_KINDS)[number]]): Worth {
  return { ...rest, citations: citations(source) }
}

function attackerFrom(attacker: PolicyFile['attackers'][number]): Attacker {
  const { name, title, tier, populations, starts = [], source } = attacker
  return {
    name,
    title,
    tier,
    populations,
    authenticators: (attacker.authenticators ?? []).map((each) => defeatFrom('authenticators', each)),
    channels: (attacker.channels ?? []).map((each) => defeatFrom('channels', each)),
    sessions: (attacker.sessions ?? []).map((each) => defeatFrom('sessions', each)),
    secrets: (attacker.secrets ?? []).map((each) => defeatFrom('secrets', each)),
    starts,
    source: joined(source),
  }
}

/** A defeat whose condition cannot be evaluated over a fact holds: the attacker is given the doubt. */
function defeatFrom<K extends string>(
  section: DefeatSection,
  { kinds, when, heldBelow, effort, basis, source }: Omit<FileDefeat, 'kinds'> & { readonly kinds: readonly K[] },
): Defeat<K> {
  const plain = { kinds, effort, basis, source: joined(source), ...(heldBelow === undefined ? {} : { heldBelow }) }
  if (when === undefined) return plain
  const compiled = compileDefeat(section, when)
  if ('error' in compiled) throw new TypeError(compiled.error)
  const { evaluate } = compiled.condition
  return {
    ...plain,
    condition: when,
    when: (fact) => {
      const outcome = evaluate(fact)
      return 'problem' in outcome || outcome.holds
    },
  }
}

function ruleFrom({ code, when, requires, reason, source }: PolicyFile['rules'][number]): PolicyRule {
  const compiled = compileRule(when)
  if ('error' in compiled) throw new TypeError(compiled.error)
  const { evaluate, uses } = compiled.condition
  return {
    code,
    condition: when,
    uses,
    when: (facts) => {
      const outcome = evaluate(facts)
      return 'problem' in outcome || outcome.holds
    },
    problem: (facts) => {
      const outcome = evaluate(facts)
      return 'problem' in outcome ? outcome.problem : undefined
    },
    requires,
    reason,
    citations: citations(source),
  }
}
