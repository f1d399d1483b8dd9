/** What the threads of the analysis say to each other. */
import type { AccountState } from '#analysis/live.ts'
import type { Report } from '#contract/report.ts'
import { AmbitError, type ErrorCode } from '#lib/errors.ts'
import type { Packed } from '#lib/packed.ts'
import type { Inventory } from '#model/facts.ts'
import type { PolicyText } from '#policy/load.ts'

/** What a thread is started with. */
export interface ThreadStart {
  readonly own: PolicyText
  readonly base: string
  /** with the rules that it only tries in force */
  readonly tried?: boolean
}

/** Pieces are bodies of snapshots. */
export type Task =
  | { readonly do: 'load'; readonly header: Omit<Inventory, 'facts' | 'diagnostics'>; readonly facts: Packed }
  | { readonly do: 'change'; readonly base: string; readonly pieces: readonly Uint8Array[] }
  | { readonly do: 'report'; readonly pieces: readonly Uint8Array[] }

export type ToThread = Task & { readonly id: number }

/** The states come some at a time before the end, so that taking them in never takes long. */
export type FromThread = { readonly id: number } & (
  | { readonly states: readonly AccountState[] }
  | { readonly done: Done }
  | { readonly failed: Failure }
)

export type Done =
  | { readonly snapshotId: string; readonly gone: readonly string[] }
  /** the thread does not have the snapshot that a change rests on */
  | { readonly lacks: string }
  | { readonly report: Report }

/** An error as it crosses between threads. */
export interface Failure {
  readonly code: ErrorCode | null
  readonly message: string
  readonly detail: Readonly<Record<string, unknown>>
}

export function failureOf(error: unknown): Failure {
  if (error instanceof AmbitError) return { code: error.code, message: error.message, detail: error.detail }
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error), detail: {} }
}

export const errorFrom = ({ code, message, detail }: Failure): Error =>
  code === null ? new Error(`the analysis failed: ${message}`) : new AmbitError(code, message, detail)
