/**
 * What a set of authenticators, all presented in one event, proves together (SP 800-63B-4 §2, §3).
 *
 * Every field that the inventory leaves open is read twice, once as badly and once as well as it could be. The two
 * readings give the least and the greatest strength; where they agree, the strength is known. Bad news is not read
 * into silence: `attestation: failed`, `boundAtAal` and `singleUse: false` count only where they are stated.
 */
import { AAL_OF_STRENGTH, STRENGTHS, type Aal, type AuthenticatorKind, type Strength } from '#contract/vocabulary.ts'
import type { Citation, Reason } from '#contract/report.ts'
import type { Authenticator, Worth, Worths } from './authenticator.ts'

export interface StrengthFacts {
  /**
   * The strength proved; null where even AAL2 is in doubt. A doubt about AAL3 alone leaves it `phishing_resistant`,
   * with `atMost` at `hardware`.
   */
  readonly strength: Strength | null
  /** what holds however the open questions are answered */
  readonly atLeast: Strength
  /** what could hold if all of them were answered well */
  readonly atMost: Strength
  readonly aal: Aal | null
  readonly phishingResistant: boolean | null
  readonly hardwareBacked: boolean | null
  /** rests on a code, link or approval that can be relayed, with nothing phishing-resistant beside it */
  readonly code: boolean
  /** one of them is restricted (SP 800-63B-4 §3.2.9), so its duties are owed */
  readonly restricted: boolean
  readonly reasons: readonly Reason[]
}

/** What a set of authenticators proves, without saying why. */
export type Grade = Omit<StrengthFacts, 'reasons'>

const nist = (section: string): Citation => ({ standard: 'NIST SP 800-63B-4', section })
const webauthn: Citation = { standard: 'W3C WebAuthn Level 3', section: '6.1.3' }

/** Position on the scale of strengths. */
export const rankOf = (strength: Strength): number => STRENGTHS.indexOf(strength)
const least = (...all: readonly Strength[]): Strength => STRENGTHS[Math.min(...all.map(rankOf))]
const most = (...all: readonly Strength[]): Strength => STRENGTHS[Math.max(0, ...all.map(rankOf))]

/** Where a kind says whether the holder was verified: in a flag, by being that kind, only if stated, or never. */
const ACTIVATION: Partial<Record<AuthenticatorKind, 'flag' | 'kind' | 'stated'>> = {
  passkey: 'flag', // UV is inspected, UV=0 is single-factor (63B-4 §B.3, §3.1.7.2)
  security_key: 'flag',
  smart_card: 'kind', // the card asks for its PIN (63B-4 §3.1.7)
  otp_multi_factor: 'kind', // 63B-4 §3.1.5.1
  push: 'stated', // 63B-4 §3.1.3.4: activation on each use, else single-factor
  client_certificate: 'stated',
  software_key: 'stated',
}

/** Kinds whose private key may sit in hardware, and what is needed to know it. */
const KEY_EVIDENCE: Partial<Record<AuthenticatorKind, 'attestation' | 'kind' | 'stated'>> = {
  passkey: 'attestation', // exportable until shown otherwise (63B-4 §3.2.13)
  security_key: 'attestation',
  smart_card: 'kind', // the card is the separate processor
  client_certificate: 'stated',
}

/** Strongest strength of a level; provenance caps at it (63B-4 §4.1.2.1). */
const CAP_OF_AAL: readonly Strength[] = ['single_factor', 'single_factor', 'phishing_resistant', 'hardware']

/** One authenticator under one reading of its open fields. */
interface View {
  readonly know: boolean
  readonly have: boolean
  readonly alone: Strength
  readonly combined: Strength
  readonly phishingResistant: boolean
  readonly hardware: boolean
  readonly replayResistant: boolean
}
const NOTHING: View = {
  know: false,
  have: false,
  alone: 'none',
  combined: 'none',
  phishingResistant: false,
  hardware: false,
  replayResistant: false,
}
/** What an authenticator of unknown kind could be at best. */
const ANYTHING: View = {
  know: true,
  have: true,
  alone: 'hardware',
  combined: 'hardware',
  phishingResistant: true,
  hardware: true,
  replayResistant: true,
}

type Reading = 'worst' | 'best'
const IN_HARDWARE: readonly unknown[] = ['hardware', 'tee', 'secure_element']

/** Whether the holder was verified by the authenticator itself. */
function activated({ kind, userVerification }: Authenticator, reading: Reading): boolean {
  const told = ACTIVATION[kind]
  if (told === undefined) return false
  if (userVerification !== undefined) return userVerification
  return told === 'kind' || (told === 'flag' && reading === 'best')
}

