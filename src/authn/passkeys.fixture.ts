/** A maker that is pinned, one that only bears its name, and software keys that enrol and sign in with what they say of themselves. */
import 'reflect-metadata'
import { BasicConstraintsExtension } from '@peculiar/x509'
import { catalogueOf, type ModelMetadata } from './attestation.ts'
import { newChain } from './certificates.fixture.ts'
import { beginRegistration, beginSignIn, finishRegistration, finishSignIn, type Passkeys } from './passkeys.ts'
import { assertWith, ORIGIN, register, RP_ID, type Lies, type SoftwareKey } from './software-key.fixture.ts'
import { attemptOf, type TestTools } from './tools.fixture.ts'

export const AAGUID = '11223344-5566-7788-99aa-bbccddeeff00'
export const TO_COME = 4_000_000_000_000

const maker = (name: string) =>
  newChain(name, 'C=US, O=Maker, OU=Authenticator Attestation, CN=Leaf', [
    new BasicConstraintsExtension(false, undefined, true),
  ])
export const [real, fake] = [await maker('Maker Root'), await maker('Maker Root')]
export const model: ModelMetadata = {
  aaguid: AAGUID,
  description: 'a security key',
  roots: [real.root],
  keyProtection: ['hardware', 'secure_element'],
  statuses: ['FIDO_CERTIFIED_L2'],
  fips140Level: 2,
}
export const passkeysWith = (changed: Partial<ModelMetadata> = {}, nextUpdate = TO_COME): Passkeys => ({
  party: { id: RP_ID, name: 'Example', origins: [ORIGIN] },
  models: catalogueOf([{ ...model, ...changed }], nextUpdate),
})
export const PASSKEYS = passkeysWith()

export async function enrol(
  tools: TestTools,
  key: SoftwareKey,
  lies: Lies = {},
  passkeys = PASSKEYS,
  account = 'idp:ada',
) {
  const it = attemptOf({ purpose: 'enrol', account })
  const begun = await beginRegistration(tools, passkeys, { ...it, displayName: account, attest: true })
  const response = register(key, begun.options, lies)
  return finishRegistration(tools, passkeys, {
    ...it,
    challenge: begun.challenge,
    response,
    name: 'my key',
    boundAtAal: 3,
  })
}
export async function signIn(
  tools: TestTools,
  key: SoftwareKey,
  lies: Lies = {},
  account: string | null = null,
  passkeys = PASSKEYS,
) {
  const it = { ...attemptOf(), account }
  const begun = await beginSignIn(tools, passkeys, it)
  const response = assertWith(key, begun.options, lies)
  return finishSignIn(tools, passkeys, { ...it, challenge: begun.challenge, response })
}
export const accepted = async (result: ReturnType<typeof signIn>) => (await result)?.outcome.accepted ?? false
export const birth = { attestation: { chain: [real.leaf], key: real.key }, aaguid: AAGUID }
