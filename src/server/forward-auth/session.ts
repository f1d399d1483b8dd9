/** The session that a request behind a proxy shows: a token in its `Authorization`, or the cookie of a browser. */
import { X509Certificate } from 'node:crypto'
import type { Presentation } from '#authn/binding.ts'
import type { Refusal } from '#authn/refusal.ts'
import { hashOfToken } from '#authn/token.ts'
import type { SessionEvidence } from '#contract/decision.ts'
import type { TokenScheme } from '#contract/challenge.ts'
import { cookieOf } from '#server/cookies.ts'
import type { Gate } from '#server/gate/gate.ts'
import type { ShownAt } from '#server/gate/session-tokens.ts'
import { valuesOf, type Original } from './original.ts'

/** Where a client's certificate stands; null where no proxy passes it on. */
export type CertificateHeader = 'client-cert' | 'x-client-cert' | null

export type Shown =
  | {
      readonly kind: 'session'
      readonly evidence: SessionEvidence
      readonly claims: Readonly<Record<string, unknown>>
      /** the token or session itself, as a hash */
      readonly id: string
      /** null for a cookie */
      readonly scheme: TokenScheme | null
      readonly takesClaimsChallenges: boolean
    }
  | { readonly kind: 'refused'; readonly why: Refusal; readonly scheme: TokenScheme }
  | { readonly kind: 'none' }

const CREDENTIALS = /^(Bearer|DPoP) +(\S+)$/i

/**
 * A token counts before a cookie, and one that is not taken is not made up for by a cookie: a client that sends one wants to
 * be judged by it. Other schemes, such as Basic, are the application's own and prove nothing here.
 */
export async function sessionShown(
  gate: Gate,
  rawHeaders: readonly string[],
  original: Original,
  {
    cookie,
    certificate,
    ...door
  }: { readonly cookie: string; readonly certificate: CertificateHeader } & Pick<ShownAt, 'audiences' | 'nonces'>,
): Promise<Shown> {
  const sent = valuesOf(rawHeaders, 'authorization')
  const credentials = sent.map((value) => CREDENTIALS.exec(value))
  const [found] = credentials
  if (sent.length > 1 || (found === null && /^(?:bearer|dpop)\b/i.test(sent[0] ?? ''))) {
    return { kind: 'refused', why: 'malformed', scheme: 'Bearer' }
  }
  if (found == null) return await fromCookie(gate, rawHeaders, cookie)
  const scheme = found[1]!.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer'
  const text = found[2]!
  const how: Presentation = {
    scheme: scheme === 'DPoP' ? 'dpop' : 'bearer',
    proofs: valuesOf(rawHeaders, 'dpop'),
    certificate: certificateOf(rawHeaders, certificate),
  }
  const shown = await gate.tokens.show(text, how, { ...original, ...door })
  if (!shown.ok) return { kind: 'refused', why: shown.why, scheme }
  const { evidence, token, takesClaimsChallenges } = shown.value
  return { kind: 'session', evidence, claims: token.claims, id: hashOfToken(text), scheme, takesClaimsChallenges }
}

async function fromCookie(gate: Gate, rawHeaders: readonly string[], name: string): Promise<Shown> {
  const value = cookieOf(valuesOf(rawHeaders, 'cookie').join('; '), name)
  const session = value === null ? null : await gate.browsers.find(value, { isVisit: isVisit(rawHeaders) })
  if (session === null) return { kind: 'none' }
  const { evidence, claims, id } = session
  return { kind: 'session', evidence, claims, id, scheme: null, takesClaimsChallenges: false }
}

/**
 * Whether a browser says that a page is opened, by a link, an address or a form (Fetch Metadata §2.1, §2.2). Frames are loaded by
 * programs too, such as those that renew tokens while nobody is there.
 */
function isVisit(rawHeaders: readonly string[]): boolean {
  const [mode, dest] = ['sec-fetch-mode', 'sec-fetch-dest'].map((name) => valuesOf(rawHeaders, name).join())
  return mode === 'navigate' && (dest === 'document' || dest === '')
}

/** The certificate that a proxy saw, as DER; null for none, and for what is no certificate or stands twice. */
export function certificateOf(rawHeaders: readonly string[], header: CertificateHeader): Uint8Array | null {
  if (header === null) return null
  const [value, second] = valuesOf(rawHeaders, header)
  if (value === undefined || second !== undefined || value === '') return null
  try {
    // RFC 9440 §2.1: a byte sequence between colons; nginx: `$ssl_client_escaped_cert`
    const [, bytes] = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value) ?? []
    if (header === 'client-cert')
      return bytes === undefined ? null : new X509Certificate(Buffer.from(bytes, 'base64')).raw
    return new X509Certificate(decodeURIComponent(value)).raw
  } catch {
    return null
  }
}
