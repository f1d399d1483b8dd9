/** An issuer for tests, with keys of its own and every way of signing wrongly. */
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose'
import type { TrustedIssuer } from './issuer.ts'
import { keySetOf, type KeySource } from './key-set.ts'

/** 2026-11-24T00:00:00Z in seconds since 1970. */
export const NOW = 1_795_478_400

export const ISSUER: TrustedIssuer = {
  issuer: 'https://id.example.test',
  algorithms: ['ES256'],
  audiences: ['https://api.example.test'],
  clientIds: ['gate'],
  accessTokens: 'typ',
  subject: { claim: 'sub', prefix: 'okta:' },
  contexts: [],
  vouches: false,
  skew: 30,
}

/** Claims that may be wrong on purpose. */
export type Claims = Readonly<Record<string, unknown>>

export const CLAIMS: JWTPayload = {
  iss: ISSUER.issuer,
  sub: 'ada',
  aud: 'https://api.example.test',
  client_id: 'shop',
  iat: NOW - 60,
  exp: NOW + 600,
  jti: 'one',
  sid: 'session-1',
  acr: 'phr',
  amr: ['hwk', 'user'],
  auth_time: NOW - 90,
}

export interface Signer {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
  readonly kid: string
}

export async function newSigner(kid: string, alg = 'ES256'): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, kid, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export function sign(signer: Signer, claims: Claims = CLAIMS, header: Record<string, unknown> = {}): Promise<string> {
  const { kid, privateKey, publicJwk } = signer
  return new SignJWT(claims as JWTPayload)
    .setProtectedHeader({ alg: publicJwk.alg!, typ: 'at+jwt', kid, ...header })
    .sign(privateKey)
}

/** Keys that are simply there; `renewed` hands out what came later. */
export const keysOf = (signers: readonly Signer[], later: readonly Signer[] | null = null): KeySource => ({
  current: () => Promise.resolve(keySetOf({ keys: signers.map(({ publicJwk }) => publicJwk) })),
  renewed: () => Promise.resolve(later === null ? null : keySetOf({ keys: later.map(({ publicJwk }) => publicJwk) })),
})

/** A token put together by hand, signed by nobody or with whatever is passed. */
export function forge(header: object, claims: object, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}

/** A DPoP proof (RFC 9449 §4.2). */
export function proofBy(signer: Signer, claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  const { kty, crv, x, y } = signer.publicJwk
  const jwk = { kty, crv, x, y }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: signer.publicJwk.alg!, typ: 'dpop+jwt', jwk, ...header } as { alg: string })
    .sign(signer.privateKey)
}
