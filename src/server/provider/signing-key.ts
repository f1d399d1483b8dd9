/** The key that our provider signs with: made once, sealed in the store, the same on every node. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { keyringOf, type Keyring } from '#authn/keyring.ts'
import { providerKey } from '#storage/provider-keys.ts'
import type { PeopleConfig } from '#server/config/people.ts'
import type { ServerContext } from '#server/context.ts'

const KID = 'oidc-1'

/** @throws {AmbitError} `config_invalid` where a key is bad */
export const keyringFrom = ({ keys }: PeopleConfig): Keyring =>
  keyringOf(keys.map(({ id, secret }) => ({ id, secret: Buffer.from(secret, 'base64') })))

export async function signingKey(
  { database, clock }: Pick<ServerContext, 'database' | 'clock'>,
  keyring: Keyring,
): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const made = JSON.stringify({ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: KID })
  const sealed = await providerKey(database, KID, await keyring.seal(`provider key ${KID}`, made), clock())
  return JSON.parse(await keyring.open(`provider key ${KID}`, sealed)) as JWK
}
