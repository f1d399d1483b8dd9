/** Conformance of one account, per standard. It is not strength, and no two standards are merged. */
import type { Conformance, ConformanceRule } from '#contract/report.ts'
import { asvs5 } from './asvs-5.ts'
import { m2209 } from './m-22-09.ts'
import { nist63b4 } from './nist-63b-4.ts'
import { pci401 } from './pci-4-0-1.ts'
import { psd2 } from './psd2.ts'
import type { Profile, StandardRule, Status } from './rule.ts'
import type { AccountView } from './view.ts'

/** Every profile, by the name a policy lists it under. */
export const PROFILES: readonly Profile[] = [nist63b4, asvs5, pci401, psd2, m2209]

/**
 * Returns the conformance of an account with each of the named profiles, in the order of the names.
 * A `SHALL` that is not met makes it nonconformant, one that is not known makes it unknown; other rules are told and
 * decide nothing (an unmet `SHOULD` needs a recorded reason). No rule that applies: not applicable.
 * @throws {RangeError} if no profile has that name
 */
export function conformanceOf(view: AccountView, profiles: readonly string[]): Conformance[] {
  return profiles.map((name) => {
    const profile = PROFILES.find((each) => each.name === name)
    if (profile === undefined) throw new RangeError(`no profile is named \`${name}\``)
    const rules = profile.rules.filter((rule) => rule.applies(view)).map((rule) => ({ rule, status: rule.check(view) }))
    return {
      profile: name,
      status: statusOf(rules),
      rules: rules.map(({ rule, status }) => RESULTS.get(profile)!.get(rule)![status]),
    }
  })
}

/** Every result of every rule, once: all accounts share them, which would otherwise be most of a large report. */
const RESULTS: ReadonlyMap<Profile, ReadonlyMap<StandardRule, Readonly<Record<Status, ConformanceRule>>>> = new Map(
  PROFILES.map((profile) => [profile, new Map(profile.rules.map((rule) => [rule, resultsOf(rule, profile.standard)]))]),
)

function resultsOf(rule: StandardRule, of: string): Record<Status, ConformanceRule> {
  const { id, section, standard = of, force, text } = rule
  const result = (status: Status): ConformanceRule => ({ id, citation: { standard, section }, force, status, text })
  return { met: result('met'), not_met: result('not_met'), unknown: result('unknown') }
}

function statusOf(rules: readonly { rule: StandardRule; status: Status }[]): Conformance['status'] {
  if (rules.length === 0) return 'not_applicable'
  const binding = rules.filter(({ rule }) => rule.force === 'SHALL').map(({ status }) => status)
  if (binding.includes('not_met')) return 'nonconformant'
  return binding.includes('unknown') ? 'unknown' : 'conformant'
}
