/**
 * `npm run bench`: how fast the engine is, on generated enterprises, beside native code and what others would use.
 * Prints a table and writes `bench/out/results.json`. Options: `--accounts 100k,1M`, `--regimes tiered,flat`, `--full`
 * (adds ten million accounts), `--keep` (leaves the snapshots in `bench/build`).
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Regime } from './generate.ts'
import { printResults } from './print.ts'
import { BUILD, buildNative, OUT, runNative, runStage } from './run.ts'
import { STAGES } from './stages.ts'
import { nodesPath } from './store.ts'
import type { StageName } from './stages.ts'
import type { Measured } from './timing.ts'

/** What is known of one graph. */
export interface Prepared {
  readonly nodes: number
  readonly rules: number
  readonly arcs: number
  readonly gates: number
  readonly bytes: number
  readonly generate: Measured
  readonly build: Measured
  readonly write: Measured
  readonly peakMb: number
}

/** One line of the table: a stage on a graph. */
export interface Row extends Measured {
  readonly accounts: number
  readonly regime: Regime
  readonly stage: string
  readonly title: string
  /** processes that wanted a processor in the minute before: above the number of cores, wall times mean little */
  readonly load: number
  /** processor time of the same algorithm in C++, one thread */
  readonly nativeMs?: number
  /** how many times slower a rival is than the stage it answers the same question as */
  readonly timesSlower?: number
}

/** Everything that one run of the benchmark found. */
export interface Results {
  readonly machine: Readonly<Record<string, string | number>>
  readonly graphs: readonly (Prepared & { accounts: number; regime: Regime })[]
  readonly rows: readonly Row[]
  /** stages whose answer differed between implementations; must be empty */
  readonly disagreements: readonly string[]
}

/** Up to this size the rivals, which take minutes beyond it, are run as well. */
const RIVAL_ACCOUNTS = 100_000
/** The sample organisation, which is decided from over HTTP, and the accounts it has. */
const SAMPLE = fileURLToPath(new URL('../examples/tidewicket', import.meta.url))
const SAMPLE_ACCOUNTS = 348

/** Stages that are not of a generated graph, one row each. */
const REST: readonly {
  readonly stage: string
  readonly args: readonly (string | number)[]
  readonly accounts: number
  readonly title: string
}[] = [
  { stage: 'ingest', args: [100_000], accounts: 100_000, title: 'read an NDJSON inventory' },
  { stage: 'plan', args: [100_000], accounts: 100_000, title: 'plan for a thousand goals' },
  { stage: 'decide', args: [100_000], accounts: 100_000, title: 'a million decisions' },
  { stage: 'change', args: [20_000], accounts: 20_000, title: 'from a changed fact to a decision by it' },
  { stage: 'change', args: [20_000, 'gated'], accounts: 20_000, title: 'the same where something is gated' },
  {
    stage: 'http',
    args: [SAMPLE],
    accounts: SAMPLE_ACCOUNTS,
    title: 'decisions over HTTP, written down before they are answered',
  },
  { stage: 'verify', args: ['both'], accounts: 64, title: 'one-time codes verified, on disk before they are accepted' },
  { stage: 'sign-in', args: ['both'], accounts: 48, title: 'whole sign-ins by many people at once' },
  {
    stage: 'enumeration',
    args: ['both'],
    accounts: 2,
    title: 'wrong answers for an account and for a name that nobody has',
  },
]

const KERNELS = Object.keys(STAGES) as StageName[]
const NATIVE = new Set(['r1-plain', 'r1', 'r2', 'r3', 'r4', 'r6'])

