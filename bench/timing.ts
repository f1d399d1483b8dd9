import type { Checksum } from './stages.ts'

/** What one stage measured: the least of its repetitions. */
export interface Measured {
  readonly wallMs: number
  readonly cpuMs: number
  /** peak resident set of the whole process, loading included */
  readonly peakMb: number
  readonly checksum?: Checksum
  readonly notes?: Readonly<Record<string, number | string>>
}

/** A value and what it took. */
export type Timed<T> = { readonly value: T; readonly wallMs: number; readonly cpuMs: number }

/** Runs `work` and returns its value with wall and processor time of the whole process, in milliseconds. */
export async function timed<T>(work: () => T | Promise<T>): Promise<Timed<T>> {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  const value = await work()
  const wallMs = performance.now() - wall
  const { user, system } = process.cpuUsage(cpu)
  return { value, wallMs, cpuMs: (user + system) / 1000 }
}

/** The time alone. */
export function timeOf({ wallMs, cpuMs }: Timed<unknown>): Pick<Measured, 'wallMs' | 'cpuMs'> {
  return { wallMs, cpuMs }
}
