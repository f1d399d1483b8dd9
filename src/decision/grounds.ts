/** Everything that can stand against an access, as a table: one row looks at one thing, and says what is wrong with it. */
import { KNOWN_SIGNALS, type DeviceEvidence, type Evaluation } from '#contract/decision.ts'
import type { Citation, Reason } from '#contract/report.ts'
import { IMPACTS, impactWords } from '#contract/vocabulary.ts'
import { rankOf } from '#assurance/strength.ts'
import type { Entitlement } from './entitled.ts'
import type { Presented } from './evidence.ts'
import type { Required, Risk } from './required.ts'
import type { Mode } from './settings.ts'
import type { Asked, Standing, World } from './world.ts'

/** All that one access is judged on. */
export interface Weighing {
  readonly world: World
  readonly evaluation: Evaluation
  readonly standing: Standing
  readonly entitlement: Entitlement
  readonly asked: Asked
  readonly risk: Risk
  readonly required: Required
  readonly presented: Presented
}

/** Something that stands against the access. */
export interface Ground extends Reason {
  /** `refuse`: nothing that the session could prove would change it. `prove`: proving more, or anew, would */
  readonly weight: 'refuse' | 'prove'
  /** an exception may excuse it */
  readonly excusable: boolean
}
export type Check = (it: Weighing) => Ground | undefined

const nist = (section: string): Citation => ({ standard: 'NIST SP 800-63B-4', section })
const csf = (section: string): Citation => ({ standard: 'NIST CSF 2.0', section })
const asvs = (section: string): Citation => ({ standard: 'OWASP ASVS 5.0', section })
const nhi = (section: string): Citation => ({ standard: 'OWASP NHI Top 10', section })

const refuse = (code: string, text: string, ...citations: Citation[]): Ground => ({
  weight: 'refuse',
  excusable: false,
  code,
  text,
  citations,
})
const prove = (code: string, text: string, citations: Citation[], excusable = false): Ground => ({
  weight: 'prove',
  excusable,
  code,
  text,
  citations,
})

const spoken = (word: string): string => word.replaceAll('_', ' ')

/** What asks for it: the one thing accessed, or everything that the account reaches besides. */
function asker({ asked, standing, evaluation }: Weighing): string {
  const { action, resource } = evaluation.request
  const access = `\`${action.name}\` on \`${resource.id}\``
  if (!asked.hasPath) {
    return `${access} amounts to no known capability, so all that \`${standing.id}\` reaches counts (${impactWords(standing.whole.impact)})`
  }
  const byFloor = rankOf(strictness(asked.floor)) >= rankOf(strictness(asked.access))
  return byFloor
    ? `what \`${standing.id}\` reaches without asking again is of ${impactWords(asked.floor.impact)}`
    : `${access} is of ${impactWords(asked.access.impact)}`
}

const strictness = ({ requirement }: Asked['floor']) =>
  requirement.hardwareBacked ? 'hardware' : requirement.phishingResistant ? 'phishing_resistant' : requirement.strength

const fromReach = ({ asked }: Weighing): Citation[] => [csf('PR.AA-05'), ...asked.requirement.citations]

/** Whether a subject may at all, in whatever mode. */
const OF_SUBJECT: readonly Check[] = [
  ({ standing }) =>
    standing.enabled ? undefined : refuse('account_disabled', `\`${standing.id}\` is disabled`, asvs('7.4.2')),
  (it) =>
    it.standing.enabled && signalled(it, KNOWN_SIGNALS.disabled)
      ? refuse('account_disabled', `\`${it.standing.id}\` was disabled`, asvs('7.4.2'))
      : undefined,
  (it) =>
    signalled(it, KNOWN_SIGNALS.frozen)
      ? refuse('account_frozen', `\`${it.standing.id}\` is frozen until people have decided about it`, nist('4.2'))
      : undefined,
]

const signalled = ({ evaluation: { risk } }: Weighing, kind: string): boolean => risk.some((each) => each.kind === kind)

