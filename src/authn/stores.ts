/** What the ceremonies ask of storage, beside challenges. Every method that changes something is one durable step. */
import type { Budget, Pool } from './budget.ts'
import type { FactorName } from './factors.ts'
import type { Proof, Session } from './session.ts'
import type { SessionBinding } from './session-binding.ts'
import type { Telling } from './tellings.ts'

export const ACCOUNT_STATUSES = ['active', 'disabled', 'frozen'] as const
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number]

/**
 * Why an account is shut. Each is lifted by what lifts this one, and leaves the others: the first by an administrator, the second by
 * somebody who outranks the account, the third by the decision about the recovery.
 */
export const LOCKS = ['administrator', 'not_me', 'contested_recovery'] as const
export type Lock = (typeof LOCKS)[number]

/** Where an account stands. An account never seen before is active at epoch 0. */
export interface AccountState {
  readonly account: string
  /** `disabled` by an administrator or a sender of security events, `frozen` by any other lock */
  readonly status: AccountStatus
  readonly locks: readonly Lock[]
  /** rises with every change after which older sessions and codes must be worth nothing */
  readonly epoch: number
  /** milliseconds since 1970 until which a recovery holds authority back; 0 for none */
  readonly withheldUntil: number
}

export interface AccountStateStore {
  readonly stateOf: (account: string) => Promise<AccountState>
  /** one step: the locks as they are then, a higher epoch, and the end of every session, challenge and known browser of before */
  readonly endEverything: (account: string, change: Ending, now: number) => Promise<AccountState>
}

/** What ends everything of an account. */
export interface Ending {
  readonly locks?: readonly Lock[]
  readonly unlocks?: Lock
  /** milliseconds since 1970 */
  readonly withheldUntil?: number
  /** a word of ours */
  readonly reason: string
}

export const AUTHENTICATOR_STATES = ['pending', 'active', 'suspended', 'removed'] as const

/** An authenticator enrolled here. Its material is sealed by the keyring for its id. */
export interface EnrolledAuthenticator {
  readonly id: string
  readonly account: string
  readonly kind: FactorName
  readonly name: string
  readonly state: (typeof AUTHENTICATOR_STATES)[number]
  readonly channel: string | null
  readonly boundAtAal: number
  readonly material: string
  /** what it is found by, unique for its kind: credential id, MAC of a recovery code */
  readonly lookup: string | null
  readonly counter: number
  readonly addedAt: number
  readonly expiresAt: number | null
  readonly usedAt: number | null
}

/**
 * The session in which a person changes his own account: nothing is changed unless it is alive in that very step, whatever was so when
 * the change began. Null, or left out, where nobody's session makes the change.
 */
export type ChangedIn = string | null

export interface AuthenticatorStore {
  /** false where the session is over */
  readonly enrol: (authenticator: EnrolledAuthenticator, session?: ChangedIn) => Promise<boolean>
  /**
   * Enrols these instead of all of their kind that the account has, at once; of two at a time the later one's remain. False where the
   * session is over.
   */
  readonly replace: (
    account: string,
    kind: FactorName,
    authenticators: readonly EnrolledAuthenticator[],
    session?: ChangedIn,
  ) => Promise<boolean>
  readonly listOf: (account: string) => Promise<readonly EnrolledAuthenticator[]>
  readonly findBy: (kind: FactorName, lookup: string) => Promise<EnrolledAuthenticator | null>
  /**
   * Uses it with a counter that must be higher than any before: true exactly once for each number, only while it is
   * active and not expired.
   */
  readonly useCounter: (id: string, account: string, counter: number, now: number) => Promise<boolean>
  /** uses it up: true exactly once, after which it is removed */
  readonly useOnce: (id: string, account: string, now: number) => Promise<boolean>
  /** notes a use of one that has no counter; false where it is not active */
  readonly touch: (id: string, account: string, now: number) => Promise<boolean>
  readonly setState: (
    id: string,
    account: string,
    from: readonly EnrolledAuthenticator['state'][],
    to: EnrolledAuthenticator['state'],
    session?: ChangedIn,
  ) => Promise<boolean>
  /** one step: suspends one that is active, ends everything of its account, and keeps what is to be told of it; true exactly once */
  readonly suspend: (
    id: string,
    account: string,
    reason: string,
    tellings: readonly Telling[],
    now: number,
  ) => Promise<boolean>
  /** those of a kind that are active, of all accounts, by their ids, from the one after `after` on */
  readonly pageOf: (kind: FactorName, after: string, count: number) => Promise<readonly EnrolledAuthenticator[]>
  readonly rename: (id: string, account: string, name: string, session?: ChangedIn) => Promise<boolean>
}

/** All that an account may sign in with, as it stands. */
export interface Belongings {
  readonly enrolled: readonly EnrolledAuthenticator[]
  readonly identifiers: readonly Identifier[]
}

