import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { organisationOf } from './organisation.ts'

/** Writes an organisation of so many people as NDJSON, for commands that read files. */
export async function writeOrganisation(path: string, accounts: number): Promise<{ readonly facts: number }> {
  const facts = organisationOf(accounts)
  const lines = function* (): Generator<string> {
    yield `${JSON.stringify({ ambit: 1, name: 'bench', at: '2026-01-01T00:00:00Z' })}\n`
    for (const fact of facts) yield `${JSON.stringify(fact)}\n`
  }
  await pipeline(Readable.from(lines()), createWriteStream(path))
  return { facts: facts.length }
}
