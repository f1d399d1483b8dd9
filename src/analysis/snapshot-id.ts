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

/** A set of facts by their hashes; never changed, a change makes another that shares the rest. */
export interface FactTree {
  readonly hash: string
  readonly count: number
  /** sorted, where there are few */
  readonly leaves: readonly string[] | null
  /** by next digit, where there are many; null for a digit that no leaf has */
  readonly parts: readonly (FactTree | null)[] | null
}

/** Most leaves that are hashed together. */
const MOST = 16
const DIGITS = '0123456789abcdef'

const sha256 = (text: string): string => hash('sha256', text, 'hex')

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
export function idOf(at: string | null, { hash: root }: FactTree): string {
  return `sha256:${sha256(`snapshot\n${at ?? ''}\n${root}\n`)}`
}

/** The tree of some facts; the same for the same set. */
export function factTree(facts: readonly Fact[]): FactTree {
  return treeOf([...new Set(facts.map((fact) => sha256(canonical(fact))))].toSorted(), 0)
}

/** The tree without some facts and with some others. */
export function changedTree(tree: FactTree, gone: readonly Fact[], come: readonly Fact[]): FactTree {
  let changed = tree
  for (const fact of gone) changed = without(changed, sha256(canonical(fact)), 0) ?? treeOf([], 0)
  for (const fact of come) changed = withLeaf(changed, sha256(canonical(fact)), 0)
  return changed
}

/** @param leaves  sorted, equal in their first `depth` digits */
function treeOf(leaves: readonly string[], depth: number): FactTree {
  if (leaves.length <= MOST) return few(leaves)
  const parts: (FactTree | null)[] = []
  let from = 0
  for (const digit of DIGITS) {
    let to = from
    while (to < leaves.length && leaves[to]!.charAt(depth) === digit) to++
    parts.push(from === to ? null : treeOf(leaves.slice(from, to), depth + 1))
    from = to
  }
  return many(parts)
}

function few(leaves: readonly string[]): FactTree {
  return { hash: sha256(`leaves\n${lines(leaves)}`), count: leaves.length, leaves, parts: null }
}

function many(parts: readonly (FactTree | null)[]): FactTree {
  const count = parts.reduce((sum, part) => sum + (part?.count ?? 0), 0)
  return { hash: sha256(`parts\n${lines(parts.map((part) => part?.hash ?? ''))}`), count, leaves: null, parts }
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('')

function withLeaf(tree: FactTree | null, leaf: string, depth: number): FactTree {
  if (tree === null) return few([leaf])
  const { leaves, parts } = tree
  if (parts === null) return leaves!.includes(leaf) ? tree : treeOf([...leaves!, leaf].toSorted(), depth)
  const digit = DIGITS.indexOf(leaf.charAt(depth))
  const part = withLeaf(parts[digit]!, leaf, depth + 1)
  return part === parts[digit] ? tree : many(parts.with(digit, part))
}

/** The tree without a leaf; null when nothing is left. */
function without(tree: FactTree | null, leaf: string, depth: number): FactTree | null {
  if (tree === null) return null
  const { leaves, parts } = tree
  if (parts === null) {
    const rest = leaves!.filter((each) => each !== leaf)
    return rest.length === leaves!.length ? tree : rest.length === 0 ? null : few(rest)
  }
  const digit = DIGITS.indexOf(leaf.charAt(depth))
  const part = without(parts[digit]!, leaf, depth + 1)
  if (part === parts[digit]) return tree
  const changed = many(parts.with(digit, part))
  return changed.count > MOST ? changed : few(leavesOf(changed))
}

function leavesOf({ leaves, parts }: FactTree): readonly string[] {
  return leaves ?? parts!.flatMap((part) => (part === null ? [] : leavesOf(part)))
}
