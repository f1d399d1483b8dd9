/** Every code an {@link AmbitError} may carry. `docs/errors.md` explains each; a test holds the two equal. */
export type ErrorCode =
  | 'usage'
  | 'input_unreadable'
  | 'input_invalid'
  | 'output_unwritable'
  | 'policy_invalid'
  | 'account_unknown'
  | 'report_invalid'
  | 'pattern_invalid'
  | 'snapshot_invalid'
  | 'worksheet_invalid'
  | 'change_invalid'
  | 'accounts_lost'
  | 'store_unavailable'
  | 'config_invalid'
  | 'sealed_unreadable'
  | 'request_invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'media_type_unsupported'
  | 'overloaded'
  | 'not_ready'
  | 'internal'
  | 'audit_unavailable'
  | 'audit_invalid'

/** The one error class: a stable code, a sentence that says what to do, and machine-readable detail. */
export class AmbitError extends Error {
  readonly code: ErrorCode
  readonly detail: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, detail: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.name = 'AmbitError'
    this.code = code
    this.detail = detail
  }
}
