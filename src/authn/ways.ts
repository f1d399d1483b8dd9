/** What an account could show, each with the proof that it would give at best. */
import type { Strength } from '#contract/vocabulary.ts'
import { proofBy, type KeysById } from './enrolled-proof.ts'
import { FACTORS, type CeremonyPurpose, type FactorName } from './factors.ts'
import { sentProof } from './sent-code.ts'
import type { Proof } from './session.ts'
import type { EnrolledAuthenticator, Identifier } from './stores.ts'

export interface Offer {
  readonly factor: FactorName
  /** where a code would go, or the link to another provider; null for neither */
  readonly to: string | null
}

/** What one more sign-in elsewhere would prove at most. */
export interface Upstream {
  readonly link: string
  readonly most: { readonly strength: Strength; readonly code: boolean }
}

/** What an account has. */
export interface Holding {
  readonly enrolled: readonly EnrolledAuthenticator[]
  readonly identifiers: readonly Identifier[]
  readonly keys: KeysById
  /** links to other providers, with the most that each can prove */
  readonly upstreams: readonly Upstream[]
}

export interface Way {
  readonly offer: Offer
  /** whether it can be relayed */
  readonly code: boolean
  readonly proofs: readonly Proof[]
}

/** In the order in which they are offered; `factors` are the kinds that this server has switched on. */
export function waysOf(
  { enrolled, identifiers, keys, upstreams }: Holding,
  factors: readonly FactorName[],
  purpose: CeremonyPurpose,
  at: number,
): Way[] {
  const found: Way[] = []
  for (const factor of factors) {
    const { sent, code } = FACTORS[factor]
    if (sent && factor !== 'push') {
      const kind = factor === 'email_code' ? 'mail' : 'phone'
      for (const own of identifiers.filter((it) => it.kind === kind && it.verifiedAt !== null))
        found.push({ offer: { factor, to: own.canonical }, code, proofs: [sentProof(factor, own, purpose, at)] })
      continue
    }
    const own = enrolled.filter(
      (it) => it.kind === factor && it.state === 'active' && (factor !== 'passkey' || keys.has(it.id)),
    )
    const proofs = own.map((it) => proofBy(it, keys, purpose, at))
    if (own.length > 0) found.push({ offer: { factor, to: null }, code, proofs })
  }
  for (const it of upstreams) {
    const offer = { factor: 'upstream', to: it.link } as const
    found.push({ offer, code: it.most.code, proofs: [bestOf(it, purpose, at)] })
  }
  return found
}

/** A proof as good as this link can give one. */
const bestOf = ({ link, most }: Upstream, purpose: CeremonyPurpose, at: number): Proof => {
  const seconds = Math.floor(at / 1000)
  const said = { issuer: '', acr: null, amr: [], session: null, authTime: seconds, issuedAt: seconds }
  return {
    factor: 'upstream',
    authenticator: null,
    channel: null,
    purpose,
    binding: '',
    at,
    userVerified: false,
    keyClass: null,
    fips140Level: null,
    boundAtAal: 0,
    upstream: { ...said, link, ...most },
  }
}
