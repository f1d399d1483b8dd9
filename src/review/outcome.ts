/** What the decisions of a worksheet come to. */
import type { Outcome, Review, ReviewItem } from '#contract/review.ts'
import { changeBy } from './change.ts'
import type { Item } from './items.ts'
import { matters, type Reviewed } from './review.ts'
import type { Row } from './worksheet.ts'

/**
 * So many rows kept by one reviewer with the same comment, or with none, are a bulk. No standard gives a number; this is
 * judgement. Only what matters is flagged, so a list of harmless rows may be kept at one stroke.
 */
const BULK = 5

/** The review with the decisions in it, and what they would change by a full analysis of what is left. */
export function decide({ review, world, report, items }: Reviewed, rows: readonly Row[], worksheet: string): Review {
  const decided = new Map(rows.map((row) => [row.item.id, row]))
  const revoked = rows.filter(({ decision }) => decision === 'revoke')
  const isOpen = ({ id }: ReviewItem) => (decided.get(id)?.decision ?? null) === null
  const outcome: Outcome = {
    worksheet,
    keep: rows.filter(({ decision }) => decision === 'keep').length,
    revoke: revoked.length,
    undecided: review.items.filter(isOpen).length,
    undecidedThatMatter: review.items.filter((item) => isOpen(item) && matters(item)).map(({ id }) => id),
    missing: review.items.filter(({ id }) => !decided.has(id)).map(({ id }) => id),
    flags: flagsOf(rows, (id) => namesOf(world.inventory.get(id)?.fact)),
    revoked: revoked.map(({ item }) => item.id),
    change: changeBy(world, report, itemsOf(revoked, items)),
  }
  return { ...review, outcome }
}

const itemsOf = (rows: readonly Row[], items: ReadonlyMap<string, Item>): Item[] =>
  rows.flatMap(({ item }) => items.get(item.id) ?? [])

/** What a holder may be called in the column `reviewer`. */
function namesOf(fact: object | undefined): string[] {
  return ['id', 'subject', 'name'].flatMap((field) => {
    const value: unknown = fact === undefined ? undefined : Reflect.get(fact, field)
    return typeof value === 'string' ? [folded(value)] : []
  })
}

const folded = (text: string): string => text.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase()

function flagsOf(rows: readonly Row[], holderNames: (holder: string) => readonly string[]): Outcome['flags'] {
  const kept = rows.filter(({ decision }) => decision === 'keep')
  const alike = new Map<string, number>()
  const bulkOf = ({ reviewer, comment }: Row) => JSON.stringify([folded(reviewer), folded(comment)])
  for (const row of kept) alike.set(bulkOf(row), (alike.get(bulkOf(row)) ?? 0) + 1)
  return rows.flatMap((row): Outcome['flags'] => {
    const { item, line, reviewer, comment, decision } = row
    if (decision !== 'keep') return []
    const flags: Outcome['flags'] = []
    const flag = (code: Outcome['flags'][number]['code'], text: string) =>
      flags.push({ code, line, item: item.id, text })
    const count = alike.get(bulkOf(row))!
    if (matters(item) && count >= BULK) {
      const how = comment === '' ? 'without a comment' : 'with the same comment'
      flag('bulk_approval', `kept ${how} by ${reviewer}, as one of ${count}, though high impact or a code hangs on it`)
    }
    if (item.suggestion === 'revoke' && comment === '') {
      const why = item.evidence.find(({ is }) => is === 'yes')?.text ?? 'the evidence speaks against it'
      flag('against_evidence', `kept without a comment, though: ${why}`)
    }
    if (holderNames(item.holder).includes(folded(reviewer))) flag('self_review', `kept by its own holder, ${reviewer}`)
    return flags
  })
}

/**
 * The decisions as changes to carry out, one for each item to revoke, with the place where the inventory has it; for
 * whoever, or whatever, removes them from the source. `ambitChanges` is the version of this form.
 */
export function changesOf(review: Review): object {
  const byId = new Map(review.items.map((item) => [item.id, item]))
  return {
    ambitChanges: 1,
    snapshot: review.snapshot.id,
    policy: review.policy.hash,
    changes: (review.outcome?.revoked ?? []).flatMap((id): object[] => {
      const item = byId.get(id)
      if (item === undefined) return []
      const { kind, holder, on, right, capabilities, place, check } = item
      return kind === 'membership'
        ? [{ change: 'remove_member', item: id, check, member: holder, group: on, place }]
        : [{ change: 'remove_entitlement', item: id, check, holder, on, right, capabilities, place }]
    }),
  }
}