/** Seconds since 1970 of the last time that this session, or all of its account, were revoked; null for never. */
export function revokedAt({ risk, at }: Pick<Evaluation, 'risk' | 'at'>): number | null {
  let last: number | null = null
  for (const signal of risk) {
    if (signal.kind !== KNOWN_SIGNALS.revoked) continue
    const when = Number.isFinite(signal.at) ? Math.min(signal.at, at) : at
    if (last === null || when > last) last = when
  }
  return last
}

/** Whether the session did not prove anything since it was revoked. In the very second of it counts as before. */
function isRevoked({ evaluation, presented: { age } }: Weighing): boolean {
  const revoked = revokedAt(evaluation)
  return revoked !== null && (age === null || evaluation.at - age <= revoked)
}

/** Left out where only assurance is asked for. */
const OF_ENTITLEMENT: readonly Check[] = [
  ({ entitlement: { forbidden } }) =>
    forbidden === null
      ? undefined
      : refuse('forbidden', `the rule \`${forbidden.rule}\` forbids it: ${forbidden.text}`, csf('PR.AA-05')),
  ({ entitlement, standing, evaluation: { request } }) =>
    entitlement.entitled || entitlement.forbidden !== null
      ? undefined
      : refuse(
          'not_entitled',
          `nothing entitles \`${standing.id}\` to \`${request.action.name}\` on \`${request.resource.id}\``,
          csf('PR.AA-05'),
        ),
]

const deviceShown = (device: DeviceEvidence | null): 'any' | 'managed' | 'compliant' =>
  device?.managed !== true ? 'any' : device.compliant === true ? 'compliant' : 'managed'
const DEVICES = ['any', 'managed', 'compliant'] as const

const MODERATE = IMPACTS.indexOf('moderate')

/** What no proof of the person cures. */
const NOT_BY_PROOF: readonly Check[] = [
  (it) => {
    if (!signalled(it, KNOWN_SIGNALS.recovered) || IMPACTS.indexOf(it.asked.impact) < MODERATE) return undefined
    const text = `the account was recovered lately and gets no authority back yet, and ${asker(it)}`
    return refuse('authority_withheld', text, nist('4.2'))
  },
  (it) =>
    it.required.blocked
      ? refuse('risk_too_high', `the risk of this session is too high (${signals(it)})`, nist('5.3'))
      : undefined,
  ({ required, standing }) => {
    if (required.controls.length === 0) return undefined
    const missing = required.controls.filter((control) => !standing.controls.includes(control))
    if (missing.length === 0) return undefined
    return refuse('control_missing', `not recorded as in place: ${missing.map(spoken).join(', ')}`, csf('PR.AA-03'))
  },
  ({ required, evaluation: { device } }) => {
    const asked = required.assurance.device
    if (asked === 'any' || DEVICES.indexOf(deviceShown(device)) >= DEVICES.indexOf(asked)) return undefined
    return refuse('device_not_shown', `the device is not shown to be ${asked}`, csf('PR.AA-03'))
  },
  ({ required, presented }) =>
    required.assurance.senderConstrained && !presented.senderConstrained
      ? refuse(
          'not_sender_constrained',
          'the session is tied to no key of its client, so it could be a copy',
          asvs('10.3.5'),
        )
      : undefined,
]

function signals({ evaluation: { risk }, standing }: Weighing): string {
  const kinds = new Set(risk.filter(({ level }) => level !== 'low').map(({ kind }) => kind))
  if (standing.exposed) kinds.add('secret_or_session_out')
  return [...kinds].toSorted().join(', ')
}

