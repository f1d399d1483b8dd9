/** Which fields of a fact name other facts, and what kinds they may name. */
import type { Fact, FactKind } from './facts.ts'

/** One field that holds an id, a list of ids, or a formula over ids. */
export interface ReferenceField {
  readonly field: string
  /** kinds of fact that the field may name */
  readonly kinds: readonly FactKind[]
}

const SYSTEM: ReferenceField = { field: 'system', kinds: ['system'] }
const MEMBER_OF: ReferenceField = { field: 'memberOf', kinds: ['group', 'role'] }

/** What a condition may name: whatever can be held, entered or joined. */
const CONDITION: readonly FactKind[] = ['authenticator', 'channel', 'account', 'group', 'role', 'secret', 'session']

/**
 * By kind of fact. Not listed: fields that name people or posts rather than facts (`subject`, `manager`, `owner`,
 * `approver`, `person`); nobody need declare those.
 */
export const REFERENCES: Readonly<Record<FactKind, readonly ReferenceField[]>> = {
  system: [],
  account: [SYSTEM, MEMBER_OF],
  group: [SYSTEM, MEMBER_OF],
  role: [SYSTEM, MEMBER_OF],
  resource: [
    SYSTEM,
    { field: 'in', kinds: ['resource'] },
    { field: 'runsAs', kinds: ['account'] },
    { field: 'uses', kinds: ['secret'] },
    { field: 'deploysTo', kinds: ['resource'] },
    { field: 'governs', kinds: ['account', 'group', 'role'] },
  ],
  secret: [
    { field: 'opens', kinds: ['account'] },
    { field: 'proves', kinds: ['authenticator'] },
    { field: 'storedIn', kinds: ['resource', 'channel'] },
  ],
  channel: [SYSTEM, { field: 'heldBy', kinds: ['account'] }, { field: 'carriedBy', kinds: ['channel', 'resource'] }],
  authenticator: [
    { field: 'of', kinds: ['account'] },
    { field: 'on', kinds: ['channel'] },
  ],
  wayIn: [
    { field: 'account', kinds: ['account'] },
    { field: 'requires', kinds: CONDITION },
    { field: 'yields', kinds: ['authenticator'] },
  ],
  entitlement: [
    { field: 'holder', kinds: ['account', 'group', 'role'] },
    { field: 'on', kinds: ['resource', 'account', 'group', 'role', 'channel', 'secret', 'system'] },
  ],
  rule: [
    { field: 'then', kinds: [...CONDITION, 'resource', 'system'] },
    { field: 'when', kinds: [...CONDITION, 'resource', 'system'] },
  ],
  session: [
    { field: 'account', kinds: ['account'] },
    { field: 'on', kinds: ['channel'] },
  ],
  exception: [
    { field: 'for', kinds: ['account', 'group', 'role'] },
    { field: 'waysIn', kinds: ['wayIn'] },
  ],
}

/** Calls `visit` with every id that a fact names, and the field that names it. */
export function eachReference(fact: Fact, visit: (id: string, field: ReferenceField) => void): void {
  const fields: Readonly<Record<string, unknown>> = fact
  for (const field of REFERENCES[fact.fact]) {
    const value = fields[field.field]
    if (value !== undefined) eachId(value, (id) => visit(id, field))
  }
}

/** Every id in an id, a list of ids, or a formula. */
function eachId(value: unknown, visit: (id: string) => void): void {
  if (typeof value === 'string') visit(value)
  else if (Array.isArray(value)) for (const part of value) eachId(part, visit)
  else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) if (typeof part !== 'number') eachId(part, visit)
  }
}
