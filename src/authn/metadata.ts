/** FIDO metadata from a file: a signed list of models, with the roots of their makers and what became of them (FIDO MDS 3.1 §3.1). */
import { X509Certificate } from 'node:crypto'
import { SettingsService } from '@simplewebauthn/server'
import { validateCertificatePath } from '@simplewebauthn/server/helpers'
import { compactVerify } from 'jose'
import { AmbitError } from '#lib/errors.ts'
import { asPem, catalogueOf, type ModelCatalogue, type ModelMetadata } from './attestation.ts'

/** Signatures that FIDO uses on the list. */
const ALGORITHMS = ['RS256', 'ES256', 'PS256', 'RS384', 'ES384', 'RS512', 'ES512']

/** The root that signs the list, as the library pins it. */
export const metadataRoots = (): readonly string[] => SettingsService.getRootCertificates({ identifier: 'mds' })

/** Which list was used last, by any node. */
export interface MetadataNumberStore {
  /** notes the number of a list; false where one with a higher number was used before */
  readonly raise: (no: number, now: number) => Promise<boolean>
}

/**
 * Reads a list. Its signature leads to one of `roots` (PEM) or nothing of it is believed. An older one than was used before is refused
 * (FIDO MDS 3.1 §3.2, step 6): it may not know yet that a model was broken. Revocation lists are not fetched: whoever puts
 * the file there has it from FIDO.
 *
 * @throws {AmbitError} `config_invalid` where it is not signed by a root, is no such list, or is an older one
 */
export async function readMetadata(
  blob: string,
  roots: readonly string[],
  { numbers, now }: { readonly numbers: MetadataNumberStore; readonly now: number },
): Promise<ModelCatalogue & { readonly models: number; readonly no: number }> {
  const refuse = (why: string): never => {
    throw new AmbitError(
      'config_invalid',
      `the FIDO metadata cannot be used: ${why}; take it anew from https://mds3.fidoalliance.org`,
    )
  }
  const text = blob.trim()
  const chain = chainIn(text) ?? refuse('it is no signed list')
  const isTrusted = await validateCertificatePath(chain, [...roots]).catch(() => false)
  if (!isTrusted) return refuse('its signature does not lead to a root that is trusted')
  const { payload } = await compactVerify(text, new X509Certificate(chain[0]!).publicKey, {
    algorithms: ALGORITHMS,
  }).catch(() => refuse('its signature is wrong'))
  const list = parsed(new TextDecoder().decode(payload))
  const nextUpdate = Date.parse(String(list?.['nextUpdate']))
  if (list === null || !Array.isArray(list['entries']) || Number.isNaN(nextUpdate))
    return refuse('it has no entries, or does not say when it ends')
  const no = list['no']
  if (typeof no !== 'number' || !Number.isSafeInteger(no) || no < 0) return refuse('it has no number')
  if (!(await numbers.raise(no, now))) return refuse(`it is number ${no}, and a later one was used before`)
  const models = list['entries'].flatMap((entry: unknown) => modelOf(entry) ?? [])
  return { ...catalogueOf(models, nextUpdate), models: models.length, no }
}

type Json = Readonly<Record<string, unknown>>
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : null
  } catch {
    return null
  }
}

/** The certificates in the head of the list, as PEM, leaf first. */
function chainIn(jws: string): string[] | null {
  const head = parsed(Buffer.from(jws.slice(0, jws.indexOf('.')), 'base64url').toString())
  const chain = strings(head?.['x5c'])
  return chain.length === 0 ? null : chain.map(asPem)
}

/** Only models of WebAuthn have an AAGUID; the others are left out. */
function modelOf(entry: unknown): ModelMetadata | null {
  if (!isJson(entry) || typeof entry['aaguid'] !== 'string' || !isJson(entry['metadataStatement'])) return null
  const statement = entry['metadataStatement']
  const reports = Array.isArray(entry['statusReports']) ? entry['statusReports'].filter(isJson) : []
  const statuses = reports.flatMap(({ status }) => (typeof status === 'string' ? [status] : []))
  const fips = statuses.map((status) => Number(/^FIPS140_CERTIFIED_L([1-4])/.exec(status)?.[1] ?? 0))
  return {
    aaguid: entry['aaguid'],
    description: typeof statement['description'] === 'string' ? statement['description'] : '',
    roots: strings(statement['attestationRootCertificates']),
    keyProtection: strings(statement['keyProtection']),
    statuses,
    fips140Level: Math.max(0, ...fips),
  }
}