/** Whether the private key cannot leave hardware (63B-4 §3.2.13; WebAuthn BE flag, attestation). */
function keyInHardware(it: Authenticator, reading: Reading): boolean {
  const evidence = KEY_EVIDENCE[it.kind]
  if (evidence === undefined || it.synced === true || it.keyProtection === 'software') return false
  if (reading === 'best') return true
  if (evidence === 'kind') return true
  if (!IN_HARDWARE.includes(it.keyProtection)) return false
  // a security key is a separate device by its kind; a passkey is taken to sync until shown otherwise
  if (evidence === 'stated') return it.synced === false
  return it.attestation === 'verified' && (it.synced === false || it.kind === 'security_key')
}

const validated = ({ fips140Level }: Authenticator, reading: Reading): boolean =>
  fips140Level === undefined ? reading === 'best' : fips140Level >= 1

/** Push counts only if the secret is transferred between the channels (63B-4 §3.1.3). */
const pushCounts = ({ kind, pushMode }: Authenticator, reading: Reading): boolean =>
  kind !== 'push' || (pushMode === undefined ? reading === 'best' : pushMode === 'transfer')

function viewOf(it: Authenticator, worth: Worth, reading: Reading): View {
  if (it.kind === 'unknown') return reading === 'best' ? ANYTHING : NOTHING
  if (it.attestation === 'failed' || !pushCounts(it, reading)) return NOTHING
  const phishingResistant = worth.phishingResistant && !worth.code
  const hardware = keyInHardware(it, reading)
  const top = phishingResistant
    ? hardware && validated(it, reading)
      ? 'hardware'
      : 'phishing_resistant'
    : 'two_factor'
  const provenance =
    it.boundAtAal === undefined ? 'hardware' : (CAP_OF_AAL[Math.min(3, Math.max(0, it.boundAtAal))] ?? 'single_factor')
  const verified = ACTIVATION[it.kind] === undefined ? worth.factor === 'both' : activated(it, reading)
  const have = worth.factor === 'have' || worth.factor === 'both'
  // identity proofing and the like are no factor, yet worth what the policy says when they stand alone
  const single = have && !verified ? 'single_factor' : 'hardware'
  const lifted = verified && worth.factor === 'have' ? most(worth.alone, worth.combined) : worth.alone
  return {
    know: worth.factor === 'know' || worth.factor === 'are',
    have,
    alone: least(lifted, top, single, have ? provenance : 'hardware'),
    combined: have ? least(worth.combined, top, provenance) : worth.combined,
    phishingResistant,
    hardware,
    replayResistant: worth.replayResistant && it.singleUse !== false,
  }
}

/**
 * AAL2 needs a multi-factor authenticator, or something had and something known or inherent, one of the two
 * replay-resistant (63B-4 §2.2.1, §2.2.2). Two things had are one factor.
 */
function together(views: readonly View[]): Strength {
  let strength = most(...views.map((view) => view.alone))
  for (const had of views) {
    if (!had.have) continue
    for (const known of views) {
      if (!known.know || !(had.replayResistant || known.replayResistant)) continue
      if (known.combined === 'none') continue
      strength = most(strength, had.combined)
    }
  }
  // whoever relays the other factors still lacks the phishing-resistant one
  if (strength === 'two_factor' && views.some((view) => view.phishingResistant)) return 'phishing_resistant'
  return strength
}

/** Known when both readings agree, open otherwise. */
const settled = (worst: boolean, best: boolean): boolean | null => (worst === best ? worst : null)

/**
 * Returns what all of `authenticators` together prove in one event. No authenticators prove nothing. More of them never
 * prove less. A code is never phishing-resistant, whatever its fields say (63B-4 §3.1.4, §3.2.5).
 */
export function strengthOf(authenticators: readonly Authenticator[], worths: Worths): StrengthFacts {
  const grade = gradeOf(authenticators, worths)
  return { ...grade, reasons: reasonsFor(authenticators, worths, grade.atLeast) }
}

/** The same without the reasons, for the many that nobody asks about. */
export function gradeOf(authenticators: readonly Authenticator[], worths: Worths): Grade {
  const [worst, best] = [viewsOf(authenticators, worths, 'worst'), viewsOf(authenticators, worths, 'best')]
  const atLeast = together(worst)
  const atMost = most(atLeast, together(best))
  const inDoubt = rankOf(atLeast) < rankOf('two_factor') && atLeast !== atMost
  const strength = inDoubt ? null : atLeast
  const phishingResistant = settled(
    worst.some((view) => view.phishingResistant),
    best.some((view) => view.phishingResistant),
  )
  return {
    strength,
    atLeast,
    atMost,
    aal: strength === null ? null : AAL_OF_STRENGTH[rankOf(strength)],
    phishingResistant,
    hardwareBacked: settled(
      worst.some((view) => view.hardware),
      best.some((view) => view.hardware),
    ),
    code: phishingResistant !== true && authenticators.some((it) => worths[it.kind].code),
    restricted: authenticators.some((it) => worths[it.kind].restricted),
  }
}

const viewsOf = (authenticators: readonly Authenticator[], worths: Worths, reading: Reading): View[] =>
  authenticators.map((it) => viewOf(it, worths[it.kind], reading))

