/** How Ambit says who it is to an authorization server (OpenID Connect Core §9, RFC 6749 §2.3.1). */
import { randomUUID } from 'node:crypto'
import { importJWK, SignJWT, type JWK } from 'jose'

/** Ambit as a client of an issuer: with a secret, or with a private key of its own, which never leaves. */
export interface OwnClient {
  readonly id: string
  readonly secret: string | null
  /** private JWK with `alg` and `kid`, for `private_key_jwt` */
  readonly key: JWK | null
}

/** Seconds for which an assertion may be used. */
const ASSERTION_SECONDS = 60

/** Adds what proves the client to a form; the secret goes into the header, as RFC 6749 §2.3.1 prefers. `now` in seconds. */
export async function authenticateClient(
  { id, secret, key }: OwnClient,
  form: URLSearchParams,
  audience: string,
  now: number,
): Promise<Record<string, string>> {
  if (key !== null) {
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: key.alg ?? 'ES256', ...(key.kid === undefined ? {} : { kid: key.kid }) })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_SECONDS)
      .sign(await importJWK(key))
    form.set('client_id', id)
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    form.set('client_assertion', assertion)
    return {}
  }
  if (secret === null) {
    form.set('client_id', id)
    return {}
  }
  const encoded = `${formEncoded(id)}:${formEncoded(secret)}`
  return { authorization: `Basic ${Buffer.from(encoded).toString('base64')}` }
}

const formEncoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2)
