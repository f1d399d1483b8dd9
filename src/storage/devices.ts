/** What is known of devices, and on which of them the sessions of an account were opened. */
import type { Kysely } from 'kysely'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import { RISK_CHANGED } from './risk.ts'
import type { Tables } from './tables.ts'

export interface DeviceTables {
  readonly device_states: {
    readonly device: string
    readonly source: string
    /** 0 or 1 */
    readonly compliant: number
    readonly at: number
  }
  readonly session_devices: {
    readonly account: string
    readonly session: string
    readonly device: string
    readonly at: number
  }
}

/** A session and the device that it was opened on. */
export interface SessionDevice {
  readonly session: string
  readonly device: string
  /** null where nobody said; false as soon as one who looks after devices says so */
  readonly compliant: boolean | null
}

/** Links tell of sessions that are long over by then; ours. */
const KEPT_MS = 31 * 86_400_000

export async function sessionDevices({ sql }: Database, account: string): Promise<readonly SessionDevice[]> {
  const rows = await sql
    .selectFrom('session_devices')
    .leftJoin('device_states', 'device_states.device', 'session_devices.device')
    .select(['session_devices.session', 'session_devices.device', 'device_states.compliant'])
    .where('session_devices.account', '=', account)
    .execute()
  const found = new Map<string, SessionDevice>()
  for (const { session, device, compliant } of rows) {
    const before = found.get(session)?.compliant ?? null
    const said = compliant === null ? before : compliant === 1 && before !== false
    found.set(session, { session, device, compliant: said })
  }
  return [...found.values()]
}

/** Notes on which device a session was opened; the first word counts, so that nobody moves a session to a better device. */
export async function linkDevice(
  sql: Kysely<Tables>,
  link: { readonly account: string; readonly session: string; readonly device: string },
  now: number,
): Promise<void> {
  await sql
    .deleteFrom('session_devices')
    .where('account', '=', link.account)
    .where('at', '<', now - KEPT_MS)
    .execute()
  await sql
    .insertInto('session_devices')
    .values({ ...link, at: now })
    .onConflict((conflict) => conflict.columns(['account', 'session']).doNothing())
    .execute()
  await announce(sql, { topic: RISK_CHANGED, key: link.account }, now)
}

/** Keeps what a source says of a device, unless it said something later already, or something worse of the same moment. */
export async function setDeviceState(
  sql: Kysely<Tables>,
  state: { readonly device: string; readonly source: string; readonly compliant: boolean; readonly at: number },
  now: number,
): Promise<void> {
  const compliant = state.compliant ? 1 : 0
  await sql
    .insertInto('device_states')
    .values({ ...state, compliant })
    .onConflict((conflict) =>
      conflict
        .columns(['device', 'source'])
        .doUpdateSet({ compliant, at: state.at })
        .where((row) =>
          row.or([
            row('device_states.at', '<', state.at),
            row.and([row('device_states.at', '=', state.at), row('device_states.compliant', '>=', compliant)]),
          ]),
        ),
    )
    .execute()
  for (const account of await accountsOnDevice(sql, state.device))
    await announce(sql, { topic: RISK_CHANGED, key: account }, now)
}

/** Accounts of which a session was opened on a device. */
export async function accountsOnDevice(sql: Kysely<Tables>, device: string): Promise<readonly string[]> {
  const rows = await sql
    .selectFrom('session_devices')
    .select('account')
    .distinct()
    .where('device', '=', device)
    .execute()
  return rows.map(({ account }) => account)
}