export interface BelongingsStore {
  readonly of: (account: string) => Promise<Belongings>
  /**
   * Takes one thing away where `may` says so of all that is there, with it and without it. What is taken away of one account is so one
   * after another, so that two together take no more than each may. `gone` where it is not there, or the session is over.
   */
  readonly takeAway: (
    account: string,
    session: string,
    what: { readonly authenticator: string } | Pick<Identifier, 'kind' | 'canonical'>,
    may: (before: Belongings, after: Belongings) => boolean,
  ) => Promise<'taken' | 'kept' | 'gone'>
}

/** What guesses are counted for: a factor of an account, or one session whatever the factor. */
export type Counted = FactorName | 'session' | 'user_code'

export interface BudgetStore {
  /**
   * Counts one guess, before anything is compared, in the pool of the browser (`''` is known to nobody); null where the budget has
   * none left there
   */
  readonly reserve: (
    account: string,
    factor: Counted,
    browser: string,
    budget: Budget,
    now: number,
  ) => Promise<Pool | null>
  /** a success: the hour begins anew, nothing counts as in a row, and the day has its own guess back, but none that failed */
  readonly succeeded: (account: string, factor: Counted, pool: Pool) => Promise<void>
  /** makes a browser one that the account has signed in from */
  readonly remember: (browser: string, account: string, now: number) => Promise<void>
  /** since when it is such a one, and nothing has ended everything of the account (milliseconds since 1970); null where it is none */
  readonly knownSince: (browser: string, account: string) => Promise<number | null>
}

export interface SessionStore {
  /** `token` is the hash of what the browser holds */
  readonly begin: (session: Session, token: string) => Promise<void>
  /**
   * The session of a token: null where it ended, its time is over, its account is not active, or the account's epoch has moved on.
   * Notes the use where `counts` says so of it, and is null otherwise. None is noted unless `isVisit`: a program that asks in the background is
   * nobody who is there (SP 800-63B-4 §5.2).
   */
  readonly resume: (
    token: string,
    now: number,
    counts?: (session: Session) => boolean,
    isVisit?: boolean,
  ) => Promise<Session | null>
  /** notes that its person was there, at a door of another application; one whose time is over stays so */
  readonly visit: (id: string, now: number) => Promise<void>
  /** binds it to a key: true once for each session, only while it is alive and has this token */
  readonly bind: (id: string, token: string, binding: SessionBinding, now: number) => Promise<boolean>
  /** the session that is alive and bound by this id; notes no use */
  readonly findBound: (binding: string, now: number) => Promise<Session | null>
  /** counts a proof of the key: true exactly once for each number of uses, only while the session is alive */
  readonly countProof: (binding: SessionBinding, now: number) => Promise<boolean>
  /**
   * Adds a proof and changes the token in one step; null where the session is no longer alive, or another answer was
   * quicker, so that of two elevations at once one holds
   */
  readonly elevate: (
    id: string,
    token: { from: string; to: string },
    proof: Proof,
    now: number,
  ) => Promise<Session | null>
  /** the session, if it is alive; notes no use */
  readonly find: (id: string, now: number) => Promise<Session | null>
  readonly end: (id: string, reason: string, now: number) => Promise<boolean>
  /** one step: ends those of an account that rest on such a proof, and returns which */
  readonly endResting: (
    account: string,
    isOn: (proof: Proof) => boolean,
    reason: string,
    now: number,
  ) => Promise<readonly string[]>
  /**
   * One step: ends everything of the account, and begins `renewed` in place of `session`, at the epoch after it. Null where somebody ended
   * that one meanwhile, or all of them: whoever did the latter has ended everything, and nothing more is ended then.
   */
  readonly renew: (
    session: Session,
    renewed: Session,
    token: string,
    reason: string,
    now: number,
  ) => Promise<Session | null>
  readonly listOf: (account: string, now: number) => Promise<readonly Session[]>
}

export const IDENTIFIER_KINDS = ['username', 'mail', 'phone', 'upstream'] as const

export interface Identifier {
  readonly kind: (typeof IDENTIFIER_KINDS)[number]
  /** the one form that is compared: see identifiers.ts */
  readonly canonical: string
  readonly shown: string
  readonly account: string
  readonly verifiedAt: number | null
  readonly addedAt: number
  /** level of the session that added it, which caps what a code to it proves (SP 800-63B-4 §4.1.2.1); 2 by an administrator */
  readonly boundAtAal: number
}

export interface IdentifierStore {
  readonly find: (kind: Identifier['kind'], canonical: string) => Promise<Identifier | null>
  readonly listOf: (account: string) => Promise<readonly Identifier[]>
  /** false where it belongs to someone already, or the session is over */
  readonly add: (identifier: Identifier, session?: ChangedIn) => Promise<boolean>
  readonly verify: (
    kind: Identifier['kind'],
    canonical: string,
    account: string,
    now: number,
    boundAtAal: number,
    session?: ChangedIn,
  ) => Promise<boolean>
  readonly remove: (kind: Identifier['kind'], canonical: string, account: string) => Promise<boolean>
}
