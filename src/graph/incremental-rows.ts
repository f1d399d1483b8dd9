/**
 * Lists of numbers, one per row, that change one number at a time: compressed sparse rows with room to move. A row that
 * outgrows its place moves to the end; when more places lie idle than are in use, all rows are moved together.
 */
export interface Rows {
  /** per row: where it begins in {@link values} */
  starts: Uint32Array
  /** per row: how many numbers it holds */
  lengths: Uint32Array
  /** per row: how many it can hold where it lies */
  rooms: Uint32Array
  /** the numbers of a row lie together; ascending, but where {@link setRow} put them */
  values: Uint32Array
  /** places of {@link values} that belong to a row, or did */
  used: number
  /** numbers in all rows */
  size: number
}

/** Rows that are given one after another, each ascending, as programs have them. The arrays are copied. */
export function rowsOf(offsets: Uint32Array, values: Uint32Array): Rows {
  const count = offsets.length - 1
  const lengths = new Uint32Array(count)
  for (let row = 0; row < count; row++) lengths[row] = offsets[row + 1] - offsets[row]
  const size = values.length
  return { starts: offsets.slice(0, count), lengths, rooms: lengths.slice(), values: values.slice(), used: size, size }
}

/** No rows yet. */
export const noRows = (): Rows => rowsOf(new Uint32Array(1), new Uint32Array(0))

/** The numbers of a row, as they lie; none for one that is not there. */
export const rowAt = ({ starts, lengths, values }: Rows, row: number): Uint32Array =>
  row < starts.length ? values.subarray(starts[row], starts[row] + lengths[row]) : NO_NUMBERS
const NO_NUMBERS = new Uint32Array(0)

/** Puts numbers, in their order, in the place of those of a row, which need not be there yet. */
export function setRow(rows: Rows, row: number, numbers: ArrayLike<number>): void {
  if (row >= rows.starts.length && numbers.length === 0) return
  growRows(rows, row + 1)
  rows.size -= rows.lengths[row]
  rows.lengths[row] = 0
  if (numbers.length > rows.rooms[row]) moveToEnd(rows, row, numbers.length)
  rows.values.set(numbers, rows.starts[row])
  rows.lengths[row] = numbers.length
  rows.size += numbers.length
}

/** The first `count` rows one after another, as programs have them; offsets are one more than rows. */
export function packRows(rows: Rows, count: number): { offsets: Uint32Array; values: Uint32Array } {
  const { starts, lengths, values } = rows
  const offsets = new Uint32Array(count + 1)
  const packed = new Uint32Array(rows.size)
  let at = 0
  for (let row = 0; row < count; row++) {
    for (let i = starts[row], end = i + lengths[row]; i < end; i++) packed[at++] = values[i]
    offsets[row + 1] = at
  }
  return { offsets, values: packed }
}

/** Makes sure that there are at least so many rows; new ones are empty. */
export function growRows(rows: Rows, count: number): void {
  rows.starts = widened(rows.starts, count)
  rows.lengths = widened(rows.lengths, count)
  rows.rooms = widened(rows.rooms, count)
}

/** Adds a number to a row; one that is there already is then there twice. */
export function addTo(rows: Rows, row: number, value: number): void {
  const length = rows.lengths[row]
  if (length === rows.rooms[row]) moveToEnd(rows, row, Math.max(4, length * 2))
  const { values, starts, lengths } = rows
  const end = starts[row] + lengths[row]
  const at = placeIn(rows, row, value)
  values.copyWithin(at + 1, at, end)
  values[at] = value
  lengths[row]++
  rows.size++
}

/** Takes a number out of a row, once. It must be there. */
export function takeFrom(rows: Rows, row: number, value: number): void {
  const { values, starts, lengths } = rows
  const at = placeIn(rows, row, value)
  values.copyWithin(at, at + 1, starts[row] + lengths[row])
  lengths[row]--
  rows.size--
}

/** How many times a row holds a number. */
export function timesIn(rows: Rows, row: number, value: number): number {
  const { values, starts, lengths } = rows
  const first = placeIn(rows, row, value)
  const end = starts[row] + lengths[row]
  let at = first
  while (at < end && values[at] === value) at++
  return at - first
}

/** The first place of a row whose number is not less than `value`. */
function placeIn({ values, starts, lengths }: Rows, row: number, value: number): number {
  let low = starts[row]
  let high = low + lengths[row]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Idle places up to which rows are never moved together. */
const IDLE = 1 << 16

function moveToEnd(rows: Rows, row: number, room: number): void {
  const { lengths } = rows
  if (rows.used - rows.size > Math.max(IDLE, rows.size)) {
    const { offsets, values } = packRows(rows, lengths.length)
    rows.starts = offsets.slice(0, lengths.length)
    rows.rooms = lengths.slice()
    rows.values = values
    rows.used = rows.size
  }
  const start = rows.starts[row]
  rows.values = widened(rows.values, rows.used + room)
  rows.values.copyWithin(rows.used, start, start + lengths[row])
  rows.starts[row] = rows.used
  rows.rooms[row] = room
  rows.used += room
}

/** An array that holds at least so many numbers: the same, or a larger one that begins with it. */
export function widened<A extends Uint32Array | Uint16Array | Uint8Array>(
  array: A,
  count: number,
  fill: number = 0,
): A {
  if (count <= array.length) return array
  const larger = new (array.constructor as new (length: number) => A)(Math.max(count, Math.ceil(array.length * 1.25)))
  larger.set(array)
  if (fill !== 0) larger.fill(fill, array.length)
  return larger
}
