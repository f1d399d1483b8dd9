/** A thread that analyses, so that the one that answers is never busy for long. */
import { parentPort, workerData } from 'node:worker_threads'
import { analyse } from '#analysis/analyse.ts'
import { factTableFrom } from '#analysis/live/fact-table.ts'
import { applyDelta, liveAnalysis, type AccountState, type LiveAnalysis } from '#analysis/live.ts'
import { withTried } from '#decision/shadow.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { loadPolicy } from '#policy/load.ts'
import { decodeDelta, decodeInventory } from '../snapshot-body.ts'
import { failureOf, type Done, type FromThread, type ThreadStart, type ToThread } from './messages.ts'

/** Accounts told at once. */
const SOME = 100
/** Analyses kept: the newest, and the one before in case that a change is tried on it again. */
const KEPT = 2

const { own, base, tried = false } = workerData as ThreadStart
const loaded = await loadPolicy(own, base)
const policy = tried ? withTried(loaded) : loaded
const kept = new Map<string, LiveAnalysis>()
const port = parentPort!

const tell = (message: FromThread) => port.postMessage(message)

function keep(live: LiveAnalysis): void {
  kept.delete(live.snapshotId)
  kept.set(live.snapshotId, live)
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
}

function tellStates(id: number, states: Iterable<AccountState>): void {
  let some: AccountState[] = []
  for (const state of states) {
    if (some.push(state) < SOME) continue
    tell({ id, states: some })
    some = []
  }
  if (some.length > 0) tell({ id, states: some })
}

/** One after another, so that all of them are never there at once. */
function* statesIn({ accountIds, account }: LiveAnalysis): Generator<AccountState> {
  for (const id of accountIds()) yield account(id)!
}

// oxlint-disable-next-line typescript/require-await -- the decoders read bodies as they come from the store
async function* each(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

async function work(task: ToThread): Promise<Done> {
  const { id } = task
  if (task.do === 'report') {
    const checked = checkInventory(await decodeInventory(each(task.pieces)))
    refuseErrors(checked.diagnostics)
    return { report: analyse(checked, policy) }
  }
  if (task.do === 'load') {
    const facts = factTableFrom(task.facts)
    const live = liveAnalysis({ ...task.header, facts: facts.all(), diagnostics: [] }, policy, facts)
    keep(live)
    tellStates(id, statesIn(live))
    return { snapshotId: live.snapshotId, gone: [] }
  }
  const before = kept.get(task.base)
  if (before === undefined) return { lacks: task.base }
  const { live, changes } = applyDelta(before, await decodeDelta(each(task.pieces)))
  keep(live)
  tellStates(
    id,
    changes.flatMap(({ after }) => after ?? []),
  )
  return {
    snapshotId: live.snapshotId,
    gone: changes.flatMap(({ id: account, after }) => (after === null ? account : [])),
  }
}

// one after the other, in the order in which they came
let last: Promise<void> = Promise.resolve()
port.on('message', (task: ToThread) => {
  last = last
    .then(() => work(task))
    .then(
      (done) => tell({ id: task.id, done }),
      (error: unknown) => tell({ id: task.id, failed: failureOf(error) }),
    )
})
