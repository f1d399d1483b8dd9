/** A session is what was proved, when, in one browser. Its strength is never stored: it follows from the proofs. */
import type { Authenticator, Worths } from '#assurance/authenticator.ts'
import { fallTogether, type Channel } from '#assurance/shared-channel.ts'
import { rankOf, strengthOf } from '#assurance/strength.ts'
import { ACR_OF_STRENGTH, type KeyClass } from '#contract/decision.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import { FACTORS, type CeremonyPurpose, type FactorName } from './factors.ts'
import type { SessionBinding } from './session-binding.ts'
import type { UpstreamProof } from './upstream.ts'

/** What one ceremony established. */
export interface Proof {
  readonly factor: FactorName
  /** id of the authenticator; null for a code to a channel */
  readonly authenticator: string | null
  /** mailbox, number or device that it came through or lives on */
  readonly channel: string | null
  readonly purpose: CeremonyPurpose
  /** hash of the action it was given for; `''` where it was given for none */
  readonly binding: string
  /** milliseconds since 1970 */
  readonly at: number
  readonly userVerified: boolean
  readonly keyClass: KeyClass | null
  readonly fips140Level: number | null
  readonly boundAtAal: number
  /** what another provider proved; absent for what was proved here */
  readonly upstream?: UpstreamProof
}

export interface Session {
  readonly id: string
  readonly account: string
  readonly epoch: number
  /** hash of the handle of the browser */
  readonly browser: string
  readonly proofs: readonly Proof[]
  /** milliseconds since 1970 */
  readonly startedAt: number
  readonly usedAt: number
  readonly endsAt: number
  readonly idleMs: number | null
  /** the key of the browser that it is bound to; absent where that offers none */
  readonly binding?: SessionBinding
}

/** What a session shows to whoever asks: the words of `acr`, `amr` and `auth_time`. */
export interface Shown {
  readonly strength: Strength
  readonly acr: string | null
  readonly amr: readonly string[]
  /** seconds since 1970 of the oldest proof that the strength needs; null where nothing is proved */
  readonly authTime: number | null
  /** whether it rests on something that can be relayed */
  readonly code: boolean
  readonly keyClass: KeyClass | null
  /** what another provider said, where that is what counts */
  readonly upstream: UpstreamProof | null
}

/** A proof read as an authenticator of the assurance model, so that a session and an inventory are judged by one rule. */
export function asAuthenticator(proof: Proof, position: number): Authenticator {
  const { kind } = FACTORS[proof.factor]
  const key = kind === 'passkey'
  return {
    id: proof.authenticator ?? `proof ${position}`,
    kind,
    ...(proof.channel === null ? {} : { on: [proof.channel] }),
    ...(kind === 'push' ? { pushMode: 'transfer' as const } : {}),
    ...(key
      ? {
          synced: proof.keyClass !== 'hardware' && proof.keyClass !== 'unattested',
          attestation: proof.keyClass === 'hardware' ? ('verified' as const) : ('none' as const),
          ...(proof.keyClass === 'hardware' || proof.keyClass === 'software' ? { keyProtection: proof.keyClass } : {}),
          userVerification: proof.userVerified,
          fips140Level: proof.fips140Level ?? 0,
        }
      : {}),
    boundAtAal: proof.boundAtAal,
    singleUse: true,
  }
}

/**
 * Returns what the proofs that are young enough show together: the best of any one, or any two that do not fall with one
 * channel. Two are enough, since no strength rests on more than one thing known and one thing had. `since` leaves out
 * older ones (milliseconds since 1970).
 */
