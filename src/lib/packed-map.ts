/** A map of values that are packed but for those that changed lately. */
import { keeping, type Kept } from './kept.ts'
import { entriesWith, GONE, hashOf, itemOf, newSeed, pack, type Item, type Packed } from './packed.ts'

/** What a value is packed by. */
export interface Packing<V> {
  readonly keyOf: (value: V) => string
  /** a small number by which values are sorted apart, below 255 */
  readonly sortOf: (value: V) => number
}

/** Changes kept beside what is packed, before all is packed anew; ours. */
const MOST = 4096
/** Values read lately, kept to be asked for again; ours. */
const LATELY = 4096

/**
 * Values by key, in the order in which their keys were first set since they were last deleted. Values must be JSON, and are
 * not to be changed. Copies take no longer than what changed lately.
 */
export class PackedMap<V> {
  readonly #packing: Packing<V>
  #base: Packed
  /** by entry: what is otherwise than packed; null for what is no more */
  #over: Map<number, V | null>
  /** by key: entries that are not packed */
  #added: Map<string, number>
  #entries: number
  #size = 0
  #counts: Uint32Array
  /** by entry: what was read of those packed */
  #lately: Kept<number, V>
  /** by entry: all that is packed, as long as somebody else holds it */
  #whole: WeakRef<readonly V[]> | null = null

  private constructor(packing: Packing<V>, base: Packed) {
    this.#packing = packing
    this.#base = base
    this.#over = new Map()
    this.#added = new Map()
    this.#entries = base.sorts.length
    this.#counts = new Uint32Array(GONE)
    this.#lately = keeping(LATELY)
    for (const sort of base.sorts) if (sort !== GONE) this.#count(sort, 1)
  }

  /** @param values  no two of one key */
  static of<V>(packing: Packing<V>, values: readonly V[]): PackedMap<V> {
    const seed = newSeed()
    const base = pack(values.length, seed, (entry) => itemFor(packing, seed, values[entry]!))
    const map = new PackedMap(packing, base)
    map.#whole = new WeakRef(values)
    return map
  }

  /** The map that {@link packed} was called on, perhaps in another thread. */
  static from<V>(packing: Packing<V>, packed: Packed): PackedMap<V> {
    return new PackedMap(packing, packed)
  }

  /** All of it, packed. */
  packed(): Packed {
    if (this.#over.size > 0) this.#repack()
    return this.#base
  }

  get size(): number {
    return this.#size
  }

  /** How many of one sort there are. */
  countOf(sort: number): number {
    return this.#counts[sort]!
  }

  /** Entries there are, with those of what is no more. */
  get entries(): number {
    return this.#entries
  }

  has(key: string): boolean {
    return this.entryOf(key) !== undefined
  }

  get(key: string): V | undefined {
    const entry = this.entryOf(key)
    return entry === undefined ? undefined : this.at(entry)
  }

  /** A number that stays as long as the key is there, and rises in the order of the map. */
  entryOf(key: string): number | undefined {
    const added = this.#added.get(key)
    if (added !== undefined) return added
    for (const entry of entriesWith(this.#base, hashOf(key, this.#base.seed)))
      if (this.#over.get(entry) !== null && this.#packing.keyOf(this.at(entry)) === key) return entry
    return undefined
  }

  /** The value of an entry that is there. */
  at(entry: number): V {
    const held = this.#over.get(entry) ?? this.#whole?.deref()?.[entry]
    return held ?? this.#lately.get(entry, () => this.#read(entry))
  }

  /** The sort of the value of an entry that is there. */
  sortAt(entry: number): number {
    const over = this.#over.get(entry)
    return over ? this.#packing.sortOf(over) : this.#base.sorts[entry]!
  }

  /** Puts a value in the place of the one with its key, or at the end. */
  set(value: V): void {
    const { keyOf, sortOf } = this.#packing
    const key = keyOf(value)
    let entry = this.entryOf(key)
    if (entry === undefined) this.#added.set(key, (entry = this.#entries++))
    else this.#count(this.sortAt(entry), -1)
    this.#count(sortOf(value), 1)
    this.#change(entry, value)
  }

  delete(key: string): void {
    const entry = this.entryOf(key)
    if (entry === undefined) return
    this.#count(this.sortAt(entry), -1)
    this.#added.delete(key)
    this.#change(entry, null)
  }

  /** All values, or those of one sort, in order. */
  *values(sort?: number): Generator<V> {
    const { sorts } = this.#base
    const whole = this.#whole?.deref()
    for (let entry = 0; entry < this.#entries; entry++) {
      const over = this.#over.get(entry)
      if (over === null || (over === undefined && sorts[entry] === GONE)) continue
      if (sort === undefined || this.sortAt(entry) === sort) yield over ?? whole?.[entry] ?? this.#read(entry)
    }
  }

  /** All values in order; what is asked for while somebody holds them is not read again. */
  all(): readonly V[] {
    const values = [...this.values()]
    // by entry only where all that there is are entries packed
    if (this.#over.size === 0 && values.length === this.#entries) this.#whole = new WeakRef(values)
    return values
  }

  /** The same map by itself: what becomes of one does not show in the other. */
  copy(): PackedMap<V> {
    const copy = new PackedMap(this.#packing, NOTHING)
    copy.#base = this.#base
    copy.#over = new Map(this.#over)
    copy.#added = new Map(this.#added)
    copy.#entries = this.#entries
    copy.#size = this.#size
    copy.#counts = this.#counts.slice()
    copy.#lately = this.#lately
    copy.#whole = this.#whole
    return copy
  }

  #count(sort: number, by: number): void {
    this.#counts[sort]! += by
    this.#size += by
  }

  #change(entry: number, value: V | null): void {
    this.#over.set(entry, value)
    if (this.#over.size > MOST) this.#repack()
  }

  #read(entry: number): V {
    const { buffer, byteOffset, length } = itemOf(this.#base, entry)!.bytes
    return JSON.parse(Buffer.from(buffer, byteOffset, length).toString('utf8')) as V // packed by `itemFor`
  }

  /** Packs what changed with the rest; entries stay what they are. */
  #repack(): void {
    const base = this.#base
    this.#base = pack(this.#entries, base.seed, (entry) => {
      const over = this.#over.get(entry)
      if (over === undefined) return itemOf(base, entry)
      return over === null ? null : itemFor(this.#packing, base.seed, over)
    })
    this.#over = new Map()
    this.#added = new Map()
    this.#lately = keeping(LATELY)
    this.#whole = null
  }
}

const NOTHING = pack(0, 0, () => null)

function itemFor<V>({ keyOf, sortOf }: Packing<V>, seed: number, value: V): Item {
  return {
    hash: hashOf(keyOf(value), seed),
    sort: sortOf(value),
    bytes: Buffer.from(JSON.stringify(value)),
  }
}
