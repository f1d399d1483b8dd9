/** What is asked of a session now: what the access asks, what its impact asks at the moment of use, and what risk adds. */
import { RISK_LEVELS, type RequiredAssurance, type RiskLevel, type RiskSignal } from '#contract/decision.ts'
import { IMPACTS, STRENGTHS, type Control, type Strength } from '#contract/vocabulary.ts'
import { rankOf } from '#assurance/strength.ts'
import type { DeviceDemand, Policy } from '#policy/policy.ts'
import { shorter } from '#policy/requirement.ts'
import type { Asked } from './world.ts'

/** The signals of a moment, as they count together. */
export interface Risk {
  readonly level: RiskLevel
  /** seconds since 1970 after which an authentication has to be; null where any will do */
  readonly since: number | null
}

const NO_RISK: Risk = { level: 'low', since: null }
/** A secret or session that opens the account is known to be out: whoever is in need not be its owner. */
const EXPOSED: Risk = { level: 'medium', since: null }

/** The worst level, and the latest signal that asks for a new authentication. A level or time that cannot be read is the worst. */
export function riskOf(signals: readonly RiskSignal[], exposed: boolean, { live }: Policy, at: number): Risk {
  if (signals.length === 0) return exposed ? EXPOSED : NO_RISK
  let level = exposed ? RISK_LEVELS.indexOf(EXPOSED.level) : 0
  let since: number | null = null
  for (const signal of signals) {
    const rank = RISK_LEVELS.includes(signal.level) ? RISK_LEVELS.indexOf(signal.level) : RISK_LEVELS.length - 1
    level = Math.max(level, rank)
    if (!upTo(RISK_LEVELS, RISK_LEVELS[rank]!).some((each) => live.risk[each].afterSignal)) continue
    const when = Number.isFinite(signal.at) ? Math.min(signal.at, at) : at
    since = since === null ? when : Math.max(since, when)
  }
  return { level: RISK_LEVELS[level]!, since }
}

/** {@link RequiredAssurance}, with what its parts come from. Shared by all accesses that are asked the same. */
export interface Required {
  readonly assurance: RequiredAssurance
  /** what is asked without risk; an exception may excuse what is missing of this, never of the rest */
  readonly beforeRisk: { readonly strength: Strength; readonly codes: 'allowed' | 'refused' }
  /** limits by where they come from; null for none */
  readonly ages: { readonly session: number | null; readonly access: number | null; readonly risk: number | null }
  /** what risk asks by itself */
  readonly atRisk: Strength
  /** whether only an authentication after the latest signal counts */
  readonly anew: boolean
  /** without which no sign-in of the account is good enough */
  readonly controls: readonly Control[]
  readonly blocked: boolean
  /** how long a permit lasts at most */
  readonly permitSeconds: number
}

/** By access, and within that by who is asked, at what risk, after a code or not. */
const KNOWN = new WeakMap<Asked, (Required | undefined)[]>()

/** Returns what is asked of a person or service, worked out once for each that is asked the same. */
export function requiredOf(policy: Policy, asked: Asked, { level }: Risk, code: boolean, human: boolean): Required {
  let known = KNOWN.get(asked)
  if (known === undefined) KNOWN.set(asked, (known = []))
  const at = (RISK_LEVELS.indexOf(level) * 2 + Number(code)) * 2 + Number(human)
  return (known[at] ??= human ? ofPerson(policy, asked, level, code) : ofService(policy, asked, level, code))
}

/**
 * What is asked of a person. What a lower impact or level asks, a higher one asks too, whatever the policy says of it. The
 * limit on the session counts from the last active authentication, which starts it anew (63B-4 §5.2).
 */
function ofPerson({ live }: Policy, asked: Asked, level: RiskLevel, code: boolean): Required {
  const { requirement, access, impact } = asked
  const rows = upTo(IMPACTS, access.impact).map((each) => live.access[each])
  const lives = upTo(IMPACTS, impact).map((each) => live.access[each])
  const risks = upTo(RISK_LEVELS, level).map((each) => live.risk[each])
  const before = strengthAsked(requirement)
  const atRisk = strongest(risks.map((each) => each.strength))
  const strength = strongest([before, atRisk])
  const session = code ? shorter(requirement.session, requirement.codeSession ?? {}) : requirement.session
  const ages = {
    session: session.overallSeconds ?? null,
    access: least(rows.map(({ maxAgeSeconds }) => maxAgeSeconds)),
    risk: least(risks.map(({ maxAgeSeconds }) => maxAgeSeconds)),
  }
  return {
    assurance: {
      strength,
      codes: requirement.codes === 'refused' || rankOf(strength) >= PHISHING_RESISTANT ? 'refused' : 'allowed',
      phishingResistant: rankOf(strength) >= PHISHING_RESISTANT,
      hardwareBacked: strength === 'hardware',
      maxAge: least(Object.values(ages)),
      maxIdle: session.idleSeconds ?? null,
      senderConstrained: lives.some((each) => each.senderConstrained),
      device: DEVICES[Math.max(...lives.map(({ device }) => DEVICES.indexOf(device)))]!,
    },
    beforeRisk: { strength: before, codes: requirement.codes },
    ages,
    atRisk,
    anew: risks.some(({ afterSignal }) => afterSignal),
    controls: requirement.controls,
    blocked: risks.some(({ blocks }) => blocks),
    permitSeconds: least([...lives, ...risks].map(({ permitSeconds }) => permitSeconds))!,
  }
}

/**
 * What is asked of an account that is nobody's: an AAL is said of people only (SP 800-63-4, glossary), and nobody is there
 * to prove more. It proves that it holds a key; under high risk nothing is enough.
 */
function ofService(policy: Policy, asked: Asked, level: RiskLevel, code: boolean): Required {
  const required = ofPerson(policy, asked, level, code)
  const atStake = IMPACTS.indexOf(asked.impact) >= IMPACTS.indexOf(policy.live.nonHuman.senderConstrained)
  return {
    ...required,
    assurance: {
      ...required.assurance,
      strength: 'none',
      codes: 'allowed',
      phishingResistant: false,
      hardwareBacked: false,
      maxAge: null,
      maxIdle: null,
      senderConstrained: required.assurance.senderConstrained || atStake || level !== 'low',
    },
    beforeRisk: { strength: 'none', codes: 'allowed' },
    ages: { session: null, access: null, risk: null },
    atRisk: 'none',
    anew: false,
    controls: [],
    blocked: required.blocked || level === 'high',
  }
}

const PHISHING_RESISTANT = rankOf('phishing_resistant')
const DEVICES: readonly DeviceDemand[] = ['any', 'managed', 'compliant']

/** On the one scale of strengths: phishing resistance and hardware are steps of it. */
function strengthAsked({
  strength,
  phishingResistant,
  hardwareBacked,
}: Pick<Asked['requirement'], 'strength' | 'phishingResistant' | 'hardwareBacked'>): Strength {
  return strongest([strength, phishingResistant ? 'phishing_resistant' : 'none', hardwareBacked ? 'hardware' : 'none'])
}

const strongest = (all: readonly Strength[]): Strength => STRENGTHS[Math.max(...all.map(rankOf))]!
const upTo = <W extends string>(words: readonly W[], word: W): readonly W[] => words.slice(0, words.indexOf(word) + 1)

/** The least of those that are; null where none is. */
export function least(limits: readonly (number | null | undefined)[]): number | null {
  let lowest: number | null = null
  for (const limit of limits) if (limit != null && (lowest === null || limit < lowest)) lowest = limit
  return lowest
}
