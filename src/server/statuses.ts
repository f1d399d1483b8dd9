import type { ErrorCode } from '#lib/errors.ts'

/** HTTP status of each error code. */
export const STATUSES: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  input_unreadable: 400,
  input_invalid: 422,
  policy_invalid: 422,
  account_unknown: 404,
  report_invalid: 422,
  snapshot_invalid: 500,
  worksheet_invalid: 422,
  store_unavailable: 503,
  config_invalid: 500,
  sealed_unreadable: 500,
  request_invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  media_type_unsupported: 415,
  overloaded: 503,
  not_ready: 503,
  audit_unavailable: 503,
  audit_invalid: 400,
  internal: 500,
}