/** What one authenticator's fields take away, first match per row; read from top to bottom. */
const NOTES: readonly {
  readonly code: string
  readonly holds: (it: Authenticator, worth: Worth) => boolean
  readonly text: string
  readonly citations: readonly Citation[]
}[] = [
  {
    code: 'kind_unknown',
    holds: (it) => it.kind === 'unknown',
    text: 'what kind it is, is not known, so it counts for nothing',
    citations: [nist('3.1')],
  },
  {
    code: 'attestation_failed',
    holds: (it) => it.attestation === 'failed',
    text: 'its attestation failed, so it counts for nothing',
    citations: [webauthn, nist('3.2.4')],
  },
  {
    code: 'push_not_transferred',
    holds: (it) => it.kind === 'push' && it.pushMode !== undefined && it.pushMode !== 'transfer',
    text: 'approving, or picking from a list, transfers no secret between the channels',
    citations: [nist('3.1.3')],
  },
  {
    code: 'push_mode_unstated',
    holds: (it) => it.kind === 'push' && it.pushMode === undefined,
    text: 'how the push is answered is not known; only a transferred secret counts',
    citations: [nist('3.1.3')],
  },
  {
    code: 'mail_no_authenticator',
    holds: (it) => it.kind === 'email_code' || it.kind === 'email_link',
    text: 'mail proves control of a mailbox and adds no factor',
    citations: [nist('3.1.3.1')],
  },
  {
    code: 'no_authenticator',
    holds: (it, worth) => worth.factor === 'none' && it.kind !== 'unknown',
    text: 'it is no authenticator and adds no factor',
    citations: [nist('3.1')],
  },
  {
    code: 'restricted',
    holds: (_, worth) => worth.restricted,
    text: 'the telephone network is restricted: an alternative, notice, assessment and migration plan are owed',
    citations: [nist('3.1.3.3'), nist('3.2.9')],
  },
  {
    code: 'replayable',
    holds: (it, worth) => worth.replayResistant && it.singleUse === false,
    text: 'the same code is taken more than once',
    citations: [nist('3.1.4.2'), nist('3.2.7')],
  },
  {
    code: 'holder_not_verified',
    holds: (it, worth) => worth.phishingResistant && it.userVerification === false,
    text: 'it does not verify its holder, so it is a single factor',
    citations: [nist('3.1.7.2'), nist('B.3')],
  },
  {
    code: 'holder_verification_unstated',
    holds: (it) => ACTIVATION[it.kind] === 'flag' && it.userVerification === undefined,
    text: 'whether it verifies its holder is not known',
    citations: [nist('B.3')],
  },
  {
    code: 'key_syncs',
    holds: (it) => KEY_EVIDENCE[it.kind] !== undefined && it.synced === true,
    text: 'its key can be copied to other devices, which AAL3 does not allow',
    citations: [nist('2.3.2'), nist('B.1')],
  },
  {
    code: 'key_in_software',
    holds: (it) => KEY_EVIDENCE[it.kind] !== undefined && it.keyProtection === 'software',
    text: 'its key lies in software',
    citations: [nist('3.1.6.1'), nist('3.2.13')],
  },
  {
    code: 'key_unattested',
    holds: (it) => KEY_EVIDENCE[it.kind] === 'attestation' && !it.synced && it.attestation !== 'verified',
    text: 'nothing attests where its key lies, so AAL3 is not known',
    citations: [webauthn, nist('3.2.13')],
  },
  {
    code: 'fips_missing',
    holds: (it) => keyInHardware(it, 'worst') && !validated(it, 'worst'),
    text: 'its key lies in hardware, without a record of FIPS 140 validation',
    citations: [nist('2.3.2')],
  },
  {
    code: 'bound_at_lower_level',
    holds: (it, worth) =>
      it.boundAtAal !== undefined && it.boundAtAal < 3 && (worth.factor === 'have' || worth.factor === 'both'),
    text: 'it was enrolled in a session of a lower level, which caps what it proves',
    citations: [nist('4.1.2.1')],
  },
]

function reasonsFor(authenticators: readonly Authenticator[], worths: Worths, atLeast: Strength): Reason[] {
  const reasons: Reason[] = []
  for (const it of authenticators) {
    for (const { code, holds, text, citations } of NOTES) {
      if (!holds(it, worths[it.kind])) continue
      reasons.push({ code, text: `\`${it.id}\`: ${text}`, citations: [...citations] })
      if (code === 'mail_no_authenticator') break
    }
  }
  const worst = viewsOf(authenticators, worths, 'worst')
  const had = worst.filter((view) => view.have).length
  const known = worst.filter((view) => view.know).length
  if (atLeast === 'single_factor' && Math.max(had, known) > 1) {
    const text = 'the same factor twice is one factor'
    reasons.push({ code: 'same_factor_twice', text, citations: [nist('2.2.1')] })
  }
  return reasons
}
