/**
 * The review: what `ambit review --format json` prints. `docs/schema/review.schema.json` is generated from these
 * schemas. Readers ignore keys they do not know.
 */
import Type, { type Static, type TSchema } from 'typebox'
import { Citation, Place, ReportDiagnostic } from './report.ts'

const words = <const W extends readonly string[]>(...list: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...list] })
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const Impact = words('none', 'low', 'moderate', 'high')
const Strength = words('none', 'single_factor', 'two_factor', 'phishing_resistant', 'hardware')
const Verdict = words('unfit', 'unknown', 'excepted', 'fit_with_controls', 'fit')
const Count = Type.Integer({ minimum: 0 })
const Ids = Type.Array(Type.String())

/** What may stand against an item. */
export const REVIEW_CHECKS = ['unused', 'dormant', 'orphaned', 'beyond_role', 'unlike_peers'] as const
export type ReviewCheck = (typeof REVIEW_CHECKS)[number]

/** What the evidence speaks for: against the item, for it, or neither. */
export const SUGGESTIONS = ['revoke', 'ask', 'keep'] as const
export type Suggestion = (typeof SUGGESTIONS)[number]

/** What a reviewer may write in the column `decision` of a worksheet. Empty is undecided. */
export const DECISIONS = ['keep', 'revoke'] as const
export type Decision = (typeof DECISIONS)[number]

export const Evidence = Type.Object({
  check: words(...REVIEW_CHECKS),
  is: words('yes', 'no', 'unknown'),
  /** what it rests on, or what is missing */
  text: Type.String(),
  /** facts it rests on */
  facts: Ids,
  citations: Type.Array(Citation),
})

export const Marginal = Type.Object({
  /** accounts that would no longer reach some right */
  losers: Count,
  /** what would stop being reachable with high impact: pairs of account and capability */
  highCapabilities: Type.Array(Type.Object({ account: Type.String(), capability: Type.String() })),
  /** rights of high impact that would stop being reachable, summed over accounts */
  highRights: Count,
  impactFalls: Type.Array(Type.Object({ account: Type.String(), from: Impact, to: Impact })),
  /** people of whom less would be required */
  strengthFalls: Type.Array(Type.Object({ account: Type.String(), from: Strength, to: Strength })),
  /** people who sign in with a code that is refused now, and would do then */
  mayKeepCode: Ids,
})

export const ReviewItem = Type.Object({
  id: Type.String(),
  /** changes when the item comes to mean something else */
  check: Type.String(),
  /** 1 is looked at first */
  rank: Type.Integer({ minimum: 1 }),
  kind: words('entitlement', 'membership'),
  holder: Type.String(),
  holderName: orNull(Type.String()),
  /** the holder is an account, a group or a role; null where no file says */
  holderKind: orNull(words('account', 'group', 'role')),
  /** what it is: the right as its source calls it or its capabilities, or `member` */
  right: Type.String(),
  /** the target of the right, or the group */
  on: Type.String(),
  onName: orNull(Type.String()),
  capabilities: Ids,
  /** highest impact of what it gives directly; `none` of a membership */
  impact: Impact,
  grantedAt: orNull(Type.String()),
  grantedBy: orNull(Type.String()),
  lastUsed: orNull(Type.String()),
  place: Place,
  /** enabled accounts that have it, directly or through groups and roles */
  holders: Count,
  evidence: Type.Array(Evidence),
  marginal: Marginal,
  suggestion: words(...SUGGESTIONS),
  /** stated as needed by the job */
  needed: Type.Boolean(),
})

export const MinimalSet = Type.Object({
  /** accounts that sign in with a code and reach something of high impact */
  accounts: Ids,
  /** items to withdraw so that none of them does any more */
  items: Ids,
  /** accounts that no item cuts off from it: they need a stronger way in */
  uncut: Ids,
  /** one for each item, and one for each account beside these that has it */
  cost: Count,
  /** no set costs less than this */
  costAtLeast: Count,
  optimal: Type.Boolean(),
  /** rounds of proposing a set and looking for a way around it */
  rounds: Count,
})

const pair = <S extends TSchema>(schema: S) => Type.Object({ from: schema, to: schema })
const Verdicts = Type.Record(Type.String(), Count)
const Side = Type.Object({
  verdicts: Verdicts,
  impacts: Type.Record(Type.String(), Count),
  /** people who sign in with a code and reach something of high impact */
  codesAtHighImpact: Count,
})
export const Change = Type.Object({
  before: Side,
  after: Side,
  /** accounts whose impact, verdict or requirement changes, or who could no longer sign in */
  accounts: Type.Array(
    Type.Object({
      id: Type.String(),
      name: orNull(Type.String()),
      impact: pair(Impact),
      verdict: pair(Verdict),
      required: pair(orNull(Strength)),
      canSignIn: pair(orNull(Type.Boolean())),
      capabilitiesLost: Ids,
    }),
  ),
})

export const Smaller = Type.Object({
  holder: Type.String(),
  holderName: orNull(Type.String()),
  holderKind: orNull(words('account', 'group', 'role')),
  kept: Ids,
  dropped: Ids,
})

export const Outcome = Type.Object({
  /** the worksheet that was read */
  worksheet: Type.String(),
  keep: Count,
  revoke: Count,
  undecided: Count,
  /** undecided items that matter: high impact would stop being reachable, or a code could stay */
  undecidedThatMatter: Ids,
  /** items of the inventory that the worksheet has no row for */
  missing: Ids,
  /** rows that should be looked at again */
  flags: Type.Array(
    Type.Object({
      code: words('bulk_approval', 'self_review', 'against_evidence'),
      line: Type.Integer({ minimum: 1 }),
      item: Type.String(),
      text: Type.String(),
    }),
  ),
  revoked: Ids,
  change: Change,
})

export const Review = Type.Object({
  ambitReview: Type.Literal(1),
  snapshot: Type.Object({ id: Type.String(), name: orNull(Type.String()), at: orNull(Type.String()) }),
  policy: Type.Object({ name: Type.String(), hash: Type.String(), unusedDays: Count }),
  diagnostics: Type.Array(ReportDiagnostic),
  summary: Type.Object({
    items: Count,
    entitlements: Count,
    memberships: Count,
    /** memberships in groups that no file declares; not among the items */
    unweighed: Count,
    /** accounts whose loss was not computed because the work ran out; if any, marginal reach is a lower bound */
    leftOut: Count,
    bySuggestion: Type.Record(Type.String(), Count),
    /** items by check that stands against them */
    byCheck: Type.Record(Type.String(), Count),
    /** items of which no file says when they were used */
    useUnknown: Count,
  }),
  /** by rank */
  items: Type.Array(ReviewItem),
  minimalSet: MinimalSet,
  /** what withdrawing the minimal set would change */
  minimalChange: Change,
  smaller: Type.Array(Smaller),
  outcome: orNull(Outcome),
})

export type Evidence = Static<typeof Evidence>
export type ReviewItem = Static<typeof ReviewItem>
export type MinimalSet = Static<typeof MinimalSet>
export type Change = Static<typeof Change>
export type Smaller = Static<typeof Smaller>
export type Outcome = Static<typeof Outcome>
export type Review = Static<typeof Review>

/** Columns of the worksheet that reading it back needs; the others are for the eye. */
export const WORKSHEET = {
  item: 'item',
  check: 'check',
  decision: 'decision',
  comment: 'comment',
  reviewer: 'reviewer',
} as const
