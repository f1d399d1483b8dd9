/** Signs what Ambit says to others: who stands behind a request, what it offers. Ed25519, keys in the store, a new one each quarter. */
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
const ALGORITHM = 'EdDSA'

export interface Signer {
  /** a JWT of this `typ`; `iat` and `exp` are the caller's */
  readonly sign: (type: string, claims: JWTPayload) => Promise<string>
  /** claims of a JWT of our own of this type that is in force; null for any other */
  readonly open: (type: string, token: string) => Promise<JWTPayload | null>
  /** public keys, newest first */
  readonly jwks: () => Promise<{ readonly keys: readonly JWK[] }>
}

export async function openSigner(database: Database, clock: Clock): Promise<Signer> {
  const kidNow = () => `ambit-${Math.floor(clock() / PERIOD_MS)}`
  let loaded = await load(database, kidNow(), clock())
  // every node finds the same key id at the same time, and the store lets one of them make it
  const current = async () => (loaded.kid === kidNow() ? loaded : (loaded = await load(database, kidNow(), clock())))
  await current()
  return {
    async sign(type, claims) {
      const { kid, key } = await current()
      return await new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, typ: type, kid }).sign(key)
    },
    async open(type, token) {
      const { keys } = await current()
      const how = { algorithms: [ALGORITHM], typ: type, currentDate: new Date(clock()), requiredClaims: ['exp'] }
      return await jwtVerify(token, createLocalJWKSet({ keys: [...keys] }), how).then(
        ({ payload }) => payload,
        () => null,
      )
    },
    jwks: async () => ({ keys: (await current()).keys }),
  }
}

async function load(database: Database, kid: string, now: number) {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const jwk = JSON.stringify(await exportJWK(privateKey))
  await dropSigningKeys(database, now - 2 * PERIOD_MS)
  const rows = await signingKeys(database, { kid, jwk, createdAt: now })
  const keys = rows.map((row): JWK => {
    const { kty, crv, x } = JSON.parse(row.jwk) as Required<Pick<JWK, 'kty' | 'crv' | 'x'>>
    return { kty, crv, x, kid: row.kid, alg: ALGORITHM, use: 'sig' }
  })
  const own = rows.find((row) => row.kid === kid)
  if (own === undefined) throw new Error(`the signing key \`${kid}\` is gone from the store`)
  return { kid, keys, key: await importJWK(JSON.parse(own.jwk) as JWK, ALGORITHM) }
}
