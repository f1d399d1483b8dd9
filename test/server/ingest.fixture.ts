/** A process that takes inventories one after the other and says which it has acknowledged, to be killed while it does. */
import { readFileSync } from 'node:fs'
import { buildWorld } from '#decision/build-world.ts'
import { settingsFrom } from '#decision/settings.ts'
import { systemClock } from '#lib/clock.ts'
import type { Fact, PlacedFact } from '#model/facts.ts'
import { parsePolicy } from '#policy/parse.ts'
import { ownAnalyst } from '#server/analysis/analyst.ts'
import { openSnapshots } from '#server/snapshots.ts'
import { openDatabase } from '#storage/database.ts'

const url = process.argv[2]!
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const policy = parsePolicy(readFileSync(new URL('../../src/policy/default.yaml', import.meta.url), 'utf8'))
const database = await openDatabase(url)
const snapshots = openSnapshots({
  database,
  basis: { analyst: ownAnalyst(policy), build: (live) => buildWorld(live, settingsFrom()) },
  clock: systemClock,
  log,
  maxLoss: 1,
  keep: 3,
  audit: {
    append: async () => ({ chain: 'c', seq: 1, hash: 'sha256:0' }),
    appendAll: async () => {},
    store: database,
  },
})
await snapshots.catchUp()

const placed = (fact: Fact): PlacedFact => ({ fact, place: { file: 'x' } })
const account = (id: string) => placed({ fact: 'account', id, kind: 'human' })
const numberNow = () =>
  [...(snapshots.live()?.accountIds() ?? [])].map((id) => Number(id.slice(2))).find((n) => n > 0) ?? 0

let n = numberNow()
process.send?.({ found: n, trouble: snapshots.trouble() })
for (;;) {
  const next = n + 1
  process.send?.({ trying: next })
  const actor = { type: 'node', id: 'test' } as const
  if (next % 3 === 1) {
    // some hundred kilobytes, so that it takes several pieces
    const name = Array.from({ length: 3000 }, (_, i) => (i * next * 2_654_435_761).toString(36)).join('')
    const facts = [account(`m:${next}`), placed({ fact: 'system', id: 's:1', name: name.slice(0, 500) })]
    await snapshots.take({ at: '2026-11-01', sources: [], diagnostics: [], facts }, { actor })
  } else {
    const base = snapshots.live()!.snapshotId
    await snapshots.change({ upsert: [account(`m:${next}`)], remove: [`m:${n}`] }, { actor, base })
  }
  n = next
  process.send?.({ acknowledged: n })
}
