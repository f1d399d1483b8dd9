import { readPolicyFile } from '#cli/read-policy.ts'
import type { ReviewItem } from '#contract/review.ts'
import { loadSolver } from '#planning/solver.ts'
import { reviewOf, type Reviewed } from '#review/review.ts'
import { checkedOf } from './report-of.ts'

const policy = await readPolicyFile()
const solver = await loadSolver()

/** The review of an inventory written in a test, under the default policy, with time enough for every search. */
export async function reviewedOf(text: string): Promise<Reviewed> {
  return reviewOf(await checkedOf(text), policy, { solver, now: () => 0, until: 60_000 })
}

/** One item of a review; absent is a fault of the test. */
export function itemIn({ review }: Reviewed, id: string): ReviewItem {
  const item = review.items.find((each) => each.id === id)
  if (item === undefined) throw new Error(`no item ${id}; there are ${review.items.map((each) => each.id).join(', ')}`)
  return item
}
