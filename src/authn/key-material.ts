/** What is kept of a key, sealed beside its id. */
import type { KeyClass } from '#contract/decision.ts'
import { judgedAgain, type ModelCatalogue } from './attestation.ts'
import type { KeyFacts, KeysById } from './enrolled-proof.ts'
import type { Keyring } from './keyring.ts'
import type { EnrolledAuthenticator } from './stores.ts'

export interface KeyMaterial {
  /** COSE, base64url */
  readonly publicKey: string
  readonly transports: readonly string[]
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly userVerifiedAtBirth: boolean
  /** as it was found out when the key was enrolled: what it is worth now says {@link judgedAgain} */
  readonly keyClass: KeyClass
  readonly fips140Level: number
  readonly aaguid: string
  readonly attestation: string
}

/** @throws {AmbitError} `sealed_unreadable` if it cannot be opened */
export const openKey = async (
  keyring: Pick<Keyring, 'open'>,
  { id, material }: EnrolledAuthenticator,
): Promise<KeyMaterial> => JSON.parse(await keyring.open(`authenticator ${id}`, material)) as KeyMaterial

/** What the keys among these are worth now, for what they may be offered for. One that cannot be opened, or was broken, is left out: it lets nobody in. */
export async function keyFactsOf(
  { keyring }: { readonly keyring: Pick<Keyring, 'open'> },
  models: ModelCatalogue,
  enrolled: readonly EnrolledAuthenticator[],
): Promise<KeysById> {
  const facts = new Map<string, KeyFacts>()
  for (const each of enrolled) {
    if (each.kind !== 'passkey' || each.state !== 'active') continue
    const opened = await openKey(keyring, each).catch(() => null)
    const judged = opened === null ? null : judgedAgain(opened, models)
    if (judged !== null) facts.set(each.id, judged)
  }
  return facts
}
