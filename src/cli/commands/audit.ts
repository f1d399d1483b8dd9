import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { keyIdOf, publicKeys, readCheckpoint, type SigningJwk } from '#audit/checkpoint.ts'
import { linesOfChain, readExport } from '#audit/export.ts'
import type { RecordKind } from '#audit/records.ts'
import { replayable } from '#audit/seal.ts'
import { verifyChain, type ChainRows, type ChainVerdict } from '#audit/verify.ts'
import { systemClock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { visible } from '#report/visible.ts'
import { readAnchor } from '#storage/audit-anchor.ts'
import { auditKeys, readPublicKey, storedPublicKeys } from '#storage/audit-keys.ts'
import { auditChains, chainRows, entriesOf, latestEntries, type PlacedEntry } from '#storage/audit-read.ts'
import { cutChain } from '#storage/audit-retention.ts'
import { auditPath, openAuditStore } from '#storage/audit-store.ts'
import type { Database } from '#storage/database.ts'
import type { Io } from '../io.ts'
import { EXIT } from './analyze.ts'

export interface AuditVerifyOptions {
  readonly store: string
  readonly anchor: readonly string[]
  /** file that was written with `ambit audit export --format chain`, in place of the store */
  readonly export?: string
  /** key file, or public JWK; the keys that the store or export names are believed where it is absent */
  readonly key?: string
}

/** Verifies every chain. Returns 0 when all is as it was written, 1 when anything is not. */
export async function auditVerify(options: AuditVerifyOptions, io: Io): Promise<number> {
  const anchors = options.anchor.length === 0 ? null : (await Promise.all(options.anchor.map(readAnchor))).flat()
  const { chains, keys: named, close } = await chainsOf(options)
  try {
    const keys = options.key === undefined ? named : [await readPublicKey(options.key)]
    const trusted = publicKeys(keys)
    let broken = false
    for (const rows of chains) {
      const verdict = await verifyChain(rows, trusted, anchors)
      for (const { is, seq, text } of verdict.faults) {
        io.write(visible(`✕ node ${verdict.node}, record ${seq}: ${text} (${is})`) + '\n')
      }
      io.write(`${visible(summary(verdict))}\n`)
      broken ||= verdict.faults.length > 0
    }
    const there = new Set(chains.map(({ name }) => name.chain))
    const gone = new Set(
      (anchors ?? []).map((line) => readCheckpoint(line)?.chain).filter((chain) => chain !== undefined),
    )
    for (const chain of gone) {
      if (there.has(chain)) continue
      io.write(visible(`✕ the chain ${chain}, of which the anchor has checkpoints, is gone`) + '\n')
      broken = true
    }
    if (chains.length === 0) io.write('no node has written to this audit log\n')
    if (options.key === undefined && keys.length > 0) {
      io.write(
        `keys ${keys.map(keyIdOf).join(', ')} are believed because the log itself names them; --key is stronger\n`,
      )
    }
    return broken ? EXIT.findings : EXIT.clean
  } finally {
    await close()
  }
}

function summary({ node, records, faults, anchoredThrough, cutThrough }: ChainVerdict): string {
  const state = faults.length === 0 ? 'as they were written' : `${faults.length} faults`
  const cut = cutThrough === 0 ? '' : `; the bodies up to record ${cutThrough} were taken by retention`
  const anchored =
    anchoredThrough === null
      ? '; no anchor given, so an end that was cut off would not show'
      : `; anchored up to record ${anchoredThrough}`
  return `node ${node}: ${records} records, ${state}${cut}${anchored}`
}

interface OpenChains {
  readonly chains: readonly ChainRows[]
  readonly keys: readonly SigningJwk[]
  readonly close: () => Promise<void>
}

async function chainsOf({ export: file, store }: AuditVerifyOptions): Promise<OpenChains> {
  if (file === undefined) {
    const database = await openExisting(store)
    const chains = (await auditChains(database)).map((chain) => chainRows(database, chain))
    return { chains, keys: await storedPublicKeys(database), close: () => database.close() }
  }
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AmbitError('input_unreadable', `the export \`${file}\` cannot be read: ${String(error)}`)
  })
  const read = readExport(text.split('\n').filter((line) => line !== ''))
  if (read === null) {
    throw new AmbitError('audit_invalid', `\`${file}\` is no export of an audit log; write one with --format chain`)
  }
  return { ...read, close: async () => {} }
}

