/**
 * Keys of the authenticators: one secret per key id, from which a key for each use is derived. The first key is used for what
 * is new; the others still open what was made with them.
 */
import { createDecipheriv, createHmac, createSecretKey, type KeyObject, hkdfSync, timingSafeEqual } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { AmbitError } from '#lib/errors.ts'

export interface Key {
  /** letters and digits; stands in front of everything made with the key */
  readonly id: string
  /** 32 bytes or more */
  readonly secret: Uint8Array
}

/** What a key is used for; a value made for one use is worth nothing for another. */
export type Use = 'code' | 'handle' | 'recovery_code' | 'material' | 'link' | 'pass' | 'binding' | 'session'

export interface Keyring {
  /** keyed MAC of the parts, under the newest key: `keyId.base64url` */
  readonly mac: (use: Use, ...parts: readonly string[]) => string
  /** the MACs that the parts may have been given, newest key first */
  readonly macs: (use: Use, ...parts: readonly string[]) => readonly string[]
  /** whether `mac` was made of these parts; takes as long when it was not */
  readonly holds: (mac: string, use: Use, ...parts: readonly string[]) => boolean
  /** encrypts for one place, such as the id of a row */
  readonly seal: (place: string, plain: string) => Promise<string>
  /** @throws {AmbitError} `sealed_unreadable` if the value was changed, moved to another place, or its key is gone */
  readonly open: (place: string, sealed: string) => Promise<string>
  /** whether the newest key sealed it; what an older one did is to be sealed anew before that key goes */
  readonly isNewest: (sealed: string) => boolean
}

/** Bytes of a secret: the strength of SHA-256 (RFC 2104 §3 asks for the length of the hash). */
const SECRET_BYTES = 32

/** @throws {AmbitError} `config_invalid` without keys, with two of one id, or with one that is too short */
export function keyringOf(keys: readonly Key[]): Keyring {
  const problem =
    keys.length === 0
      ? 'no key is given'
      : new Set(keys.map(({ id }) => id)).size < keys.length
        ? 'two keys have the same id'
        : keys.some(({ id }) => !/^[A-Za-z0-9]{1,16}$/.test(id))
          ? 'a key id is not 1 to 16 letters and digits'
          : keys.some(({ secret }) => secret.length < SECRET_BYTES)
            ? `a key is shorter than ${SECRET_BYTES} bytes`
            : null
  if (problem !== null) {
    throw new AmbitError('config_invalid', `keys: ${problem}; make one with \`openssl rand -base64 32\``)
  }
  const derived = new Map<string, KeyObject>()
  const keyFor = ({ id, secret }: Key, use: string): KeyObject => {
    const name = `${id}.${use}`
    let key = derived.get(name)
    if (key === undefined) {
      key = createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', `ambit ${use}`, SECRET_BYTES)))
      derived.set(name, key)
    }
    return key
  }
  const macWith = (key: Key, use: Use, parts: readonly string[]): string => {
    const hmac = createHmac('sha256', keyFor(key, `mac ${use}`))
    // lengths keep `ab|c` and `a|bc` apart
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part)
    return `${key.id}.${hmac.digest('base64url')}`
  }
  const newest = keys[0]!
  return {
    mac: (use, ...parts) => macWith(newest, use, parts),
    macs: (use, ...parts) => keys.map((key) => macWith(key, use, parts)),
    holds(mac, use, ...parts) {
      const made = keys.find(({ id }) => mac.startsWith(`${id}.`)) ?? newest
      const expected = Buffer.from(macWith(made, use, parts))
      const given = Buffer.from(mac)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
    seal: (place, plain) =>
      new CompactEncrypt(new TextEncoder().encode(plain))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: newest.id, place })
        .encrypt(keyFor(newest, 'seal')),
    isNewest(sealed) {
      try {
        return headerOf(sealed.split('.', 1)[0]!)['kid'] === newest.id
      } catch {
        return false
      }
    },
    async open(place, sealed) {
      try {
        const [header = '', encryptedKey, iv = '', text = '', tag = '', ...rest] = sealed.split('.')
        const bytes = (part: string) => Buffer.from(part, 'base64url')
        const { alg, enc, kid, place: sealedFor } = headerOf(header)
        if (alg !== 'dir' || enc !== 'A256GCM' || encryptedKey !== '' || rest.length > 0)
          throw new Error('it was not sealed here')
        const key = keys.find(({ id }) => id === kid)
        if (key === undefined) throw new Error(`no key \`${String(kid)}\``)
        const opening = createDecipheriv('aes-256-gcm', keyFor(key, 'seal'), bytes(iv), { authTagLength: 16 })
        opening.setAAD(Buffer.from(header)).setAuthTag(bytes(tag))
        const plain = Buffer.concat([opening.update(bytes(text)), opening.final()]).toString()
        if (sealedFor !== place) throw new Error('it was sealed for another place')
        return plain
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        throw new AmbitError('sealed_unreadable', `what is stored for \`${place}\` cannot be opened: ${why}`, { place })
      }
    },
  }
}

const headerOf = (part: string) =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Readonly<Record<string, unknown>>
