/**
 * The name of a snapshot, drawn from what it says: the same facts at the same time have the same id, wherever and in
 * whatever order they were read, and nobody can make other facts that have it (SHA-256, FIPS 180-4).
 *
 * The facts form a hash tree, so that a changed fact costs a few hashes and not one over all of them. Its shape follows
 * from the set of facts alone: the SHA-256 of each as canonical JSON is its leaf; up to {@link MOST} leaves are hashed
 * together, in order; more are parted by their next hexadecimal digit. What is hashed begins with a word that says which
 * of these it is, so that no list of leaves passes for a list of parts (the second preimages of plain Merkle trees).
 */
import { hash } from 'node:crypto'
import type { Fact } from '#model/facts.ts'
import type { CheckedInventory } from '#model/inventory.ts'

/**
 * A set of facts by their hashes; never changed, a change makes another that shares the rest. Where there are few leaves,
 * they are one text of their bytes, sorted, as Latin-1: there are millions, and this takes little more than they do.
 */
export type FactTree = string | Parts

/** Many leaves by their next digit; an empty text for a digit that no leaf has. */
interface Parts {
  /** of Latin-1, as leaves are */
  readonly hash: string
  readonly count: number
  readonly parts: readonly FactTree[]
}

/** Most leaves that are hashed together. */
const MOST = 16
const DIGITS = 16
/** Bytes of a hash. */
const LONG = 32

const sha256 = (text: string): string => hash('sha256', text, 'binary')
const hexOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex')
const digitAt = (leaf: string, depth: number): number => {
  const byte = leaf.charCodeAt(depth >>> 1)
  return depth % 2 === 0 ? byte >>> 4 : byte & 15
}

/** A fact as one line of JSON with keys in order at every depth. */
export const canonical = (fact: Fact): string => JSON.stringify(sorted(fact))

/** The same value with keys in order; a replacer of `JSON.stringify` would be asked about every word of every list. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value)
  if (entries.length > 1) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  for (const entry of entries) entry[1] = sorted(entry[1])
  return Object.fromEntries(entries)
}

/** `sha256:` of the snapshot's time and of its facts. */
export function snapshotId({ facts, snapshot }: CheckedInventory): string {
  return idOf(snapshot.at, factTree(facts.map(({ fact }) => fact)))
}

/** The id of facts at a time; null for facts without one. */
export function idOf(at: string | null, tree: FactTree): string {
  return `sha256:${hexOf(sha256(`snapshot\n${at ?? ''}\n${hexOf(hashOf(tree))}\n`))}`
}

/** The tree of some facts; the same for the same set. */
export function factTree(facts: Iterable<Fact>): FactTree {
  const leaves = new Set<string>()
  for (const fact of facts) leaves.add(sha256(canonical(fact)))
  return treeOf([...leaves].toSorted(), 0)
}

/** The tree without some facts and with some others. */
export function changedTree(tree: FactTree, gone: readonly Fact[], come: readonly Fact[]): FactTree {
  let changed = tree
  for (const fact of gone) changed = without(changed, sha256(canonical(fact)), 0)
  for (const fact of come) changed = withLeaf(changed, sha256(canonical(fact)), 0)
  return changed
}

/** @param leaves  sorted, equal in their first `depth` digits */
function treeOf(leaves: readonly string[], depth: number): FactTree {
  if (leaves.length <= MOST) return leaves.join('')
  const parts: FactTree[] = []
  let from = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    let to = from
    while (to < leaves.length && digitAt(leaves[to]!, depth) === digit) to++
    parts.push(treeOf(leaves.slice(from, to), depth + 1))
    from = to
  }
  return many(parts)
}

const countIn = (tree: FactTree): number => (typeof tree === 'string' ? tree.length / LONG : tree.count)

/** The hash of a tree; that of few leaves is made when it is asked for. */
function hashOf(tree: FactTree): string {
  return typeof tree === 'string' ? sha256(`leaves\n${lines(leavesOf(tree))}`) : tree.hash
}

function many(parts: readonly FactTree[]): Parts {
  const count = parts.reduce((sum, part) => sum + countIn(part), 0)
  return { hash: sha256(`parts\n${lines(parts.map((part) => (part === '' ? '' : hashOf(part))))}`), count, parts }
}

const lines = (hashes: readonly string[]): string => hashes.map((each) => `${hexOf(each)}\n`).join('')

function withLeaf(tree: FactTree, leaf: string, depth: number): FactTree {
  if (typeof tree === 'string') {
    const leaves = leavesOf(tree)
    return leaves.includes(leaf) ? tree : treeOf([...leaves, leaf].toSorted(), depth)
  }
  const digit = digitAt(leaf, depth)
  const part = withLeaf(tree.parts[digit]!, leaf, depth + 1)
  return part === tree.parts[digit] ? tree : many(tree.parts.with(digit, part))
}

/** The tree without a leaf. */
function without(tree: FactTree, leaf: string, depth: number): FactTree {
  if (typeof tree === 'string') {
    const leaves = leavesOf(tree)
    return leaves.includes(leaf) ? leaves.filter((each) => each !== leaf).join('') : tree
  }
  const digit = digitAt(leaf, depth)
  const part = without(tree.parts[digit]!, leaf, depth + 1)
  if (part === tree.parts[digit]) return tree
  const changed = many(tree.parts.with(digit, part))
  return changed.count > MOST ? changed : leavesOf(changed).join('')
}

function leavesOf(tree: FactTree): readonly string[] {
  if (typeof tree !== 'string') return tree.parts.flatMap(leavesOf)
  return Array.from({ length: tree.length / LONG }, (_, i) => tree.slice(i * LONG, (i + 1) * LONG))
}
