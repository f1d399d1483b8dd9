/**
 * Formulas of ways in and rules, as the checker reads them: the parts of a list are its plain ids and, for an inner
 * list, the gate named after its owner and position.
 */
import type { Formula } from '#model/facts.ts'
import { isDisabled, type FactIndex } from './fact-index.ts'
import { parseGate } from './nodes.ts'

/** The parts of a list, as written. */
function partsOf(list: Exclude<Formula, string>): readonly Formula[] {
  if ('all' in list) return list.all
  return 'any' in list ? list.any : list.of
}

/** How many distinct parts a list takes, of the `distinct` that it has. */
function neededOf(list: Exclude<Formula, string>, distinct: number): number {
  if ('all' in list) return distinct
  return 'any' in list ? 1 : list.atLeast
}

/**
 * Whether `from` satisfies a formula, or the part of it at `path`: it holds nothing but parts of that list, none twice,
 * and enough of them. A list without parts is never satisfied: the reader of inventories refuses it.
 *
 * @param owner  id of the way in or rule that the formula belongs to; inner gates carry its name
 * @param path  position of `formula` in the owner's whole formula
 */
export function requirementHolds(
  owner: string,
  formula: Formula,
  from: readonly string[],
  path: readonly number[] = [],
): boolean {
  if (typeof formula === 'string') return from.length === 1 && from[0] === formula
  const nodes = new Set(
    partsOf(formula).map((part, at) => (typeof part === 'string' ? part : `gate:${owner}:${[...path, at].join('.')}`)),
  )
  const used = new Set(from)
  return (
    used.size > 0 && used.size === from.length && used.isSubsetOf(nodes) && used.size >= neededOf(formula, nodes.size)
  )
}

/** The list at a position of a formula; undefined when there is none, or a plain id stands there. */
function listAt(formula: Formula, path: readonly number[]): Exclude<Formula, string> | undefined {
  let at: Formula | undefined = formula
  for (const position of path) {
    if (at === undefined || typeof at === 'string') return undefined
    at = partsOf(at)[position]
  }
  return typeof at === 'string' ? undefined : at
}

/** Justifies a `gate:` node: null, or why the inner part it names is not satisfied by `from`. */
export function gateHolds(node: string, from: readonly string[], facts: FactIndex): string | null {
  const gate = parseGate(node)
  if (gate === null) return `\`${node}\` is not the name of a gate`
  const [ways, rules] = [facts.wayIn.get(gate.owner) ?? [], facts.rule.get(gate.owner) ?? []]
  if (ways.length + rules.length === 0) return `no way in or rule is called \`${gate.owner}\``
  const owners = [
    ...ways.filter((way) => !isDisabled(way.account, facts)).map((way) => way.requires),
    ...rules.filter((rule) => !isDisabled(rule.then, facts)).map((rule) => rule.when),
  ]
  if (owners.length === 0) return `\`${gate.owner}\` leads to a disabled account`
  const lists = owners.map((formula) => listAt(formula, gate.path)).filter((list) => list !== undefined)
  if (lists.length === 0)
    return `the formula of \`${gate.owner}\` has no inner part at ${gate.path.join('.') || 'its top'}`
  return lists.some((list) => requirementHolds(gate.owner, list, from, gate.path))
    ? null
    : `[${from.join(', ')}] is not enough for, or not part of, \`${node}\``
}
