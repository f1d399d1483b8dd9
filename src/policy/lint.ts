/** What a valid policy may still get wrong: things that cannot be meant. */
import { CAPABILITIES, IMPACTS, SENSITIVITIES, STRENGTHS, type Impact } from '#contract/vocabulary.ts'
import { ACCOUNT_FIELDS, SYSTEM_FIELDS, compileRule } from './cel.ts'
import type { Policy, PolicyRule, Requirement, RuleFacts } from './policy.ts'

/** Something odd, with a JSON pointer into the policy file. */
export interface LintNote {
  readonly pointer: string
  readonly message: string
  readonly remedy: string
}

/** Notes on a policy, in the order of the file. An empty list is not a proof of sense. */
export function lintPolicy(policy: Policy): LintNote[] {
  return [...impactRows(policy), ...requirements(policy), ...attackers(policy), ...rules(policy)]
}

function* impactRows({ impact }: Policy): Generator<LintNote> {
  for (const capability of CAPABILITIES) {
    for (let s = 1; s < SENSITIVITIES.length; s++) {
      const [lower, higher] = [SENSITIVITIES[s - 1]!, SENSITIVITIES[s]!]
      if (IMPACTS.indexOf(impact[capability][higher]) >= IMPACTS.indexOf(impact[capability][lower])) continue
      yield {
        pointer: `/impact/${capability}/${higher}`,
        message: `${capability} on something of ${higher} sensitivity is worth less than on something of ${lower}`,
        remedy: 'let impact rise with sensitivity',
      }
    }
  }
}

const weaker = (a: Requirement, b: Requirement): string | null => {
  if (STRENGTHS.indexOf(a.strength) < STRENGTHS.indexOf(b.strength)) return 'less strength'
  if (a.codes === 'allowed' && b.codes === 'refused') return 'allows codes'
  if (!a.phishingResistant && b.phishingResistant) return 'no phishing resistance'
  if (!a.hardwareBacked && b.hardwareBacked) return 'no hardware'
  if ((a.session.overallSeconds ?? Infinity) > (b.session.overallSeconds ?? Infinity)) return 'a longer session'
  return null
}

function* requirements({ requirements: all }: Policy): Generator<LintNote> {
  for (let i = 1; i < IMPACTS.length; i++) {
    const [lower, higher] = [IMPACTS[i - 1]!, IMPACTS[i]!]
    const less = weaker(all[higher], all[lower])
    if (less === null) continue
    yield {
      pointer: `/requirements/${higher}`,
      message: `${higher} impact asks for less than ${lower} impact (${less})`,
      remedy: 'let requirements rise with impact',
    }
  }
}

function* attackers({ attackers: all }: Policy): Generator<LintNote> {
  for (const [i, { name, authenticators, channels, sessions, secrets, starts }] of all.entries()) {
    // an insider's start depends on the organisation, so an empty one that is stated is meant
    if (authenticators.length + channels.length + sessions.length + secrets.length + starts.length > 0) continue
    yield {
      pointer: `/attackers/${i}`,
      message: `attacker \`${name}\` defeats nothing`,
      remedy: 'say what is defeated, or drop the attacker',
    }
  }
}

/** Facts over which a condition should be true at least once and false at least once. */
function* grid(): Generator<RuleFacts> {
  const flags = [{}, { federal: true }, { cardholderData: true }, { paymentService: true }]
  for (const impact of IMPACTS as readonly Impact[]) {
    for (const kind of ['human', 'service', 'workload']) {
      for (const population of ['workforce', 'partner', 'customer']) {
        for (const system of flags) {
          for (const capabilities of [[], [...CAPABILITIES]]) {
            for (const size of [0, 1_000_000]) {
              yield {
                account: { kind, population },
                system,
                impact,
                capabilities,
                reach: { nodes: size, accounts: size },
              }
            }
          }
        }
      }
    }
  }
}

/** Made-up accounts tried on a rule that held for none of the grid; ours. Enough for five independent conditions. */
const TRIES = 4000

/**
 * Accounts made up of what a condition itself names: each field is absent or holds one of its texts, or a number next
 * to one of its numbers. Always the same ones, so that two runs agree.
 */
function* madeUp(condition: string): Generator<RuleFacts> {
  const compiled = compileRule(condition)
  if (!('condition' in compiled)) return
  const { literals } = compiled.condition
  const texts = ['human', 'workforce', ...literals.filter((each) => typeof each === 'string')]
  const numbers = literals.filter((each) => typeof each === 'number').flatMap((each) => [each - 1, each, each + 1])
  let state = 1
  // the multiplier of MINSTD (Park and Miller, 1988)
  const below = (limit: number) => (state = (state * 48_271) % 2_147_483_647) % limit
  const one = <T>(list: readonly T[]): T | undefined => list[below(list.length)]
  const valueOf = (type: string): unknown => {
    if (type === 'bool') return below(2) === 0
    if (type === 'int') return one([0, 1_000_000, ...numbers])
    return type === 'string' ? one(texts) : texts.filter(() => below(2) === 0)
  }
  const some = (fields: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(fields).flatMap(([name, type]) => (below(4) === 0 ? [] : [[name, valueOf(type)]])),
    )
  for (let i = 0; i < TRIES; i++) {
    const [nodes, accounts] = [valueOf('int') as number, valueOf('int') as number]
    yield {
      account: { kind: 'human', ...some(ACCOUNT_FIELDS) },
      system: some(SYSTEM_FIELDS),
      impact: one(IMPACTS) ?? 'none',
      capabilities: CAPABILITIES.filter(() => below(2) === 0),
      reach: { nodes: Math.max(nodes, 0), accounts: Math.max(accounts, 0) },
    }
  }
}

function holdsSomewhere(rule: PolicyRule, facts: readonly RuleFacts[]): boolean {
  if (facts.some((each) => rule.when(each))) return true
  for (const each of madeUp(rule.condition ?? 'false')) if (rule.when(each)) return true
  return false
}

function* rules({ rules: all }: Policy): Generator<LintNote> {
  const facts = [...grid()]
  for (const [i, rule] of all.entries()) {
    const broken = facts.find((each) => rule.problem?.(each) !== undefined)
    if (broken !== undefined) {
      yield {
        pointer: `/rules/${i}/when`,
        message: `rule \`${rule.code}\` cannot be evaluated for every account: ${rule.problem!(broken)}; it then raises the bar`,
        remedy: 'ask with has() for fields that may be absent',
      }
      continue
    }
    if (!holdsSomewhere(rule, facts))
      yield {
        pointer: `/rules/${i}/when`,
        message: `rule \`${rule.code}\` holds for none of ${facts.length + TRIES} made-up accounts`,
        remedy: 'check its condition',
      }
    if (Object.keys(rule.requires).length === 0)
      yield {
        pointer: `/rules/${i}/requires`,
        message: `rule \`${rule.code}\` raises nothing`,
        remedy: 'say what it requires, or drop it',
      }
  }
}
