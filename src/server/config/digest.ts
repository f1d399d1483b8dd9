/** A digest of the configuration, by which two starts of a node are told apart; nothing secret goes into it. */
import { createHash } from 'node:crypto'
import { withoutPassword } from '#lib/address.ts'

/**
 * Keys of secrets: texts, headers, which are texts by name, or the body that a gateway is sent, whose texts hold what it knows the
 * server by. Whatever else is called like one, such as an `acr`, is no secret.
 */
export const SECRET_KEYS: readonly unknown[] = [
  'secret',
  'token',
  'password',
  'pushToken',
  'anchorToken',
  'key',
  'headers',
  'body',
]

/** Keys whose value is secret however it is built. */
const WHOLE = ['headers', 'body']

/** SHA-256 of the configuration without secrets, and without those in addresses; the order of keys does not matter. */
export const configDigest = (config: object): string =>
  `sha256:${createHash('sha256')
    .update(JSON.stringify(without(config)))
    .digest('hex')}`

function without(value: unknown): unknown {
  if (typeof value === 'string') return withoutPassword(value)
  if (Array.isArray(value)) return value.map(without)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .filter(([key, each]) => !SECRET_KEYS.includes(key) || (typeof each === 'object' && !WHOLE.includes(key)))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, each]) => [key, without(each)])
}
