import type { Catalogue } from './catalogue.ts'
import type { Candidate } from './offer.ts'

/** Sorts of change in the order in which they are made: what gives something comes before what takes it away. */
const RANKS: Readonly<Record<Candidate['kind'], number>> = {
  end_session: 0,
  rotate_secret: 0,
  move_secret: 0,
  scope_trust: 0,
  end_shared_use: 0,
  add_controls: 0,
  meet_duties: 0,
  require_passkeys: 1,
  give_passkey: 1,
  require_hardware_keys: 2,
  give_hardware_key: 2,
  harden_recovery: 3,
  open_exception: 3,
  shorten_sessions: 4,
  shorten_session: 4,
  separate_channel: 5,
  second_person: 5,
  time_box_right: 5,
  remove_right: 6,
  remove_membership: 6,
  drop_recoveries: 7,
  drop_recovery: 8,
}

/** Changes up to this rank take nothing from an owner: where he signed in he still does, with what he is given. */
const GIVES = 4

/**
 * The positions of changes in the order in which they are safe to make.
 *
 * Each gives an intruder no more than he had, so no prefix makes anybody's takeover easier. What gives comes first and
 * leaves every owner a sign-in; of what takes away, a part takes no more than the whole. So nobody is locked out on the
 * way if nobody is after all that gives, nor at the end: those two are checked. `prefixes.test.ts` checks every prefix.
 */
export function inOrder({ candidates }: Catalogue, chosen: Iterable<number>): number[] {
  return [...chosen].toSorted((a, b) => RANKS[candidates[a]!.kind] - RANKS[candidates[b]!.kind] || a - b)
}

export const givesOnly = ({ kind }: Pick<Candidate, 'kind'>): boolean => RANKS[kind] <= GIVES
