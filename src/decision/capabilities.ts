/** A set of capabilities as one integer: bit *i* is `CAPABILITIES[i]`. */
import { CAPABILITIES, type Capability } from '#contract/vocabulary.ts'

export type CapabilitySet = number

export const NO_CAPABILITIES: CapabilitySet = 0

export const setOf = (capabilities: Iterable<string>): CapabilitySet => {
  let set = 0
  for (const capability of capabilities) {
    const bit = (CAPABILITIES as readonly string[]).indexOf(capability)
    if (bit >= 0) set |= 1 << bit
  }
  return set
}

/** In the order of {@link CAPABILITIES}. */
export const listOf = (set: CapabilitySet): Capability[] => CAPABILITIES.filter((_, bit) => ((set >>> bit) & 1) === 1)

export const isSubset = (part: CapabilitySet, whole: CapabilitySet): boolean => (part & ~whole) === 0
