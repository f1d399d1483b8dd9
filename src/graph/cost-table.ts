/** Attacker tiers that a cost tells apart: 0 … 4. */
export const TIERS = 5
/** Bits kept per tier: three tiers fit the 53 bits of a number exactly. */
const BITS = 17
/** Largest effort of one tier that is told apart; see {@link CostTable}. */
export const FIELD_MAX = 2 ** BITS - 1
const FIELD = 2 ** BITS
/** Id of no cost. */
export const NO_COST = 0xffffffff

/**
 * Distinct costs, each kept once under a small id. A cost is a vector: the effort spent in each tier. Costs are
 * compared lexicographically from the highest tier down, and add up tier by tier.
 *
 * A tier whose effort reaches {@link FIELD_MAX} is *saturated*, and all tiers below it then read {@link FIELD_MAX} too.
 * Were the tiers below kept, addition would not be monotone at the brim: (M−1, 9) < (M, 0), yet adding (1, 0) to both
 * would turn the order round. Filled up, both become the same cost, the largest with that much in the tiers above.
 */
export interface CostTable {
  size: number
  /** id * TIERS + tier: effort */
  fields: Uint32Array
  /** per id: tiers 4 and 3 as one number */
  upper: Float64Array
  /** per id: tiers 2, 1 and 0 as one number */
  lower: Float64Array
  /** open addressing: id + 1, or 0 */
  slots: Uint32Array
}

/** Returns a table that holds only the cost of nothing, as id 0. */
export function buildCostTable(): CostTable {
  const capacity = 64
  const table: CostTable = {
    size: 0,
    fields: new Uint32Array(capacity * TIERS),
    upper: new Float64Array(capacity),
    lower: new Float64Array(capacity),
    slots: new Uint32Array(capacity * 4),
  }
  intern(table, 0, 0, 0, 0, 0)
  return table
}

/** Returns the id of a cost plus `effort` in one tier. */
export function plusRule(table: CostTable, id: number, tier: number, effort: number): number {
  const { fields } = table
  const at = id * TIERS
  return intern(
    table,
    fields[at] + (tier === 0 ? effort : 0),
    fields[at + 1] + (tier === 1 ? effort : 0),
    fields[at + 2] + (tier === 2 ? effort : 0),
    fields[at + 3] + (tier === 3 ? effort : 0),
    fields[at + 4] + (tier === 4 ? effort : 0),
  )
}

/** Returns the id of the sum of two costs. */
export function plus(table: CostTable, a: number, b: number): number {
  const { fields } = table
  const i = a * TIERS
  const j = b * TIERS
  return intern(
    table,
    fields[i] + fields[j],
    fields[i + 1] + fields[j + 1],
    fields[i + 2] + fields[j + 2],
    fields[i + 3] + fields[j + 3],
    fields[i + 4] + fields[j + 4],
  )
}

/** The highest tier in which a cost has any effort; 0 for the cost of nothing. */
export function tierOf({ fields }: CostTable, id: number): number {
  for (let tier = TIERS - 1; tier > 0; tier--) if (fields[id * TIERS + tier] > 0) return tier
  return 0
}

/** Returns the id of a vector, saturated from its highest full tier down. */
function intern(table: CostTable, f0: number, f1: number, f2: number, f3: number, f4: number): number {
  if (f4 >= FIELD_MAX) f4 = f3 = f2 = f1 = f0 = FIELD_MAX
  else if (f3 >= FIELD_MAX) f3 = f2 = f1 = f0 = FIELD_MAX
  else if (f2 >= FIELD_MAX) f2 = f1 = f0 = FIELD_MAX
  else if (f1 >= FIELD_MAX) f1 = f0 = FIELD_MAX
  else if (f0 >= FIELD_MAX) f0 = FIELD_MAX
  const upper = f4 * FIELD + f3
  const lower = (f2 * FIELD + f1) * FIELD + f0
  const { slots } = table
  const wrap = slots.length - 1
  let slot = hashOf(f0, f1, f2, f3, f4) & wrap
  for (; slots[slot] !== 0; slot = (slot + 1) & wrap) {
    const id = slots[slot] - 1
    if (table.lower[id] === lower && table.upper[id] === upper) return id
  }
  if (table.size === table.upper.length) {
    grow(table)
    return intern(table, f0, f1, f2, f3, f4)
  }
  const id = table.size++
  slots[slot] = id + 1
  table.upper[id] = upper
  table.lower[id] = lower
  table.fields.set([f0, f1, f2, f3, f4], id * TIERS)
  return id
}

function hashOf(f0: number, f1: number, f2: number, f3: number, f4: number): number {
  // multipliers: odd 32-bit constants of MurmurHash3's finaliser and of the golden ratio
  let hash = Math.imul(f0 ^ Math.imul(f1, 0x85ebca6b), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(f2, 0xc2b2ae35), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ Math.imul(f3, 0x9e3779b1) ^ f4, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function grow(table: CostTable): void {
  const capacity = table.upper.length * 2
  const { fields, upper, lower, size } = table
  table.fields = new Uint32Array(capacity * TIERS)
  table.fields.set(fields)
  table.upper = new Float64Array(capacity)
  table.upper.set(upper)
  table.lower = new Float64Array(capacity)
  table.lower.set(lower)
  const slots = new Uint32Array(capacity * 4)
  const wrap = slots.length - 1
  for (let id = 0; id < size; id++) {
    const at = id * TIERS
    let slot = hashOf(fields[at], fields[at + 1], fields[at + 2], fields[at + 3], fields[at + 4]) & wrap
    while (slots[slot] !== 0) slot = (slot + 1) & wrap
    slots[slot] = id + 1
  }
  table.slots = slots
}