/** A store that is not there must not be made, and then found to be in order. */
async function openExisting(store: string): Promise<Database> {
  if (!/^postgres(ql)?:\/\//.test(store) && !existsSync(auditPath(store))) {
    throw new AmbitError(
      'store_unavailable',
      `there is no audit log \`${auditPath(store)}\`; name the store with --store, or the configuration of the server with --config`,
    )
  }
  return await openAuditStore(store)
}

export interface AuditExportOptions {
  readonly store: string
  readonly format: 'ndjson' | 'records' | 'chain'
  /** RFC 3339; records at or after this, and before that, by their own time */
  readonly from?: string
  readonly to?: string
  readonly kind?: RecordKind
}

/** Writes the log, a line each: decisions to replay, records, or chains with what verifies them. */
export async function auditExport({ store, format, from, to, kind }: AuditExportOptions, io: Io): Promise<number> {
  if (format === 'chain' && (from ?? to ?? kind) !== undefined) {
    throw new AmbitError(
      'usage',
      'a chain is exported whole, since only a whole chain can be verified; leave --from, --to and --kind out',
    )
  }
  const database = await openExisting(store)
  const write = (line: unknown) => io.write(`${JSON.stringify(line)}\n`)
  try {
    if (format === 'chain') for (const key of await storedPublicKeys(database)) write({ is: 'key', key })
    for (const chain of await auditChains(database)) {
      if (format === 'chain') {
        for await (const line of linesOfChain(chainRows(database, chain))) write(line)
        continue
      }
      for await (const entry of entriesOf(database, chain, { from: millis(from), to: millis(to) })) {
        if (kind !== undefined && entry.record.kind !== kind) continue
        if (format === 'records') write(entry)
        else {
          const line = replayable(entry)
          if (line !== null) write(line)
        }
      }
    }
    return EXIT.clean
  } finally {
    await database.close()
  }
}

const millis = (time: string | undefined): number | null => (time === undefined ? null : Date.parse(time))

export interface AuditShowOptions {
  readonly store: string
  readonly last: number
  readonly kind?: RecordKind
}

/** The latest records, oldest of them first. */
export async function auditShow({ store, last, kind }: AuditShowOptions, io: Io): Promise<number> {
  const database = await openExisting(store)
  try {
    const entries = await latestEntries(
      database,
      last,
      kind === undefined ? () => true : ({ record }) => record.kind === kind,
    )
    for (const entry of entries) io.write(`${visible(shown(entry))}\n`)
    return EXIT.clean
  } finally {
    await database.close()
  }
}

function shown({ node, seq, item, record }: PlacedEntry): string {
  const { at, by, kind } = record
  const head = `${new Date(at).toISOString()}  ${node}#${seq}${item === undefined ? '' : `.${item}`}  ${by.type}:${by.id}  ${kind}`
  if (record.kind === 'decision') {
    const { subject, action, resource } = record.evaluation.request
    const why = record.decision.reasons.map(({ code }) => code).join(', ')
    return `${head} ${record.decision.outcome}: ${subject.id} ${action.name} ${resource.id} (${why})`
  }
  const { did, why } = record
  const rest = Object.entries(record)
    .filter(([key]) => !['kind', 'at', 'by', 'request', 'did', 'why'].includes(key))
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${head} ${did} ${rest.join(' ')}${why.length === 0 ? '' : ` (${why.join(', ')})`}`
}

export interface AuditCutOptions {
  readonly store: string
  readonly before: string
  readonly key?: string
}

/** Takes the bodies of old records; see `docs/audit.md`. */
export async function auditCut({ store, before, key }: AuditCutOptions, io: Io): Promise<number> {
  const database = await openExisting(store)
  try {
    const { signer } = await auditKeys(database, key ?? null)
    const keys = publicKeys(await storedPublicKeys(database))
    for (const chain of await auditChains(database)) {
      const cut = await cutChain(database, chain, Date.parse(before), systemClock(), signer, keys)
      io.write(
        visible(
          `node ${chain.node}: ${cut === null ? 'nothing to take' : `bodies up to record ${cut.through} were taken`}`,
        ) + '\n',
      )
    }
    return EXIT.clean
  } finally {
    await database.close()
  }
}
