/** From one changed fact to the next decision, in a server with many accounts: analysed, built into a world, on record and stored. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { processSurroundings } from '#cli/commands/serve.ts'
import { processIo } from '#cli/io.ts'
import type { Fact } from '#model/facts.ts'
import { readConfig } from '#server/config/read.ts'
import { startServer } from '#server/main.ts'
import { timed, type Measured } from './timing.ts'

/** Changes that are measured. */
const CHANGES = 20
const MEMBERS = 50
const SENDING = { actor: { type: 'operator', id: 'bench' } } as const

/** People with a passkey each, in groups that each have a right on one page. */
function factsOf(accounts: number): Fact[] {
  const facts: Fact[] = [{ fact: 'system', id: 'bench' }]
  for (let group = 0; group * MEMBERS < accounts; group++) {
    const [holder, on] = [`bench:g${group}`, `bench:p${group}`]
    facts.push(
      { fact: 'group', id: holder },
      { fact: 'resource', id: on, kind: 'page', system: 'bench', sensitivity: group % 2 === 0 ? 'low' : 'moderate' },
      { fact: 'entitlement', holder, on, right: 'view', capabilities: ['read_sensitive_data'] },
    )
  }
  for (let a = 0; a < accounts; a++) {
    const [id, key] = [`bench:a${a}`, `bench:k${a}`]
    facts.push(
      { fact: 'account', id, kind: 'human', memberOf: [`bench:g${Math.floor(a / MEMBERS)}`] },
      { fact: 'authenticator', id: key, kind: 'passkey', of: [id] },
      { fact: 'wayIn', id: `bench:w${a}`, account: id, purpose: 'sign_in', requires: key },
    )
  }
  return facts
}

/** In turn: somebody moves to another group, gets a right, and is disabled. */
function changeOf(i: number): Fact {
  const id = `bench:a${i}`
  if (i % 3 === 1) return { fact: 'entitlement', holder: id, on: 'bench:p1', capabilities: ['read_sensitive_data'] }
  return { fact: 'account', id, kind: 'human', memberOf: ['bench:g1'], enabled: i % 3 === 0 }
}

/** `gated`: with what the policy gates, so that what is reached without it has to be known as well. */
export async function timeChange(accounts: number, gated: boolean): Promise<Omit<Measured, 'peakMb'>> {
  const scratch = mkdtempSync(join(tmpdir(), 'ambit-bench-'))
  const decisions = gated ? { gated: ['bench'] } : {}
  const text = { store: join(scratch, 'ambit.db'), listen: { port: 0 }, log: { level: 'error' }, decisions }
  const config = readConfig(JSON.stringify(text), 'bench', { env: {}, read: () => '' })
  const { context, stop } = await startServer(config, processSurroundings(processIo()))
  const placed = (fact: Fact) => ({ fact, place: { file: 'bench' } })
  const facts = factsOf(accounts).map(placed)
  const inventory = { at: '2026-01-01T00:00:00Z', sources: [], facts, diagnostics: [] }
  const taken = await timed(() => context.snapshots.take(inventory, SENDING))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const times: number[] = []
  for (let i = 0; i < CHANGES; i++) {
    const { wallMs } = await timed(() => context.snapshots.change({ upsert: [placed(changeOf(i))] }, SENDING))
    times.push(wallMs)
  }
  const held = delay.max / 1e6
  times.sort((a, b) => a - b)
  await stop()
  rmSync(scratch, { recursive: true, force: true })
  return {
    wallMs: times[CHANGES / 2]!,
    cpuMs: taken.cpuMs,
    notes: {
      facts: facts.length,
      'ms from fact to decision, median/most': `${Math.round(times[CHANGES / 2]!)}/${Math.round(times.at(-1)!)}`,
      'event loop held at most, ms': Math.round(held),
      'ms to take the whole': Math.round(taken.wallMs),
    },
  }
}
