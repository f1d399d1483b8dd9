/**
 * What is tried beside what decides, while the server runs: rules that only report, another policy, other facts. Each answer
 * is worked out a second time by that; where the two differ it is counted and kept as an example. It never changes an answer.
 */
import { Counter, type Registry } from 'prom-client'
import type { Decision, Evaluation } from '#contract/decision.ts'
import { buildWorld } from '#decision/build-world.ts'
import { decide } from '#decision/decide.ts'
import type { DecisionSettings } from '#decision/settings.ts'
import { accessWithTried, CHANGES, differenceOf, withTried, type Change } from '#decision/shadow.ts'
import type { World } from '#decision/world.ts'
import type { Clock } from '#lib/clock.ts'
import type { Inventory } from '#model/facts.ts'
import { refuseErrors } from '#model/inventory.ts'
import { threadAnalyst, type ThreadAnalyst } from './analysis/thread-analyst.ts'
import type { Config } from './config/schema.ts'
import type { Log } from './context.ts'
import { readPolicies, samePolicies, type Policies } from './policies.ts'
import { inventoryOf, type Snapshots } from './snapshots.ts'
import type { Surroundings } from './surroundings.ts'

/** One kind of answer that would have been another, for one subject and access. */
export interface ShadowExample {
  readonly change: Change
  readonly subject: { readonly type: string; readonly id: string }
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string }
  readonly before: { readonly outcome: string; readonly reasons: readonly string[] }
  readonly after: { readonly outcome: string; readonly reasons: readonly string[]; readonly reasonUser: string | null }
  readonly times: number
  /** milliseconds since 1970 */
  readonly last: number
}

export interface ShadowSeen {
  /** null where nothing is tried, or what is tried cannot be worked out yet */
  readonly trying: {
    readonly policy: string
    readonly accessPolicies: readonly string[]
    readonly snapshot: string
  } | null
  /** why nothing is compared although something is to be tried */
  readonly trouble: string | null
  /** milliseconds since 1970 from which on is counted */
  readonly since: number
  /** answers compared */
  readonly decisions: number
  /** answers that were not, because what is tried was not worked out for their snapshot yet */
  readonly behind: number
  readonly changes: Readonly<Record<Change, number>>
  /** the latest first */
  readonly examples: readonly ShadowExample[]
  /** examples that made room for later ones */
  readonly forgotten: number
}

