import type { Generated } from 'kysely'

/** Rows of the tables that migrations 0500 to 0510 make. Times are milliseconds since 1970. */
export interface AuthnTables {
  readonly account_states: {
    readonly account: string
    readonly status: string
    readonly epoch: number
    readonly withheld_until: number
    readonly changed_at: number
    readonly locked_by_administrator: Generated<number>
    readonly locked_as_not_me: Generated<number>
    readonly locked_by_recovery: Generated<number>
  }
  readonly identifiers: {
    readonly kind: string
    readonly canonical: string
    readonly shown: string
    readonly account: string
    readonly verified_at: number | null
    readonly added_at: number
    readonly bound_at_aal: number
  }
  readonly authenticators: {
    readonly id: string
    readonly account: string
    readonly kind: string
    readonly name: string
    readonly state: string
    readonly channel: string | null
    readonly bound_at_aal: number
    readonly material: string
    readonly lookup: string | null
    readonly counter: number
    readonly added_at: number
    readonly expires_at: number | null
    readonly used_at: number | null
  }
  readonly challenges: {
    readonly id: string
    readonly account: string
    readonly factor: string
    readonly purpose: string
    readonly browser: string
    readonly binding: string
    readonly epoch: number
    readonly mac: string
    readonly state: string
    readonly checks_left: number
    readonly created_at: number
    readonly expires_at: number
  }
  readonly budgets: {
    readonly account: string
    readonly factor: string
    readonly hour_start: number
    readonly hour_count: number
    readonly day_start: number
    readonly day_count: number
    readonly run_count: number
  }
  readonly sessions: {
    readonly id: string
    readonly token: string
    readonly account: string
    readonly epoch: number
    readonly browser: string
    readonly proofs: string
    readonly started_at: number
    readonly used_at: number
    readonly ends_at: number
    readonly idle_ms: number | null
    readonly ended_at: number | null
    readonly end_reason: string | null
    readonly binding: string | null
    readonly binding_key: string | null
    readonly binding_since: number | null
    readonly binding_uses: number | null
  }
  readonly browsers: {
    readonly browser: string
    readonly account: string
    readonly epoch: number
    readonly known_since: number
  }
  readonly send_limits: {
    readonly key: string
    readonly within_ms: number
    readonly started_at: number
    readonly sent: number
  }
  readonly send_answers: {
    readonly prefix: string
    readonly started_at: number
    readonly answered: number
    readonly delivered: number
    readonly undelivered: number
    readonly unsent: number
  }
}
