/** States as they are held: there may be millions, and most are alike but for the names in them. */
import { hash } from 'node:crypto'
import { keeping } from '#lib/kept.ts'
import type { AccountState, WayState } from './account-state.ts'

/** A state without the names that hardly any other has; shared by those that are alike. */
interface Shape extends Omit<AccountState, 'id' | 'subject' | 'ways'> {
  readonly ways: readonly Omit<WayState, 'id'>[]
}

/** What is held of one account. It does not say whose it is. */
export interface HeldState {
  readonly shape: Shape
  /** the subject, and the ids of the ways in; the one way in alone where there is no subject */
  readonly names: string | readonly (string | null)[]
}

/** Shapes, and parts of them, kept to be shared; ours. */
const KEPT = 10_000
const SHAPES = keeping<string, Shape>(KEPT)
const PARTS = keeping<string, unknown>(KEPT)

/** The same for what says the same; most shapes differ in one part. */
function shared<V>(part: V): V {
  return PARTS.get(JSON.stringify(part), () => part) as V // what reads the same is of the same type
}

export function holdState({ id: _id, subject, ...rest }: AccountState): HeldState {
  const ids = rest.ways.map((way) => way.id)
  const ways = rest.ways.map(({ id: _id, ...way }) => way)
  const shape = SHAPES.get(hash('sha256', JSON.stringify({ ...rest, ways }), 'base64'), () => ({
    ...rest,
    capabilities: shared(rest.capabilities),
    impacts: shared(rest.impacts),
    requirement: shared(rest.requirement),
    bounds: shared(rest.bounds),
    reasons: shared(rest.reasons),
    exceptions: shared(rest.exceptions),
    ways: ways.map((way) => ({ ...way, reasons: shared(way.reasons) })),
  }))
  return { shape, names: subject === null && ids.length === 1 ? ids[0]! : [subject, ...ids] }
}

/** The state of an account as it was before it was held, its parts in the same order. */
export function stateHeld(id: string, { shape, names }: HeldState): AccountState {
  const [subject = null, ...ids] = typeof names === 'string' ? [null, names] : names
  const { kind, population, system, ...rest } = shape
  const ways = shape.ways.map((way, at) => ({ id: ids[at]!, ...way }))
  return { id, kind, population, system, subject, ...rest, ways }
}

/** Whether an account is as it was. */
export function isAlike(one: HeldState, other: HeldState): boolean {
  const said = ({ shape, names }: HeldState): string => JSON.stringify([shape, names])
  if (one.shape === other.shape) return JSON.stringify(one.names) === JSON.stringify(other.names)
  return said(one) === said(other)
}