export interface Shadow {
  /** compares one answer with what would have been said; never throws */
  readonly look: (evaluation: Evaluation, decision: Decision) => void
  readonly seen: () => ShadowSeen
  /** reads again what is tried; counting begins anew if it is something else. Rejects as {@link openShadow} */
  readonly reload: () => Promise<void>
  /** resolves when what is tried has been worked out for the snapshot that is in use */
  readonly settled: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Examples kept. */
const MOST_EXAMPLES = 1000

interface Tried {
  readonly policies: Policies
  /** facts to try; null for those in use */
  readonly inventory: Inventory | null
  /** null where the analysis in use serves */
  readonly analyst: ThreadAnalyst | null
}

/** @throws {AmbitError} `input_unreadable`, `policy_invalid` or `input_invalid` if a file of `shadow` cannot be used */
export async function openShadow(parts: {
  readonly config: Pick<Config, 'policy' | 'accessPolicies' | 'shadow'>
  readonly surroundings: Surroundings
  readonly settings: DecisionSettings
  /** the policies in force */
  readonly inForce: () => Policies
  readonly snapshots: Pick<Snapshots, 'live' | 'onChange'>
  readonly metrics: Registry
  readonly clock: Clock
  readonly log: Log
}): Promise<Shadow> {
  const { config, surroundings, settings, inForce, snapshots, clock, log } = parts
  const compared = new Counter({
    name: 'ambit_shadow_decisions_total',
    help: 'Answers compared with what is only tried, by what would have changed; `behind` were not compared',
    labelNames: ['change'],
    registers: [parts.metrics],
  })
  let tried = await readTried()
  let world: World | null = null
  let trouble: string | null = null
  let counts = newCounts(clock())
  let working: Promise<void> = Promise.resolve()
  let due = false

  async function readTried(): Promise<Tried | null> {
    const { policy, accessPolicies, inventory } = config.shadow ?? {}
    const asked = { policy: policy ?? config.policy, accessPolicies: accessPolicies ?? config.accessPolicies }
    const read =
      policy === undefined && accessPolicies === undefined ? inForce() : await readPolicies(asked, surroundings)
    const policies: Policies = {
      policy: withTried(read.policy),
      access: read.access.map(accessWithTried),
      text: { ...read.text, tried: true },
    }
    const facts = inventory === undefined ? null : await surroundings.readFiles(inventory)
    if (facts !== null) refuseErrors(facts.diagnostics)
    if (facts === null && samePolicies(policies, inForce())) return null
    const analysed = facts !== null || policies.policy.hash !== inForce().policy.hash
    return { policies, inventory: facts, analyst: analysed ? threadAnalyst(policies.policy, policies.text) : null }
  }

  /** Works it out for the newest snapshot, one after the other; those that came between are passed over. */
  function follow(): void {
    if (due) return
    due = true
    working = working.then(async () => {
      due = false
      const now = tried
      try {
        const made = await worldOf(now)
        // something else is tried meanwhile, and its turn comes
        if (now !== tried) return
        world = made
        trouble = null
      } catch (error) {
        if (now !== tried) return
        world = null
        trouble = 'what is tried does not fit the facts; see the log'
        log.error({ err: error }, 'what is tried cannot be worked out; nothing is compared')
      }
    })
  }

  async function worldOf(now: Tried | null): Promise<World | null> {
    const live = snapshots.live()
    if (now === null || (live === null && now.inventory === null)) return null
    const analysed = now.analyst === null ? live! : await now.analyst.load(now.inventory ?? inventoryOf(live!))
    return buildWorld(analysed, settings, now.policies.access)
  }

  function look(evaluation: Evaluation, decision: Decision): void {
    if (tried === null) return
    // an answer about other facts would differ for their sake
    if (world === null || (tried.inventory === null && world.snapshot !== decision.snapshot)) {
      counts.behind++
      compared.inc({ change: 'behind' })
      return
    }
    try {
      counts.decisions++
      const difference = differenceOf(evaluation, decision, decide(evaluation, world))
      compared.inc({ change: difference?.change ?? 'same' })
      if (difference !== null) note(counts, difference.change, evaluation, decision, difference.after)
    } catch (error) {
      log.error({ err: error, evaluation: evaluation.id }, 'an answer could not be compared with what is tried')
    }
  }

  snapshots.onChange(follow)
  follow()
  return {
    look,
    seen: () => {
      const { examples, ...numbers } = counts
      const trying =
        tried === null || world === null
          ? null
          : {
              policy: world.policy.hash,
              accessPolicies: world.accessPolicies.map(({ name }) => name),
              snapshot: world.snapshot,
            }
      return { trying, trouble, ...numbers, examples: [...examples.values()].toReversed() }
    },
    async reload() {
      const next = await readTried()
      const before = tried
      if (before !== null && next !== null && isSame(before, next)) {
        await next.analyst?.close()
        return
      }
      tried = next
      world = null
      counts = newCounts(clock())
      follow()
      await before?.analyst?.close()
    },
    settled: () => working,
    async close() {
      await tried?.analyst?.close()
    },
  }
}

const isSame = (one: Tried, other: Tried): boolean =>
  samePolicies(one.policies, other.policies) &&
  JSON.stringify(one.inventory?.facts) === JSON.stringify(other.inventory?.facts) &&
  (one.analyst === null) === (other.analyst === null)

const newCounts = (since: number) => ({
  since,
  decisions: 0,
  behind: 0,
  changes: Object.fromEntries(CHANGES.map((change) => [change, 0])) as Record<Change, number>,
  forgotten: 0,
  examples: new Map<string, ShadowExample>(),
})

function note(
  counts: ReturnType<typeof newCounts>,
  change: Change,
  { at, request: { subject, action, resource } }: Evaluation,
  before: Decision,
  after: Decision,
): void {
  counts.changes[change]++
  const codes = ({ reasons }: Decision) => reasons.map(({ code }) => code)
  const example = {
    change,
    subject: { type: subject.type, id: subject.id },
    action: action.name,
    resource: { type: resource.type, id: resource.id },
    before: { outcome: before.outcome, reasons: codes(before) },
    after: { outcome: after.outcome, reasons: codes(after), reasonUser: after.reasonUser },
  }
  const key = JSON.stringify(example)
  const known = counts.examples.get(key)
  counts.examples.delete(key)
  counts.examples.set(key, { ...example, times: (known?.times ?? 0) + 1, last: at * 1000 })
  if (counts.examples.size <= MOST_EXAMPLES) return
  counts.examples.delete(counts.examples.keys().next().value!)
  counts.forgotten++
}
