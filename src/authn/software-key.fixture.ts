/** An authenticator in software that does as it is told: signs, lies, syncs, copies itself. */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'

export interface SoftwareKey {
  readonly id: Buffer
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  userHandle: string | null
  counter: number
}

export interface Lies {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly userVerified?: boolean
  readonly userPresent?: boolean
  readonly backupEligible?: boolean
  readonly backedUp?: boolean
  readonly aaguid?: string
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
  readonly badSignature?: boolean
  readonly userHandle?: string | null
  readonly challenge?: string
  /** signs the attestation: certificates, leaf first, and the leaf's key; `self` signs with the key itself */
  readonly attestation?: 'none' | 'self' | { readonly chain: readonly Uint8Array[]; readonly key: KeyObject }
}

export const ORIGIN = 'https://sign-in.example.org'
export const RP_ID = 'sign-in.example.org'

export function newSoftwareKey(): SoftwareKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { id: randomBytes(32), privateKey, publicKey, userHandle: null, counter: 0 }
}

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest()

function clientData(type: string, challenge: string, lies: Lies): Buffer {
  const data = {
    type: lies.type ?? type,
    challenge: lies.challenge ?? challenge,
    origin: lies.origin ?? ORIGIN,
    crossOrigin: lies.crossOrigin ?? false,
    ...(lies.topOrigin === undefined ? {} : { topOrigin: lies.topOrigin }),
  }
  return Buffer.from(JSON.stringify(data))
}

function authenticatorData(key: SoftwareKey, lies: Lies, attestedData: Buffer | null): Buffer {
  const flags =
    (lies.userPresent === false ? 0 : 0x01) |
    (lies.userVerified === false ? 0 : 0x04) |
    (lies.backupEligible ? 0x08 : 0) |
    (lies.backedUp ? 0x10 : 0) |
    (attestedData === null ? 0 : 0x40)
  const counter = Buffer.alloc(4)
  counter.writeUInt32BE(key.counter)
  return Buffer.concat([sha256(lies.rpId ?? RP_ID), Buffer.from([flags]), counter, attestedData ?? Buffer.alloc(0)])
}

function cose({ publicKey }: SoftwareKey): Uint8Array {
  const { x, y } = publicKey.export({ format: 'jwk' })
  const map = new Map<number, number | Uint8Array>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, new Uint8Array(Buffer.from(x!, 'base64url'))],
    [-3, new Uint8Array(Buffer.from(y!, 'base64url'))],
  ])
  return isoCBOR.encode(map)
}

/** What a page sends after `navigator.credentials.create()`. */
export function register(key: SoftwareKey, options: { challenge: string; user: { id: string } }, lies: Lies = {}) {
  key.userHandle = options.user.id
  const aaguid = Buffer.from((lies.aaguid ?? '00000000-0000-0000-0000-000000000000').replaceAll('-', ''), 'hex')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(key.id.length)
  const authData = authenticatorData(key, lies, Buffer.concat([aaguid, length, key.id, cose(key)]))
  const client = clientData('webauthn.create', options.challenge, lies)
  const attestation = lies.attestation ?? 'none'
  const signed = Buffer.concat([authData, sha256(client)])
  const signer = typeof attestation === 'object' ? attestation.key : key.privateKey
  const statement = new Map<string, unknown>()
  if (attestation !== 'none') {
    statement.set('alg', -7)
    statement.set('sig', new Uint8Array(sign('sha256', signed, signer)))
    if (typeof attestation === 'object')
      statement.set(
        'x5c',
        attestation.chain.map((each) => new Uint8Array(each)),
      )
  }
  const object = new Map<string, unknown>([
    ['fmt', attestation === 'none' ? 'none' : 'packed'],
    ['attStmt', statement],
    ['authData', new Uint8Array(authData)],
  ])
  const id = key.id.toString('base64url')
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: client.toString('base64url'),
      attestationObject: Buffer.from(isoCBOR.encode(object as never)).toString('base64url'),
      transports: ['internal'],
    },
  }
}

/** What a page sends after `navigator.credentials.get()`. */
export function assertWith(key: SoftwareKey, options: { challenge: string }, lies: Lies = {}) {
  key.counter = key.counter === 0 ? 0 : key.counter + 1
  const authData = authenticatorData(key, lies, null)
  const client = clientData('webauthn.get', options.challenge, lies)
  const signature = sign('sha256', Buffer.concat([authData, sha256(client)]), key.privateKey)
  if (lies.badSignature) signature[signature.length - 1]! ^= 1
  const id = key.id.toString('base64url')
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: client.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle: lies.userHandle === undefined ? key.userHandle : lies.userHandle,
    },
  }
}
