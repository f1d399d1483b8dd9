/** What a token may be used for. */
export const SCOPES = ['decide', 'ingest', 'administer', 'read', 'ssf.read', 'ssf.manage'] as const
export type Scope = (typeof SCOPES)[number]

/** One sentence on each, for help and docs. */
export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  decide: 'ask for decisions',
  ingest: 'send inventories, changes and signals',
  administer: 'change what is decided: exceptions, receivers, keys',
  'ssf.read': 'read its own streams of security events, and fetch what is on them',
  'ssf.manage': 'make, change and end its own streams of security events',
  read: 'read accounts, findings, events, metrics and the audit log',
}
