/**
 * Reading the names of derived nodes back. Ids may hold colons; capability words and gate paths may not, so a target is
 * everything after the second colon, and a gate's path is everything after the last one.
 */
import { AUTHENTICATOR_KINDS, CAPABILITIES } from '#contract/vocabulary.ts'

/** A `right:` node taken apart. */
export interface Right {
  /** a word of `CAPABILITIES` */
  readonly capability: string
  /** the kind of authenticator that a partial reset is limited to; null for every other right */
  readonly kind: string | null
  readonly target: string
}

/** A `gate:` node taken apart. */
export interface Gate {
  /** id of the way in or the rule whose formula the gate is part of */
  readonly owner: string
  /** positions from the outermost list inwards; empty for the whole formula */
  readonly path: readonly number[]
}

const RESERVED = ['right:', 'gate:', 'via:'] as const
const CAPABILITY_WORDS: ReadonlySet<string> = new Set(CAPABILITIES)
const AUTHENTICATOR_WORDS: ReadonlySet<string> = new Set(AUTHENTICATOR_KINDS)
/** Positions as a compiler writes them: `0.2`, without signs, leading zeros or empty parts. */
const PATH_PATTERN = /^(?:(?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5}))*)?$/

/** Whether a node is named by the inventory itself, and not derived. */
export const isPlainId = (node: string): boolean => node !== '' && !RESERVED.some((prefix) => node.startsWith(prefix))

/** The parts of a `right:` node, or null when the name is not that of a right. */
export function parseRight(node: string): Right | null {
  if (!node.startsWith('right:')) return null
  const colon = node.indexOf(':', 'right:'.length)
  if (colon === -1) return null
  const target = node.slice(colon + 1)
  if (!isPlainId(target)) return null
  const [capability = '', kind, ...rest] = node.slice('right:'.length, colon).split('/')
  if (rest.length > 0 || !CAPABILITY_WORDS.has(capability)) return null
  if (kind === undefined) return { capability, kind: null, target }
  return capability === 'reset_authenticators' && AUTHENTICATOR_WORDS.has(kind) ? { capability, kind, target } : null
}

/** The parts of a `gate:` node, or null when the name is not that of a gate. */
export function parseGate(node: string): Gate | null {
  if (!node.startsWith('gate:')) return null
  const colon = node.lastIndexOf(':')
  const owner = node.slice('gate:'.length, Math.max(colon, 'gate:'.length))
  const path = node.slice(colon + 1)
  if (colon < 'gate:'.length || !isPlainId(owner) || !PATH_PATTERN.test(path)) return null
  return { owner, path: path === '' ? [] : path.split('.').map(Number) }
}
