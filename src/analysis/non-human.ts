import type { Citation, Reason } from '#contract/report.ts'
import type { Judgement } from '#policy/judge.ts'
import type { Case } from './judgement.ts'
import { isExposed, isOut, secretStates } from './secrets.ts'
import { daysBetween } from './time.ts'
import type { Way } from './ways-in.ts'
import type { Worth } from './worth.ts'

const nhi = (section: string): Citation => ({ standard: 'OWASP NHI Top 10', section })

/** What people type is no way to authenticate a machine (NHI4:2025). */
const TYPED = new Set([
  'password',
  'pin',
  'security_question',
  'totp',
  'hotp',
  'sms_code',
  'voice_code',
  'email_code',
  'email_link',
])

/**
 * Verdict of a way into a workload or service: never an AAL, which is said of people only (SP 800-63-4 glossary,
 * `subject`), but the OWASP NHI checks that concern how it authenticates.
 */
export function judgeNonHuman(it: Case, way: Way, worth: Worth): Judgement {
  const bad: Reason[] = []
  const open: Reason[] = []
  const matters = it.impact.impact === 'moderate' || it.impact.impact === 'high'
  for (const id of new Set((way.alternatives ?? []).flat())) {
    const fact = it.snapshot.inventory.get(id)?.fact
    if (fact?.fact === 'secret') secretReasons(it, fact, matters, bad, open)
    else if (fact?.fact === 'session' && isExposed(fact))
      bad.push(reason('exposed_session', 'the session is in other hands', 'NHI7:2025'))
    else if (fact?.fact === 'authenticator' && matters && TYPED.has(fact.kind)) {
      bad.push(reason('typed_secret', `it authenticates with ${fact.kind}, which anyone may type`, 'NHI4:2025'))
    } else if (fact === undefined || (fact.fact === 'authenticator' && fact.kind === 'unknown')) {
      open.push(reason('authenticator_unknown', `what \`${id}\` is, is not known`, 'NHI4:2025'))
    }
  }
  if (way.alternatives === null || worth.strength === null) {
    if (bad.length === 0 && open.length === 0)
      open.push(reason('authenticator_unknown', 'what it asks for is not known', 'NHI4:2025'))
  }
  if (it.fact.interactive === true && matters)
    bad.push(reason('used_by_people', 'people sign in with it by hand', 'NHI10:2025'))
  if (bad.length > 0) return { verdict: 'unfit', reasons: [...bad, ...open] }
  if (open.length > 0) return { verdict: 'unknown', reasons: open }
  const text = 'nothing known stands against how it authenticates'
  return { verdict: 'fit', reasons: [{ code: 'non_human_checks_passed', text, citations: [nhi('NHI4:2025')] }] }
}

const reason = (code: string, text: string, section: string): Reason => ({ code, text, citations: [nhi(section)] })

type Secret = Extract<NonNullable<ReturnType<Case['snapshot']['inventory']['get']>>['fact'], { fact: 'secret' }>

function secretReasons(it: Case, secret: Secret, matters: boolean, bad: Reason[], open: Reason[]): void {
  if (isOut(secret)) bad.push(reason('leaked_secret', `\`${secret.id}\` is out`, 'NHI2:2025'))
  if (matters && secretStates(it.snapshot, secret).includes('unsanctioned')) {
    bad.push(reason('unsanctioned_secret', `\`${secret.id}\` lies where secrets are not meant to lie`, 'NHI2:2025'))
  }
  if (secret.conditions === 'wildcard' || secret.conditions === 'none') {
    bad.push(reason('wildcard_trust', `\`${secret.id}\` is a trust without strict conditions`, 'NHI6:2025'))
  }
  if (secret.ephemeral === true || secret.conditions === 'strict') return
  const { at } = it.snapshot.inventory.snapshot
  const since = secret.rotatedAt ?? secret.issuedAt
  if (!matters) return
  if (since === undefined || at === null) {
    open.push(reason('age_unstated', `how old \`${secret.id}\` is, is not stated`, 'NHI7:2025'))
    return
  }
  const { nonHuman } = it.policy
  const limit =
    secret.kind === 'certificate'
      ? (nonHuman.maxCertificateAgeDays ?? nonHuman.maxSecretAgeDays)
      : nonHuman.maxSecretAgeDays
  const age = daysBetween(since, at)
  if (age > limit)
    bad.push(reason('long_lived_secret', `\`${secret.id}\` is ${age} days old; ${limit} are allowed`, 'NHI7:2025'))
}
