/** Whether a report speaks of this inventory at all: its snapshot's id, time, name and number of facts. */
import type { Report } from '#contract/report.ts'
import type { Inventory } from '#model/facts.ts'
import { record, type Failure } from './failure.ts'

/** SHA-256 of the pieces one after another, in hexadecimal; the caller's, so that nothing here needs a platform. */
export type Sha256 = (pieces: Iterable<string>) => string

/** Each fact once, as one line of JSON with keys in order at every depth, lines in order (both by UTF-16 code units). */
export function canonicalFacts({ facts }: Pick<Inventory, 'facts'>): string[] {
  return [...new Set(facts.map(({ fact }) => canonical(fact)))].toSorted()
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}

/** The id is the hash of the snapshot's time and of the root of the facts' hash tree. */
function idOf(at: string, facts: readonly string[], sha256: Sha256): string {
  const leaves = facts.map((fact) => sha256([fact])).toSorted()
  return `sha256:${sha256(['snapshot\n', `${at}\n`, `${rootOf(leaves, '', sha256)}\n`])}`
}

/** Up to 16 leaves are hashed together; more are parted by the digit that follows the prefix, and the parts hashed. */
function rootOf(leaves: readonly string[], prefix: string, sha256: Sha256): string {
  if (leaves.length <= 16) return sha256(['leaves\n', ...leaves.map((leaf) => `${leaf}\n`)])
  const parts = [...'0123456789abcdef'].map((digit) => {
    const within = leaves.filter((leaf) => leaf.startsWith(prefix + digit))
    return within.length === 0 ? '' : rootOf(within, prefix + digit, sha256)
  })
  return sha256(['parts\n', ...parts.map((part) => `${part}\n`)])
}

/** A report or a simulation: whatever says which snapshot it is of. */
interface Speaking {
  readonly snapshot: Pick<Report['snapshot'], 'id' | 'name' | 'at' | 'facts'>
}

/** What the report says of its snapshot that this inventory contradicts. Without `sha256` the id is not recomputed. */
export function flawsOfSnapshot({ snapshot }: Speaking, inventory: Inventory, sha256?: Sha256): Failure[] {
  const facts = canonicalFacts(inventory)
  const flaws: Failure[] = []
  const say = (reason: string) => void flaws.push(record('snapshot', reason))
  if (inventory.at !== undefined && snapshot.at !== inventory.at)
    say(`the report is of ${snapshot.at ?? 'no stated time'}, the inventory of ${inventory.at}`)
  if (snapshot.name !== (inventory.name ?? null))
    say(`the report calls it ${named(snapshot.name)}, the inventory ${named(inventory.name)}`)
  if (snapshot.facts !== facts.length)
    say(`the report rests on ${snapshot.facts} facts, and the inventory holds ${facts.length}`)
  else if (sha256 !== undefined && snapshot.id !== idOf(snapshot.at ?? '', facts, sha256))
    say('the report was made of other facts than these: its snapshot id is not theirs')
  return flaws
}

const named = (name: string | null | undefined): string => (name == null ? 'nothing' : `\`${name}\``)
