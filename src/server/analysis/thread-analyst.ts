/** Analyses in a thread of its own, and keeps here what decisions read. */
import { Worker } from 'node:worker_threads'
import { countsIn, factTable, keyOf, type FactTable } from '#analysis/live/fact-table.ts'
import { holdState, stateHeld, type HeldState } from '#analysis/live/held-state.ts'
import { inventoryInParts } from '#analysis/live/inventory-parts.ts'
import { liveAnalysis, type Delta, type LiveAnalysis } from '#analysis/live.ts'
import type { Report } from '#contract/report.ts'
import type { Inventory } from '#model/facts.ts'
import { checkInventory, refuseErrors, type CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { encodeDelta, encodeInventory } from '../snapshot-body.ts'
import { ownAnalyst, type Analyst } from './analyst.ts'
import { errorFrom, type Done, type FromThread, type Task, type ThreadStart } from './messages.ts'

/** Up to so many facts the analysis takes less time than it takes to hand them over. */
const FEW = 300

export interface ThreadAnalyst extends Analyst {
  /** the whole report on an inventory, in a thread that ends with it */
  readonly report: (inventory: Inventory) => Promise<Report>
  readonly close: () => Promise<void>
}

interface Parts {
  readonly name: string | null
  readonly at: string | null
  readonly sources: Inventory['sources']
  readonly facts: FactTable
  readonly states: ReadonlyMap<string, HeldState>
  readonly snapshotId: string
  /** of the facts as they were sent all together */
  readonly diagnostics?: CheckedInventory['diagnostics']
}

/** @param start  the text of the same policy, which the threads read for themselves */
export function threadAnalyst(policy: Policy, start: ThreadStart): ThreadAnalyst {
  const own = ownAnalyst(policy)
  /** what the analyses that were made in the thread consist of */
  const parts = new WeakMap<LiveAnalysis, Parts>()
  const thread = newThread(start)

  function remember(made: Parts): LiveAnalysis {
    const live = mirror(policy, made)
    parts.set(live, made)
    return live
  }

  async function load(inventory: Inventory): Promise<LiveAnalysis> {
    if (inventory.facts.length <= FEW) return liveAnalysis(inventory, policy)
    const checked = checkInventory(inventory)
    refuseErrors(checked.diagnostics)
    const facts = factTable(checked.facts)
    const { sources, snapshot, diagnostics } = checked
    const { done, states } = await thread.ask(loadTask({ ...snapshot, sources, facts }))
    if (!('snapshotId' in done)) throw new Error('the analysis answered something else')
    return remember({ ...snapshot, sources, diagnostics, facts, states, snapshotId: done.snapshotId })
  }

  async function change(live: LiveAnalysis, delta: Delta): Promise<LiveAnalysis> {
    const before = parts.get(live)
    if (before === undefined) return own.change(live, delta)
    const task = { do: 'change', base: before.snapshotId, pieces: await gathered(encodeDelta(delta)) } as const
    let { done, states } = await thread.ask(task)
    if ('lacks' in done) {
      // a thread that was started anew has to be told everything first
      await thread.ask(loadTask(before))
      ;({ done, states } = await thread.ask(task))
    }
    if (!('snapshotId' in done)) throw new Error('the analysis answered something else')
    const nextStates = new Map(before.states)
    for (const [id, held] of states) nextStates.set(id, held)
    for (const id of done.gone) nextStates.delete(id)
    const facts = changedFacts(before.facts, delta)
    const { snapshotId } = done
    const { name, sources } = before
    return remember({ name, at: delta.at ?? before.at, sources, facts, states: nextStates, snapshotId })
  }

  return {
    load,
    change,
    async report(inventory) {
      const once = newThread(start)
      try {
        const { done } = await once.ask({ do: 'report', pieces: await gathered(encodeInventory(inventory)) })
        if ('report' in done) return done.report
        throw new Error('the analysis answered something else')
      } finally {
        await once.close()
      }
    },
    close: () => thread.close(),
  }
}

/** What was analysed elsewhere, where its facts were checked as they came. */
function mirror(policy: Policy, parts: Parts): LiveAnalysis {
  let inventory: CheckedInventory | undefined
  return {
    policy,
    snapshotId: parts.snapshotId,
    counts: countsIn(parts.facts),
    get inventory() {
      const { name, at, sources, facts, diagnostics } = parts
      const known = { snapshot: { name, at }, sources, ...(diagnostics === undefined ? {} : { diagnostics }) }
      return (inventory ??= inventoryInParts(known, facts))
    },
    account: (id) => {
      const held = parts.states.get(id)
      return held === undefined ? undefined : stateHeld(id, held)
    },
    held: (id) => parts.states.get(id),
    accountIds: () => parts.states.keys(),
  }
}

/** Hands the facts over where they lie; both threads read the same bytes. */
function loadTask({ name, at, sources, facts }: Pick<Parts, 'name' | 'at' | 'sources' | 'facts'>): Task {
  const stated = { ...(name === null ? {} : { name }), ...(at === null ? {} : { at }) }
  return { do: 'load', header: { ...stated, sources }, facts: facts.packed() }
}

/** Places that facts may have left behind, besides as many as there are, before the rest moves together. */
const SPARE = 10_000

function changedFacts(before: FactTable, { remove = [], upsert = [] }: Delta): FactTable {
  const facts = before.copy()
  for (const gone of remove) facts.delete(typeof gone === 'string' ? gone : keyOf(gone))
  for (const placed of upsert) facts.set(placed)
  return facts.entries > 2 * facts.size + SPARE ? factTable([...facts.values()]) : facts
}

/** Pieces made one by one, with turns for others between. */
async function gathered(pieces: Iterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for (const piece of pieces) {
    all.push(piece)
    await new Promise(setImmediate)
  }
  return all
}

interface Answer {
  readonly done: Done
  readonly states: ReadonlyMap<string, HeldState>
}

interface Waiting {
  readonly states: Map<string, HeldState>
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** A thread that is started when it is first asked, and again when it has died. */
function newThread(start: ThreadStart) {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | null = null
  let count = 0

  function started(): Worker {
    const made = new Worker(new URL('thread.ts', import.meta.url), { workerData: start })
    made.unref()
    const died = (why: string) => {
      if (worker === made) worker = null
      for (const { reject } of waiting.values()) reject(new Error(`the thread of the analysis ended: ${why}`))
      waiting.clear()
    }
    made.on('message', (message: FromThread) => {
      const asked = waiting.get(message.id)
      if (asked === undefined) return
      if ('states' in message) {
        for (const state of message.states) asked.states.set(state.id, holdState(state))
      } else {
        waiting.delete(message.id)
        if (waiting.size === 0) made.unref()
        if ('failed' in message) asked.reject(errorFrom(message.failed))
        else asked.resolve({ done: message.done, states: asked.states })
      }
    })
    made.on('error', (error) => died(error.message))
    made.on('exit', (code) => died(`exit ${code}`))
    return made
  }

  return {
    ask: (task: Task): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const id = ++count
        waiting.set(id, { states: new Map(), resolve, reject })
        worker ??= started()
        worker.ref()
        worker.postMessage({ ...task, id })
      }),
    async close(): Promise<void> {
      await worker?.terminate()
    },
  }
}
