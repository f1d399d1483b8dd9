import type { Change, Side, WhatIf } from '#contract/plan.ts'
import { STRENGTHS, VERDICTS } from '#contract/vocabulary.ts'
import { analyse } from '#analysis/analyse.ts'
import { refuseErrors, type CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { editorOf } from './edit.ts'
import { sideOf, standingIn } from './standing.ts'

/**
 * The inventory with changes made beside the inventory as it is, account by account.
 *
 * @throws {AmbitError} `change_invalid` if a change names what is not there, `input_invalid` if the changes contradict
 *   the rest of the inventory
 */
export function whatIf(inventory: CheckedInventory, policy: Policy, changes: readonly Change[]): WhatIf {
  const edited = editorOf(inventory).apply(changes)
  refuseErrors(edited.diagnostics)
  const [before, after] = [analyse(inventory, policy), analyse(edited, policy)]
  const now = new Map(after.accounts.map((account) => [account.id, account]))
  const old = new Map(before.accounts.map((account) => [account.id, account]))
  const ids = [...new Set([...old.keys(), ...now.keys()])]
  const accounts = ids.flatMap((id) => {
    const [a, b] = [old.get(id), now.get(id)]
    const sides = { before: a === undefined ? null : sideOf(a), after: b === undefined ? null : sideOf(b) }
    if (JSON.stringify(sides.before) === JSON.stringify(sides.after)) return []
    return [{ id, name: (b ?? a)!.name ?? null, ...sides, ...comparedFor((b ?? a)!.kind === 'human', sides) }]
  })
  return {
    ambit: 1,
    snapshot: { before: before.snapshot.id, after: after.snapshot.id, name: before.snapshot.name },
    policy: { name: policy.name, hash: policy.hash },
    steps: changes.map(({ id, text }) => ({ id, text: text ?? id })),
    before: standingIn(before),
    after: standingIn(after),
    accounts,
    unchanged: ids.length - accounts.length,
  }
}

interface Sides {
  readonly before: Side | null
  readonly after: Side | null
}

const rank = (list: readonly string[], word: string | null): number => (word === null ? -1 : list.indexOf(word))

const comparedFor = (human: boolean, { before, after }: Sides): { better: boolean; worse: boolean } => ({
  better: before !== null && after !== null && isWorse(after, before, human),
  worse: before !== null && after !== null && isWorse(before, after, human),
})

/** Anything against the account, or its owner, that was not there before. To lock out is said of people only. */
function isWorse(before: Side, after: Side, human: boolean): boolean {
  return (
    rank(VERDICTS, after.verdict) < rank(VERDICTS, before.verdict) ||
    rank(STRENGTHS, after.effective) < rank(STRENGTHS, before.effective) ||
    after.fallsTo.some((attacker) => !before.fallsTo.includes(attacker)) ||
    (human && after.lostWithout.some((loss) => !before.lostWithout.includes(loss))) ||
    (human && before.canSignIn === true && after.canSignIn !== true)
  )
}
