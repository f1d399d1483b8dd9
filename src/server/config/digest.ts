/** A digest of the configuration, by which two starts of a node are told apart; nothing secret goes into it. */
import { createHash } from 'node:crypto'
import { withoutPassword } from '#lib/address.ts'

/** Keys under which secrets stand; their values, and whatever is below them, stay out. */
export const SECRET_KEYS: readonly unknown[] = [
  'secret',
  'token',
  'password',
  'pushToken',
  'anchorToken',
  'key',
  'headers',
]

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
    .filter(([key]) => !SECRET_KEYS.includes(key))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, each]) => [key, without(each)])
}
