/** The keys of the audit log: one signs checkpoints, one masks values. In a file where one is named, else in the store. */
import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { keyIdOf, newSigningKey, signerOf, type Signer, type SigningJwk } from '#audit/checkpoint.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Database } from './database.ts'

export interface AuditKeys {
  readonly signer: Signer
  readonly mask: Uint8Array
}

interface Secret {
  readonly signing: Required<SigningJwk>
  /** base64url of 32 bytes */
  readonly mask: string
}

/**
 * The keys of a node, made where there are none. In a file they are out of reach of whoever writes to the store; in the
 * store, where no file is named, they only show what was changed by accident or by somebody who did not look for them.
 *
 * @throws {AmbitError} `config_invalid` where the file is not one of ours
 */
export async function auditKeys(store: Database, file: string | null): Promise<AuditKeys> {
  const secret = file === null ? await secretInStore(store) : await secretInFile(file)
  const { kty, crv, x } = secret.signing
  // the public part, so that the log can be verified without the file; verifying with the file's own key is stronger
  await store.sql
    .insertInto('audit_keys')
    .values({ id: keyIdOf({ kty, crv, x }), public_key: JSON.stringify({ kty, crv, x }), secret: null })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  return { signer: signerOf(secret.signing), mask: Buffer.from(secret.mask, 'base64url') }
}

const newKeys = (): Secret => ({ signing: newSigningKey(), mask: randomBytes(32).toString('base64url') })

/** Row that holds the keys of a store without a file; all nodes share it. */
const SHARED = 'shared'

async function secretInStore({ sql }: Database): Promise<Secret> {
  const made = newKeys()
  await sql
    .insertInto('audit_keys')
    .values({ id: SHARED, public_key: '', secret: JSON.stringify(made) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  const { secret } = await sql
    .selectFrom('audit_keys')
    .select('secret')
    .where('id', '=', SHARED)
    .executeTakeFirstOrThrow()
  return JSON.parse(secret!) as Secret
}

async function secretInFile(path: string): Promise<Secret> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(newKeys())}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw unusable(path, error)
  }
  return await readKeyFile(path)
}

async function readKeyFile(path: string): Promise<Secret> {
  try {
    const read = JSON.parse(await readFile(path, 'utf8')) as Partial<Secret>
    if (!isEd25519(read.signing) || read.signing.d === undefined || typeof read.mask !== 'string') {
      throw new TypeError('it has no `signing` key of Ed25519 and no `mask`')
    }
    return read as Secret
  } catch (error) {
    throw unusable(path, error)
  }
}

const isEd25519 = (value: Partial<SigningJwk> | undefined): value is SigningJwk =>
  value?.kty === 'OKP' && value.crv === 'Ed25519' && typeof value.x === 'string'

/** The public key in a key file, or in a file that holds it alone as a JWK. */
export async function readPublicKey(path: string): Promise<SigningJwk> {
  try {
    const read = JSON.parse(await readFile(path, 'utf8')) as Partial<Secret> & Partial<SigningJwk>
    const key = read.signing ?? read
    if (!isEd25519(key)) throw new TypeError('it has no key of Ed25519')
    return { kty: key.kty, crv: key.crv, x: key.x }
  } catch (error) {
    throw unusable(path, error)
  }
}

const unusable = (path: string, error: unknown) =>
  new AmbitError(
    'config_invalid',
    `the audit key file \`${path}\` cannot be used: ${error instanceof Error ? error.message : String(error)}; name a path where Ambit may make one`,
    { path },
  )

/** Public keys that the store knows. */
export async function storedPublicKeys({ sql }: Database): Promise<SigningJwk[]> {
  const rows = await sql.selectFrom('audit_keys').select('public_key').where('public_key', '!=', '').execute()
  return rows.map((row) => JSON.parse(row.public_key) as SigningJwk)
}
