/** Signs what Ambit says to others: who stands behind a request, what it offers, what happened. Keys in the store, new ones each quarter. */
import { hkdfSync } from 'node:crypto'
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
  type JWK,
  type JWTPayload,
} from 'jose'
import type { Clock } from '#lib/clock.ts'
import type { Database } from '#storage/database.ts'
import { dropSigningKeys, signingKeys } from '#storage/gate.ts'

/** Milliseconds for which a key signs: 90 days. After as long again it is dropped. Ours. */
const PERIOD_MS = 90 * 86_400_000
/** Milliseconds for which the public keys are told without asking the store: another node may have made one. Ours. */
const TOLD_MS = 10_000

/** What is signed with, by what the key ids begin with. Security events are RS256 (CAEP interoperability profile §2.6). */
const KEYS = { EdDSA: 'ambit', RS256: 'ambit-rs' } as const
type Algorithm = keyof typeof KEYS

export interface Signer {
  /** a JWT of this `typ`; `iat` and `exp` are the caller's */
  readonly sign: (type: string, claims: JWTPayload, algorithm?: Algorithm) => Promise<string>
  /** claims of a JWT of our own of this type that is in force; null for any other */
  readonly open: (type: string, token: string) => Promise<JWTPayload | null>
  /** a secret for another use, of 32 bytes, that all nodes have alike for as long as a key signs */
  readonly derive: (use: string) => Promise<Uint8Array>
  /** public keys, newest first */
  readonly jwks: () => Promise<{ readonly keys: readonly JWK[] }>
}

export async function openSigner(database: Database, clock: Clock): Promise<Signer> {
  const loaded = new Map<Algorithm, Loaded>()
  let told: { readonly keys: readonly JWK[]; readonly at: number } | null = null

  // every node finds the same key id at the same time, and the store lets one of them make it
  async function current(algorithm: Algorithm): Promise<Loaded> {
    const kid = `${KEYS[algorithm]}-${Math.floor(clock() / PERIOD_MS)}`
    const known = loaded.get(algorithm)
    if (known?.kid === kid) return known
    const found = await load(database, algorithm, kid, clock())
    loaded.set(algorithm, found)
    told = null
    return found
  }
  async function keys(): Promise<readonly JWK[]> {
    if (told !== null && Math.abs(clock() - told.at) < TOLD_MS) return told.keys
    const { rows } = await load(database, 'EdDSA', (await current('EdDSA')).kid, clock())
    told = { keys: rows, at: clock() }
    return rows
  }
  await current('EdDSA')
  return {
    async sign(type, claims, algorithm = 'EdDSA') {
      const { kid, key } = await current(algorithm)
      return await new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: type, kid }).sign(key)
    },
    async open(type, token) {
      const { rows } = await current('EdDSA')
      const how = { algorithms: ['EdDSA'], typ: type, currentDate: new Date(clock()), requiredClaims: ['exp'] }
      return await jwtVerify(token, createLocalJWKSet({ keys: [...rows] }), how).then(
        ({ payload }) => payload,
        () => null,
      )
    },
    derive: async (use) => new Uint8Array(hkdfSync('sha256', (await current('EdDSA')).secret, '', `ambit ${use}`, 32)),
    jwks: async () => ({ keys: await keys() }),
  }
}

interface Loaded {
  readonly kid: string
  readonly key: Awaited<ReturnType<typeof importJWK>>
  /** its private part */
  readonly secret: Uint8Array
  /** public keys of all, newest first */
  readonly rows: readonly JWK[]
}

async function load(database: Database, algorithm: Algorithm, kid: string, now: number): Promise<Loaded> {
  const make = async () => {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 })
    return JSON.stringify(await exportJWK(privateKey))
  }
  await dropSigningKeys(database, now - 2 * PERIOD_MS)
  const stored = await signingKeys(database, { kid, make, createdAt: now })
  const own = stored.find((row) => row.kid === kid)
  if (own === undefined) throw new Error(`the signing key \`${kid}\` is gone from the store`)
  const jwk = JSON.parse(own.jwk) as JWK
  const secret = Buffer.from(jwk.d!, 'base64url')
  return { kid, key: await importJWK(jwk, algorithm), secret, rows: stored.map(publicKeyOf) }
}

function publicKeyOf({ kid, jwk }: { readonly kid: string; readonly jwk: string }): JWK {
  const { kty, crv, x, n, e } = JSON.parse(jwk) as JWK & { kty: string }
  const common = { kid, use: 'sig' }
  return kty === 'RSA'
    ? { kty, n: n!, e: e!, alg: 'RS256', ...common }
    : { kty, crv: crv!, x: x!, alg: 'EdDSA', ...common }
}
