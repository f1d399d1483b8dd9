/** A proof made readable: its steps as sentences, and its nodes in layers from what is given to the goal. */
import type { Place, Proof, ProofStep } from '#contract/report.ts'
import { gateOwner, rightOf, type Names } from './names.ts'
import { PHRASES, stepSentence, type NodeSort } from './phrases.ts'

export interface ChainBox {
  readonly node: string
  readonly label: string
  readonly sort: NodeSort
}

export interface Chain {
  /** boxes from left to right; everything in a layer follows from layers before it */
  readonly layers: readonly (readonly ChainBox[])[]
  /** in the order of the proof */
  readonly sentences: readonly { readonly text: string; readonly place: Place | undefined }[]
}

/**
 * The proof as a chain. Gates, which are inner parts of a formula, become sentences but no boxes; a right is labelled
 * by what it allows.
 */
export function chainOf(proof: Proof, names: Names): Chain {
  const sorts = sortsOf(proof)
  const byNode = new Map(proof.steps.map((step) => [step.node, step]))
  const order = [...proof.given, ...proof.steps.map((step) => step.node)]
  const levels = new Map<string, number>(proof.given.map((node) => [node, 0]))
  for (const step of proof.steps) {
    if (levels.has(step.node)) continue
    const before = step.from.map((node) => levels.get(node) ?? 0)
    const deepest = before.length === 0 ? -1 : Math.max(...before)
    levels.set(step.node, gateOwner(step.node) === undefined ? deepest + 1 : deepest)
  }
  const layers: ChainBox[][] = []
  for (const node of new Set(order)) {
    if (gateOwner(node) !== undefined) continue
    const sort = names.isAccount(node) ? 'account' : (sorts.get(node) ?? 'thing')
    const label = rightOf(node) ? names.verb(node) : names.noun(node)
    ;(layers[Math.max(0, levels.get(node) ?? 0)] ??= []).push({ node, label, sort })
  }
  return {
    layers: [...layers].filter((layer) => layer !== undefined),
    sentences: [...byNode.values()].map((step) => ({ text: stepSentence(step, names), place: step.place })),
  }
}

/** What sort of thing each node is, from the rules that speak of it. */
function sortsOf(proof: Proof): Map<string, NodeSort> {
  const sorts = new Map<string, NodeSort>()
  const learn = (node: string, sort: NodeSort | undefined) => {
    if (rightOf(node)) sorts.set(node, 'right')
    else if (sort !== undefined && !sorts.has(node)) sorts.set(node, sort)
  }
  for (const step of proof.steps) learnStep(step, learn)
  return sorts
}

function learnStep(step: ProofStep, learn: (node: string, sort: NodeSort | undefined) => void): void {
  const phrase = Object.hasOwn(PHRASES, step.by) ? PHRASES[step.by] : undefined
  learn(step.node, phrase?.head)
  for (const node of step.from) learn(node, phrase?.body)
}