function main(): void {
  const { values } = parseArgs({
    options: {
      accounts: { type: 'string', default: '100k,1M' },
      regimes: { type: 'string', default: 'tiered,flat' },
      full: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const sizes = values.accounts.split(',').map(countOf)
  if (values.full) sizes.push(10_000_000)
  const native = buildNative()
  if (!native) console.log('no g++ here: the native column stays empty')
  mkdirSync(OUT, { recursive: true })
  const results = { machine: machine(), graphs: [], rows: [], disagreements: [] } as {
    machine: Results['machine']
    graphs: (Prepared & { accounts: number; regime: Regime })[]
    rows: Row[]
    disagreements: string[]
  }
  for (const regime of values.regimes.split(',').map(regimeOf)) {
    for (const accounts of sizes) {
      const path = `${BUILD}/${regime}-${accounts}.snapshot`
      progress(`${regime} ${accounts}: prepare`)
      results.graphs.push({ accounts, regime, ...runStage<Prepared>('prepare', path, accounts, regime) })
      measure(results, { path, accounts, regime, native })
      if (!values.keep) [path, nodesPath(path)].forEach((each) => rmSync(each))
    }
  }
  for (const { stage, args, accounts, title } of REST) {
    progress(stage)
    const measured = runStage(stage, ...args)
    results.rows.push({ ...measured, accounts, regime: 'tiered', stage, title, load: loadavg()[0]! })
  }
  progress('')
  writeFileSync(`${OUT}/results.json`, `${JSON.stringify(results, null, 2)}\n`)
  printResults(results)
  if (results.disagreements.length > 0) process.exitCode = 1
}

interface Graph {
  readonly path: string
  readonly accounts: number
  readonly regime: Regime
  readonly native: boolean
}

function measure(results: { rows: Row[]; disagreements: string[] }, { path, accounts, regime, native }: Graph): void {
  const add = (stage: string, title: string, measured: Measured, extra: Partial<Row> = {}): void => {
    results.rows.push({ accounts, regime, stage, title, load: loadavg()[0]!, ...measured, ...extra })
  }
  const sums = new Map<string, string>()
  const repeats = accounts > 2_000_000 ? 1 : accounts > 200_000 ? 2 : 5
  const step = <T = Measured>(stage: string, ...args: readonly (string | number)[]): T => {
    progress(`${regime} ${accounts}: ${stage}`)
    return runStage<T>(stage, path, ...args)
  }
  const compare = (stage: string, who: string, checksum: readonly number[] | undefined): void => {
    if (String(checksum) === sums.get(stage)) return
    results.disagreements.push(
      `${regime} ${accounts} ${stage}: ${who} says ${String(checksum)}, we say ${String(sums.get(stage))}`,
    )
  }
  add('load', 'load and check the binary snapshot', step('load'))
  for (const stage of KERNELS) {
    const measured = step(stage, repeats)
    sums.set(stage, String(measured.checksum))
    if (!native || !NATIVE.has(stage)) {
      add(stage, STAGES[stage].title, measured)
      continue
    }
    progress(`${regime} ${accounts}: ${stage} in C++`)
    const other = runNative(path, stage, repeats)
    compare(stage, 'C++', other.checksum)
    add(stage, STAGES[stage].title, measured, { nativeMs: other.cpuMs })
  }
  const two = step('r2-two')
  compare('r2', 'two threads', two.checksum)
  add('r2-two', 'R2 exact, gates included, two threads', two)
  add('refresh', 'refresh: load, R1 + R3 + R4 + R6, two threads', step('refresh'))
  add('on-demand', 'single witnesses and proofs', step('on-demand'))
  add('incremental', 'R5, one edge changed, R1 and R3 kept', step('incremental'))
  if (accounts > RIVAL_ACCOUNTS || regime !== 'tiered') return
  const ours = results.rows.find(
    (row) => row.stage === 'r1-plain' && row.accounts === accounts && row.regime === regime,
  )!
  const rivals = { graphology: 'graphology, 32 breadth-first searches', sqlite: 'SQLite, 32 recursive queries' }
  for (const [stage, title] of Object.entries(rivals)) {
    const measured = step(stage)
    const [pairs] = ours.checksum!
    if (measured.checksum![0] !== pairs) compare('r1-plain', title, measured.checksum)
    add(stage, title, measured, { timesSlower: measured.cpuMs / ours.cpuMs })
  }
}

function countOf(text: string): number {
  const match = /^(\d+)(k|M)?$/.exec(text)
  if (match === null) throw new RangeError(`\`${text}\` is no number of accounts; write 100k or 1M`)
  return Number(match[1]) * (match[2] === 'M' ? 1e6 : match[2] === 'k' ? 1e3 : 1)
}

function regimeOf(text: string): Regime {
  if (text !== 'tiered' && text !== 'flat') throw new RangeError(`\`${text}\` is no regime; write tiered or flat`)
  return text
}

function machine(): Results['machine'] {
  const { model } = cpus()[0]!
  return { cpu: model, cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30), node: process.version }
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else if (text !== '') process.stderr.write(`${text}\n`)
}

main()
