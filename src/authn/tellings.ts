/**
 * What a step that changed something must still put on record and tell people. It is kept by that very step, and forgotten once it is done:
 * a crash between the two leaves it to be told, by any node.
 */
import { newId } from '#lib/ids.ts'
import type { Tools } from './ceremony.ts'
import type { CeremonyRecord, Notice } from './ports.ts'

export type Telling = { readonly id: string } & (
  | { readonly record: CeremonyRecord }
  | { readonly account: string; readonly notice: Notice }
)

export interface TellingStore {
  /** some that nobody has told in time; each is given to one caller alone until a while later */
  readonly overdue: (now: number) => Promise<readonly Telling[]>
  readonly forget: (id: string) => Promise<void>
}

type TellingTools = Pick<Tools, 'record' | 'notify' | 'tellings' | 'clock'>

export const toRecord = (record: CeremonyRecord): Telling => ({ id: newId('te'), record })
export const toNotify = (account: string, notice: Notice): Telling => ({ id: newId('te'), account, notice })

/**
 * Puts on record and tells what a committed step has left. What fails keeps nothing else from being told, and is tried again later.
 *
 * @throws the first that failed
 */
export async function tell(tools: TellingTools, tellings: readonly Telling[]): Promise<void> {
  const failures: unknown[] = []
  for (const it of tellings) await tellOne(tools, it).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

async function tellOne({ record, notify, tellings }: TellingTools, it: Telling): Promise<void> {
  if ('record' in it) await record(it.record)
  // a second try is the same message to everybody
  else await notify(it.account, { ...it.notice, occasion: it.id })
  await tellings.forget(it.id)
}

/** Tells what was left by whoever was killed, or could not be told; to be called every minute by any node. Returns how many there were. */
export async function tellOverdue(tools: TellingTools): Promise<number> {
  const left = await tools.tellings.overdue(tools.clock())
  await tell(tools, left)
  return left.length
}
