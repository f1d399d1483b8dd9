import { readInventory } from '#importers/read.ts'
import { checkInventory } from '#model/inventory.ts'
import { compileSnapshot } from '#model/compile.ts'
import { buildProgram } from '#graph/program.ts'
import { randomOf } from './random.ts'
import { timed } from './timing.ts'
import type { Measured } from './timing.ts'

/** Bytes handed over at once, as a file stream would. */
const PIECE = 65_536

/** Reads an NDJSON inventory of so many people, each with three authenticators, two ways in and four groups. */
export async function timeIngest(accounts: number): Promise<Omit<Measured, 'peakMb'>> {
  const bytes = new TextEncoder().encode(inventoryOf(accounts))
  const chunks = Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, i) =>
    bytes.subarray(i * PIECE, (i + 1) * PIECE),
  )
  const read = await timed(() => readInventory([{ name: 'bench.ndjson', chunks }], () => []))
  const { facts, diagnostics } = read.value
  const checked = await timed(() => checkInventory(read.value))
  const compiled = await timed(() => compileSnapshot(checked.value))
  const built = await timed(() => buildProgram(compiled.value.rules))
  return {
    wallMs: read.wallMs,
    cpuMs: read.cpuMs,
    notes: {
      facts: facts.length,
      MB: Math.round(bytes.length / 1e6),
      diagnostics: diagnostics.length,
      'facts per second': Math.round((facts.length / read.wallMs) * 1000),
      'check ms': Math.round(checked.wallMs),
      'compile ms': Math.round(compiled.wallMs),
      'program ms': Math.round(built.wallMs),
      nodes: built.value.nodeCount,
    },
  }
}

function inventoryOf(accounts: number): string {
  const random = randomOf(1)
  const groups = Math.max(1, Math.floor(accounts / 20))
  const lines: object[] = [{ ambit: 1, name: 'bench', at: '2026-01-01T00:00:00Z' }]
  for (let g = 0; g < groups; g++) lines.push({ fact: 'group', id: `bench:g${g}` })
  for (let a = 0; a < accounts; a++) {
    const id = `bench:a${a}`
    const memberOf = [...new Set(Array.from({ length: 4 }, () => `bench:g${random.below(groups)}`))]
    lines.push(
      { fact: 'account', id, kind: 'human', population: 'workforce', memberOf },
      { fact: 'channel', id: `bench:m${a}`, kind: 'mailbox', heldBy: [id] },
      { fact: 'authenticator', id: `bench:p${a}`, kind: 'password', of: [id] },
      { fact: 'authenticator', id: `bench:t${a}`, kind: 'totp', of: [id] },
      { fact: 'authenticator', id: `bench:l${a}`, kind: 'email_link', of: [id], on: [`bench:m${a}`] },
      {
        fact: 'wayIn',
        id: `bench:w${a}`,
        account: id,
        purpose: 'sign_in',
        requires: { all: [`bench:p${a}`, `bench:t${a}`] },
      },
      { fact: 'wayIn', id: `bench:r${a}`, account: id, purpose: 'recovery', requires: `bench:l${a}` },
    )
  }
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
}
