import { Worker } from 'node:worker_threads'
import { countComponents, sizesOfStarts } from '#graph/size.ts'
import type { Tally } from '#graph/size.ts'
import { planSizes } from '#graph/size-plan.ts'
import type { SizePlan } from '#graph/size-plan.ts'
import { decodeSnapshot } from '#graph/snapshot-file.ts'
import { release } from '#lib/release.ts'
import { STAGES } from './stages.ts'
import type { Checksum, StageName } from './stages.ts'
import { accountsOf, readShared, readSnapshot } from './store.ts'
import { timed, timeOf } from './timing.ts'
import type { Measured } from './timing.ts'

/** What a worker is asked: stages of a shared snapshot, or the count of some starts of a shared plan. */
export type Task =
  | { readonly kind: 'stages'; readonly snapshot: SharedArrayBuffer; readonly names: readonly StageName[] }
  | { readonly kind: 'sizes'; readonly plan: SizePlan; readonly starts: Uint32Array }

function ask<T>(task: Task): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** The stages of a refresh, split so that both threads have about as much to do. */
const SPLIT = [
  ['r1', 'r6'],
  ['r4', 'r3'],
] as const satisfies readonly (readonly StageName[])[]

/** From the file on disk to all answers of R1, R3, R4 and R6, on two threads that share the snapshot. */
export async function refreshOnTwo(path: string): Promise<Omit<Measured, 'peakMb'>> {
  const time = await timed(async () => {
    const snapshot = readShared(path)
    const answer = ask<Answers>({ kind: 'stages', snapshot, names: SPLIT[0] })
    decodeSnapshot(snapshot) // checked once, by this thread as well
    const own = answerStages(snapshot, SPLIT[1])
    return { ...own, ...(await answer) }
  })
  const notes: Record<string, number> = {}
  for (const [name, { wallMs }] of Object.entries(time.value)) notes[`${name} ms`] = Math.round(wallMs)
  return { ...timeOf(time), checksum: Object.values(time.value).flatMap(({ checksum }) => checksum), notes }
}

export type Answers = Partial<Record<StageName, { wallMs: number; checksum: Checksum }>>

/** Answers some stages of a snapshot, one after the other. Each answer is summed up and let go. */
export function answerStages(snapshot: SharedArrayBuffer, names: readonly StageName[]): Answers {
  const contents = decodeSnapshot(snapshot)
  const answers: Answers = {}
  for (const name of names) {
    const start = performance.now()
    const { sumUp, arrays } = STAGES[name].prepare(contents)()
    answers[name] = { wallMs: performance.now() - start, checksum: sumUp() }
    release(...arrays)
  }
  return answers
}

/** R2 on two threads: one plan, of which each thread counts half of the starts. */
export async function sizesOnTwo(path: string): Promise<Omit<Measured, 'peakMb'>> {
  const contents = readSnapshot(path)
  const starts = accountsOf(contents)
  const { program, accountBit } = contents
  const time = await timed(async () => {
    const planned = await timed(() => sharedPlan(planSizes(program, accountBit)))
    const halves = halvesOf(planned.value, starts)
    const counted = await timed(async () => {
      const other = ask<Tally>({ kind: 'sizes', plan: planned.value, starts: halves[1] })
      const own = countComponents(planned.value, halves[0], {})
      return [own, await other] as const
    })
    const sizes = halves.map((half, i) => sizesOfStarts(program, planned.value, counted.value[i]!, half, accountBit))
    return { sizes, planMs: planned.wallMs, countMs: counted.wallMs }
  })
  const checksum = [0, 0]
  for (const { nodes, accounts } of time.value.sizes) {
    for (let i = 0; i < nodes.length; i++) {
      checksum[0]! += nodes[i]!
      checksum[1]! += accounts[i]!
    }
  }
  const { planMs, countMs } = time.value
  return { ...timeOf(time), checksum, notes: { 'plan ms': Math.round(planMs), 'count ms': Math.round(countMs) } }
}

/** Starts in two halves of neighbouring components, so that what neighbours share is mostly counted by one thread. */
function halvesOf({ of }: SizePlan, starts: Uint32Array): [Uint32Array, Uint32Array] {
  const side = (start: number) => (of[start]! >>> 14) & 1
  return [starts.filter((start) => side(start) === 0), starts.filter((start) => side(start) === 1)]
}

/** A copy of a plan in memory that threads share. */
function sharedPlan(plan: SizePlan): SizePlan {
  const share = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) {
      const source = value as Uint32Array
      const buffer = new SharedArrayBuffer(source.byteLength)
      const copy = new (source.constructor as Uint32ArrayConstructor)(buffer)
      copy.set(source)
      return copy
    }
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, share(part)]))
  }
  return share(plan) as SizePlan
}
