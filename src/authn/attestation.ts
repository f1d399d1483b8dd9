/**
 * What an attestation is worth. Only a certificate chain that ends at an anchor pinned for that very model says where a key
 * lives; every other word of an authenticator about itself is a claim (`none`, `self`, its AAGUID, BE=0 alone).
 */
import { decodeAttestationObject, validateCertificatePath } from '@simplewebauthn/server/helpers'
import type { KeyClass } from '#contract/decision.ts'

/** What FIDO metadata says of one model (FIDO MDS 3.1 §3.1), as far as it decides something here. */
export interface ModelMetadata {
  readonly aaguid: string
  readonly description: string
  /** PEM or base64 DER */
  readonly roots: readonly string[]
  readonly keyProtection: readonly string[]
  /** status words, newest report first */
  readonly statuses: readonly string[]
  /** FIPS 140 level of the module, where the metadata names one; 0 otherwise */
  readonly fips140Level: number
}

/** The pinned models, and how old what is known of them is. */
export interface ModelCatalogue {
  readonly find: (aaguid: string) => ModelMetadata | undefined
  /** false once `nextUpdate` has passed: what it says is stale then and proves nothing */
  readonly isFresh: (now: number) => boolean
}

export interface Attested {
  readonly attestation: 'none' | 'self' | 'verified' | 'failed'
  /** null where the key may not be used at all */
  readonly keyClass: KeyClass | null
  readonly fips140Level: number
  readonly reason: string
}

/** Status words after which no key of the model is trusted (FIDO MDS 3.1 §3.1.4). */
const BAD_STATUSES = new Set([
  'USER_VERIFICATION_BYPASS',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
  'REVOKED',
])
const IN_HARDWARE = ['hardware', 'tee', 'secure_element']
const UNKNOWN_MODEL = '00000000-0000-0000-0000-000000000000'

export interface Registered {
  readonly attestationObject: Uint8Array
  readonly aaguid: string
  /** BE: the key may be copied to other devices */
  readonly backupEligible: boolean
}

/**
 * The table of WebAuthn flags, attestation and metadata; first row that fits. The signature of the attestation was verified
 * before; here it is only asked who made it.
 */
export async function attested(it: Registered, catalogue: ModelCatalogue, now: number): Promise<Attested> {
  const decoded = decodeAttestationObject(it.attestationObject.slice() as Uint8Array<ArrayBuffer>)
  const format = decoded.get('fmt')
  const chain = decoded.get('attStmt').get('x5c') ?? []
  const model = it.aaguid === UNKNOWN_MODEL ? undefined : catalogue.find(it.aaguid)
  // a bad status stands whatever the attestation shows, and however old the news is
  const bad = model?.statuses.find((status) => BAD_STATUSES.has(status))
  if (bad !== undefined)
    return { attestation: 'failed', keyClass: null, fips140Level: 0, reason: `the model is reported: ${bad}` }
  const attestation = format === 'none' ? 'none' : chain.length === 0 ? 'self' : await chainTo(chain, model)
  if (attestation === 'failed')
    return {
      attestation,
      keyClass: null,
      fips140Level: 0,
      reason: 'the certificates do not lead to the maker of this model',
    }
  const said = (keyClass: KeyClass, reason: string, fips140Level = 0): Attested => ({
    attestation,
    keyClass,
    fips140Level,
    reason,
  })
  if (it.backupEligible) return said('synced', 'the key may be copied to other devices')
  if (attestation !== 'verified') return said('unattested', 'nothing vouches for where the key lives')
  if (!catalogue.isFresh(now)) return said('unattested', 'what is known of the model is out of date')
  if (!model!.keyProtection.some((word) => IN_HARDWARE.includes(word)))
    return said('software', 'the maker says that the key lies in software')
  return said('hardware', 'the maker vouches for the hardware that holds the key', model!.fips140Level)
}

/**
 * What a key that was enrolled is worth now that more may be known of its model: never more than was found out then. Null where the model was
 * broken since. A model of which nothing is known any more, and a list that is out of date, leave it as it was.
 */
export function judgedAgain(
  {
    aaguid,
    keyClass,
    fips140Level,
  }: { readonly aaguid: string; readonly keyClass: KeyClass; readonly fips140Level: number },
  catalogue: ModelCatalogue,
): { readonly keyClass: KeyClass; readonly fips140Level: number } | null {
  const model = aaguid === UNKNOWN_MODEL ? undefined : catalogue.find(aaguid)
  if (model === undefined) return { keyClass, fips140Level }
  if (model.statuses.some((status) => BAD_STATUSES.has(status))) return null
  if (keyClass !== 'hardware') return { keyClass, fips140Level }
  return model.keyProtection.some((word) => IN_HARDWARE.includes(word))
    ? { keyClass, fips140Level: Math.min(fips140Level, model.fips140Level) }
    : { keyClass: 'software', fips140Level: 0 }
}

/** A chain for a model nobody pinned proves nothing, and is no fault; one that names a pinned model must lead to it. */
async function chainTo(
  chain: readonly Uint8Array[],
  model: ModelMetadata | undefined,
): Promise<'self' | 'verified' | 'failed'> {
  if (model === undefined) return 'self'
  if (model.roots.length === 0) return 'failed'
  const isGood = await validateCertificatePath(chain.map(asPem), model.roots.map(asPem)).catch(() => false)
  return isGood ? 'verified' : 'failed'
}

/** A certificate as PEM, from DER, base64 or PEM. */
export function asPem(certificate: Uint8Array | string): string {
  if (typeof certificate === 'string' && certificate.includes('-----BEGIN')) return certificate
  const base64 =
    typeof certificate === 'string' ? certificate.replaceAll(/\s/g, '') : Buffer.from(certificate).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END CERTIFICATE-----`
}

/** A catalogue of models that somebody wrote down; fresh until `nextUpdate` (milliseconds since 1970). */
export function catalogueOf(models: readonly ModelMetadata[], nextUpdate: number): ModelCatalogue {
  const byAaguid = new Map(models.map((model) => [model.aaguid.toLowerCase(), model]))
  return { find: (aaguid) => byAaguid.get(aaguid.toLowerCase()), isFresh: (now) => now < nextUpdate }
}
