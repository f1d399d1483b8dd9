/** Runs one stage in a process of its own, so that its peak memory is its own, and prints what it measured as JSON. */
import { release } from '#lib/release.ts'
import { generateEnterprise } from './generate.ts'
import type { Enterprise, Regime } from './generate.ts'
import { STAGES } from './stages.ts'
import type { Answer, Stage } from './stages.ts'
import { contentsOf, readNodes, readSnapshot, writeSnapshot } from './store.ts'
import { timed, timeOf } from './timing.ts'
import type { Measured, Timed } from './timing.ts'

async function runKernel(stage: Stage, path: string, repeats: number): Promise<Omit<Measured, 'peakMb'>> {
  const run = stage.prepare(readSnapshot(path))
  let best: Timed<Answer> | undefined
  for (let i = 0; i < repeats; i++) {
    const time = await timed(run)
    const spare = best === undefined || time.cpuMs < best.cpuMs ? best : time
    if (spare !== time) best = time
    release(...(spare?.value.arrays ?? []))
  }
  return { wallMs: best!.wallMs, cpuMs: best!.cpuMs, checksum: best!.value.sumUp() }
}

async function prepare(path: string, accounts: number, regime: Regime): Promise<Record<string, unknown>> {
  const generated = await timed((): Enterprise => generateEnterprise(accounts, regime, SEED))
  const { system } = generated.value
  const shape = { nodes: system.nodeCount, rules: system.heads.length, arcs: system.bodies.length }
  const built = await timed(() => contentsOf(generated.value))
  const written = await timed(() => writeSnapshot(path, built.value))
  return {
    ...shape,
    gates: built.value.contents.program.gateHeads.length,
    bytes: written.value,
    generate: timeOf(generated),
    build: timeOf(built),
    write: timeOf(written),
  }
}

/** All graphs are drawn from this seed. */
const SEED = 20_260_101

async function main([name, path, ...rest]: readonly string[]): Promise<unknown> {
  if (name === undefined || path === undefined) throw new RangeError('usage: stage.ts <stage> <snapshot> …')
  const repeats = Number(rest[0] ?? 1)
  if (name in STAGES) return runKernel(STAGES[name as keyof typeof STAGES], path, repeats)
  // Loaded when asked for, so that no stage carries another's modules in its memory.
  switch (name) {
    case 'prepare':
      return prepare(path, Number(rest[0]), rest[1] as Regime)
    case 'load':
      return timeOf(await timed(() => readSnapshot(path)))
    case 'refresh':
      return (await import('./parallel.ts')).refreshOnTwo(path)
    case 'r2-two':
      return (await import('./parallel.ts')).sizesOnTwo(path)
    case 'on-demand':
      return (await import('./on-demand.ts')).timeOnDemand(readSnapshot(path))
    case 'incremental':
      return (await import('./incremental.ts')).timeIncremental(readSnapshot(path), readNodes(path))
    case 'graphology':
      return (await import('./rivals.ts')).runGraphology(readSnapshot(path))
    case 'sqlite':
      return (await import('./rivals.ts')).runSqlite(readSnapshot(path))
    case 'decide':
      return (await import('./decide.ts')).timeDecide(Number(path))
    case 'http':
      return (await import('./http.ts')).timeHttp(path)
    case 'verify':
      return (await import('./verify.ts')).timeVerify(path)
    case 'sign-in':
      return (await import('./sign-in.ts')).timeSignIn()
    case 'enumeration':
      return (await import('./enumeration.ts')).timeEnumeration()
    case 'change':
      return (await import('./change.ts')).timeChange(Number(path), rest[0] === 'gated')
    case 'ingest':
      return (await import('./ingest.ts')).timeIngest(Number(path))
    case 'organisation':
      return (await import('./organisation-file.ts')).writeOrganisation(path, Number(rest[0]))
    case 'plan':
      return (await import('./plan.ts')).timePlan(Number(path))
    default:
      throw new RangeError(`unknown stage ${name}`)
  }
}

const result = await main(process.argv.slice(2))
const peakMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ ...(result as object), peakMb })}\n`)
