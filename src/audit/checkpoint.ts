/**
 * Checkpoints: what the chain's end was, signed (Ed25519, RFC 8032) and put where whoever can write the store cannot, so
 * that an end that was cut off, or a chain that was made anew, is found. Cuts say, signed too, how far retention took bodies.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify, type KeyObject } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { canonical } from './canonical.ts'
import type { Block } from './chain.ts'
import { closed, Count, Id, Millis } from './fields.ts'

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' })
const SIGNED = {
  key: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
}

const CheckpointSchema = closed({
  is: Type.Literal('checkpoint'),
  chain: Id,
  /** counts the chain's checkpoints from 1, so that one taken away leaves a gap */
  number: Count,
  seq: Count,
  hash: Digest,
  at: Millis,
  ...SIGNED,
})
const CutSchema = closed({
  is: Type.Literal('cut'),
  chain: Id,
  /** last record whose body is gone */
  through: Count,
  hash: Digest,
  /** of the headers that stay, see {@link headersDigest} */
  headers: Digest,
  at: Millis,
  ...SIGNED,
})
export type Checkpoint = Readonly<Static<typeof CheckpointSchema>>
export type Cut = Readonly<Static<typeof CutSchema>>
const checkpointShape = Compile(CheckpointSchema)
const cutShape = Compile(CutSchema)

export interface Signer {
  readonly key: string
  readonly sign: (text: string) => string
}

/** A JSON Web Key of Ed25519 (RFC 8037); `d` is the private part. */
export interface SigningJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  readonly d?: string
}

/** RFC 7638 thumbprint, by which a key is known. */
export const keyIdOf = ({ crv, kty, x }: SigningJwk): string => hash('sha256', canonical({ crv, kty, x }), 'base64url')

export function newSigningKey(): Required<SigningJwk> {
  const { crv, d, kty, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return { crv, d, kty, x } as Required<SigningJwk>
}

export function signerOf(jwk: SigningJwk): Signer {
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  return { key: keyIdOf(jwk), sign: (text) => sign(null, Buffer.from(text), key).toString('base64url') }
}

/** Public keys by their thumbprint. */
export type PublicKeys = ReadonlyMap<string, KeyObject>
export const publicKeys = (jwks: readonly SigningJwk[]): PublicKeys =>
  new Map(
    jwks.map(({ kty, crv, x }) => [keyIdOf({ kty, crv, x }), createPublicKey({ key: { kty, crv, x }, format: 'jwk' })]),
  )

type Unsigned<T> = Omit<T, 'key' | 'signature'>
const signed = <T extends Checkpoint | Cut>(what: Unsigned<T>, { key, sign: signText }: Signer): T =>
  ({ ...what, key, signature: signText(canonical({ ...what, key })) }) as T

export const checkpointOf = (what: Omit<Unsigned<Checkpoint>, 'is'>, signer: Signer): Checkpoint =>
  signed<Checkpoint>({ is: 'checkpoint', ...what }, signer)
export const cutOf = (what: Omit<Unsigned<Cut>, 'is'>, signer: Signer): Cut =>
  signed<Cut>({ is: 'cut', ...what }, signer)

/** Whether it is signed by one of the keys. */
export function isSignedBy(keys: PublicKeys, { signature, ...what }: Checkpoint | Cut): boolean {
  const key = keys.get(what.key)
  if (key === undefined) return false
  // the one spelling of the signature: base64url has spare bits at the end, which must not be free to change
  const bytes = Buffer.from(signature, 'base64url')
  return bytes.toString('base64url') === signature && verify(null, Buffer.from(canonical(what)), key, bytes)
}

/** Reads a line of an anchor; null where it is no checkpoint. */
export function readCheckpoint(line: string): Checkpoint | null {
  const value = parsed(line)
  return checkpointShape.Check(value) ? value : null
}
export function readCut(line: string): Cut | null {
  const value = parsed(line)
  return cutShape.Check(value) ? value : null
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

/** Digest of headers without bodies, carried on from the digest of those before them. */
export function headersDigest(before: string, { chain, firstSeq, lastSeq, prevHash, lastHash, at }: Block): string {
  return hash('sha256', `${before}\n${canonical({ chain, firstSeq, lastSeq, prevHash, lastHash, at })}`, 'hex')
}
/** Digest before the first header. */
export const NO_HEADERS = '0'.repeat(64)