/** For people. */
const BY_PROOF: readonly Check[] = [
  ({ presented, required }) => {
    if (presented.session || required.assurance.strength === 'none') return undefined
    return prove('no_session', 'no session of this account is shown', [nist('5.1')])
  },
  (it) =>
    isRevoked(it)
      ? prove('session_revoked', 'the session was revoked, and nothing was proved since', [
          nist('5.1.1'),
          asvs('7.4.1'),
        ])
      : undefined,
  (it) => {
    const { required, presented } = it
    if (!presented.code || required.beforeRisk.codes === 'allowed') return undefined
    const text = `the session rests on a code that can be relayed, and ${asker(it)}`
    return prove('code_beyond_reach', text, [nist('3.2.5'), ...fromReach(it)], true)
  },
  (it) => {
    const { required, presented } = it
    const least = required.beforeRisk.strength
    if (rankOf(presented.strength) >= rankOf(least)) return undefined
    const text = `the session proves ${spoken(presented.strength)}; ${spoken(least)} is asked for, since ${asker(it)}`
    return prove('below_required', text, fromReach(it), true)
  },
  (it) => {
    const { required, presented } = it
    if (rankOf(presented.strength) >= rankOf(required.atRisk)) return undefined
    const text = `at the risk of this session (${signals(it)}) ${spoken(required.atRisk)} is asked for`
    return prove('below_required_at_risk', text, [nist('5.3'), asvs('8.2.4')])
  },
  ...(['session', 'access', 'risk'] as const).map((of): Check => ({ required, presented }) => {
    const limit = required.ages[of]
    if (limit === null || (presented.age !== null && presented.age <= limit)) return undefined
    const { code, citations } = AGES[of]
    const shown =
      presented.age === null ? 'when it was authenticated is not shown' : `authenticated ${presented.age} seconds ago`
    return prove(code, `${shown}; at most ${limit} seconds are allowed`, [...citations])
  }),
  (it) => {
    const { required, presented, risk, evaluation } = it
    if (!required.anew || risk.since === null) return undefined
    if (presented.age !== null && evaluation.at - presented.age >= risk.since) return undefined
    return prove('before_signal', `not authenticated since a signal of risk (${signals(it)})`, [nist('5.3')])
  },
  ({ required, presented: { idle } }) => {
    const { maxIdle } = required.assurance
    if (maxIdle === null || (idle !== null && idle <= maxIdle)) return undefined
    const shown = idle === null ? 'when it was last used is not shown' : `last used ${idle} seconds ago`
    return prove('session_idle', `${shown}; at most ${maxIdle} seconds are allowed`, [nist('5.2')])
  },
]

const AGES = {
  session: { code: 'session_over', citations: [nist('5.2')] },
  access: { code: 'authenticated_too_long_ago', citations: [csf('PR.AA-03')] },
  risk: { code: 'authenticated_too_long_ago_at_risk', citations: [nist('5.3')] },
} as const

const OF_PERSON: readonly Check[] = [...NOT_BY_PROOF, ...BY_PROOF]

/** For services and workloads. Its own secret being out is not cured by holding it. */
const OF_SERVICE: readonly Check[] = [
  ({ standing }) =>
    standing.exposed
      ? refuse('exposed', `a secret or session of \`${standing.id}\` is known to be out`, nhi('NHI2:2025'))
      : undefined,
  (it) =>
    isRevoked(it)
      ? refuse('session_revoked', 'the session was revoked, and nothing was proved since', asvs('7.4.1'))
      : undefined,
  ({ presented }) =>
    presented.session ? undefined : refuse('no_session', 'no session of this account is shown', nhi('NHI4:2025')),
  ...NOT_BY_PROOF,
]

/** All checks of an access, by mode and by who asks, in the order in which reasons are told. */
export const CHECKS: Readonly<Record<Mode, Readonly<Record<'person' | 'service', readonly Check[]>>>> = {
  entitled_and_assured: {
    person: [...OF_SUBJECT, ...OF_ENTITLEMENT, ...OF_PERSON],
    service: [...OF_SUBJECT, ...OF_ENTITLEMENT, ...OF_SERVICE],
  },
  assurance_only: { person: [...OF_SUBJECT, ...OF_PERSON], service: [...OF_SUBJECT, ...OF_SERVICE] },
  entitled_only: { person: [...OF_SUBJECT, ...OF_ENTITLEMENT], service: [...OF_SUBJECT, ...OF_ENTITLEMENT] },
}