export function shown(
  proofs: readonly Proof[],
  worths: Worths,
  { since = -Infinity, channels = [] }: { since?: number; channels?: readonly Channel[] } = {},
): Shown {
  let best: Candidate = { proofs: [], strength: 'none', code: false }
  for (const candidate of candidates(
    proofs.filter(({ at }) => at >= since),
    channels,
  )) {
    const { strength, code } = worthOf(candidate, worths)
    const next = { proofs: candidate, strength, code }
    if (isBetter(next, best)) best = next
  }
  const { strength } = best
  const used = strength === 'none' ? [] : best.proofs
  return {
    strength,
    acr: ACR_OF_STRENGTH[strength][0] ?? null,
    amr: amrOf(used, strength),
    authTime: used.length === 0 ? null : Math.floor(oldest(used) / 1000),
    code: best.code && used.length > 0,
    keyClass: used.flatMap(({ keyClass }) => keyClass ?? [])[0] ?? null,
    upstream: used.flatMap(({ upstream }) => upstream ?? [])[0] ?? null,
  }
}

/** What was proved elsewhere is worth what its issuer's table says, whatever was used there. */
function worthOf(proofs: readonly Proof[], worths: Worths): { readonly strength: Strength; readonly code: boolean } {
  const [one] = proofs
  if (one?.upstream !== undefined) return one.upstream
  const { atLeast, code } = strengthOf(proofs.map(asAuthenticator), worths)
  return { strength: atLeast, code }
}

/** Which of the two, something known and something had, were shown; a key that verified its holder is both, and so are two factors of elsewhere. */
export function factorsShown(
  proofs: readonly Proof[],
  worths: Worths,
): { readonly know: boolean; readonly have: boolean } {
  const shows = (factor: 'know' | 'have') =>
    proofs.some((proof) => {
      if (proof.upstream !== undefined) return rankOf(proof.upstream.strength) >= rankOf('two_factor')
      const { factor: own } = worths[FACTORS[proof.factor].kind]
      return own === factor || (own === 'both' && (factor === 'have' || proof.userVerified))
    })
  return { know: shows('know'), have: shows('have') }
}

interface Candidate {
  readonly proofs: readonly Proof[]
  readonly strength: Strength
  readonly code: boolean
}

function* candidates(proofs: readonly Proof[], channels: readonly Channel[]): Generator<Proof[]> {
  for (const [i, one] of proofs.entries()) {
    yield [one]
    // of what was used elsewhere nobody here knows whether it is the same again
    if (one.upstream !== undefined) continue
    for (const other of proofs.slice(i + 1)) {
      if (other.upstream !== undefined) continue
      const placed = [one, other].map((proof, id) => ({ id: String(id), on: placesOf(proof) }))
      if (fallTogether(placed, channels).length === 0) yield [one, other]
    }
  }
}

/** Where a proof came from: through its channel, and from wherever its kind lives. Two of one kind are never two factors. */
const placesOf = ({ channel, factor }: Proof): string[] => [
  ...(channel === null ? [] : [channel]),
  channelOfKind(FACTORS[factor].kind),
]

/** Name for whatever authenticators of a kind lives on; no id of an inventory has a space in it. */
export const channelOfKind = (kind: string): string => `kind ${kind}`

/** Stronger first; then without a code, younger, and of fewer proofs. */
function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.strength !== b.strength) return rankOf(a.strength) > rankOf(b.strength)
  if (a.code !== b.code) return b.code
  if (oldest(a.proofs) !== oldest(b.proofs)) return oldest(a.proofs) > oldest(b.proofs)
  return a.proofs.length < b.proofs.length
}

const oldest = (proofs: readonly Proof[]): number => Math.min(...proofs.map(({ at }) => at))

function amrOf(proofs: readonly Proof[], strength: Strength): string[] {
  const values = new Set<string>()
  for (const { factor, keyClass, userVerified } of proofs) {
    const { amr } = FACTORS[factor]
    // `hwk` and `swk` claim where the key lives; `pop` claims nothing of it (RFC 8176 §2, OpenID EAP §3)
    if (factor === 'passkey') values.add(keyClass === 'hardware' ? 'hwk' : keyClass === 'software' ? 'swk' : 'pop')
    else if (amr !== null) values.add(amr)
    if (factor === 'passkey' && userVerified) values.add('user')
  }
  if (STRENGTHS.indexOf(strength) >= STRENGTHS.indexOf('two_factor')) values.add('mfa')
  return [...values].toSorted()
}
