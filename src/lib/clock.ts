/** Milliseconds since 1970, UTC. Passed to whatever needs the time, so that tests set it. */
export type Clock = () => number

/** The machine's clock; the only place where it is read. */
// oxlint-disable-next-line no-restricted-properties -- everything else takes a Clock
export const systemClock: Clock = () => Date.now()
