/**
 * A system of rules over dense node indices: `head ← at least needs[r] of body(r)`.
 *
 * `needs[r]` counts *distinct* body nodes. 0 means the head holds unconditionally (an empty body, or an axiom);
 * a rule whose `needs` exceeds its distinct body nodes can never fire. A plain edge is a rule with one body node.
 */
export interface RuleSystem {
  readonly nodeCount: number
  /** per rule: its head */
  readonly heads: Uint32Array
  /** per rule: how many distinct body nodes must hold */
  readonly needs: Uint16Array
  /** ruleCount + 1 offsets into {@link bodies} */
  readonly bodyOffsets: Uint32Array
  readonly bodies: Uint32Array
}
