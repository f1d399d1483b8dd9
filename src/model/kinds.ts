/**
 * Every way in which one thing leads to another: the rule kinds, each with its shape and its reason.
 * The compiler (`compile.ts`) makes rules of these kinds and of no others; the checker (`verify/`) knows each by name.
 *
 * Derived nodes:
 *   `right:<capability>:<target>`                    holding a capability on a target
 *   `right:reset_authenticators/<kind>:<target>`     a reset limited to one kind of authenticator
 *   `gate:<owner id>:<path>`                         an inner part of a formula, e.g. `gate:wi-1:0.2`
 */
export interface RuleKind {
  /** the shape, in the words of the inventory */
  readonly shape: string
  /** why whoever controls the body controls the head */
  readonly reason: string
}

export const RULE_KINDS = {
  member_of: {
    shape: 'X ← Y, where Y (account, group, role) lists X (group, role) in memberOf',
    reason: 'a member has what its group has, through any nesting',
  },
  entitled: {
    shape: 'right:C:T ← holder of an entitlement to capability C on T (with `resets`: right:reset_authenticators/K:T)',
    reason: 'the holder may do it',
  },
  full_reset: {
    shape: 'right:reset_authenticators/K:T ← right:reset_authenticators:T',
    reason: 'a right to reset everything includes each kind',
  },
  administer_all: {
    shape:
      'right:C:T ← right:administer:T, for every capability C that any rule or entitlement names on T, where T is not a group or role',
    reason:
      'whoever administers a thing can grant themselves any right on it; whoever administers a group can only join it',
  },
  inherited: {
    shape: 'right:C:R ← right:C:P, where resource R lies in resource P',
    reason: 'a right on a container holds for what lies in it',
  },
  scope: {
    shape:
      'right:C:M ← right:C:G for C in reset_authenticators (with its kinds), impersonate, alter_auth_policy, mint_credentials, where M lists group G in memberOf',
    reason: 'a right over a group is a right over its members, through any nesting',
  },
  governs: {
    shape:
      'right:alter_auth_policy:X ← right:alter_auth_policy:R, where resource R lists X (account, group) in governs',
    reason: 'the policy of this resource decides which factor is asked of them',
  },
  administer_group: {
    shape: 'G ← right:administer:G, for a group or role G',
    reason: 'whoever administers a group can join it',
  },
  administer_account: {
    shape: 'A ← right:administer:A, for an account A',
    reason: 'full control of an account',
  },
  act_as: {
    shape:
      'A ← right:impersonate:A, for an account A; likewise right:mint_credentials:A and right:reset_authenticators:A',
    reason: 'acting as it, minting a credential for it, or setting up new authenticators gives the account',
  },
  reset_one: {
    shape: 'X ← right:reset_authenticators/K:A, for each authenticator X of kind K of account A',
    reason: 'a reset authenticator is set anew by whoever resets it',
  },
  lower_policy: {
    shape:
      'X ← right:alter_auth_policy:A, for each authenticator X of account A that is not a password, pin or security question',
    reason: 'the policy can stop asking for this factor; it does not reveal what the holder knows',
  },
  run_as: {
    shape: 'A ← right:C:R for C in administer, alter_infrastructure, change_code, where resource R runs as account A',
    reason: 'code placed there acts as that account',
  },
  deploys: {
    shape:
      'right:alter_infrastructure:S ← right:C:R for C in administer, change_code, where resource R deploys to resource S',
    reason: 'what is built here is rolled out there',
  },
  build_secret: {
    shape:
      'secret ← right:C:R for C in administer, change_code, alter_infrastructure, use_secrets, where resource R uses the secret',
    reason: 'code that runs there can read the secrets given to it',
  },
  stored_secret: {
    shape:
      'secret ← right:C:R for C in administer, use_secrets, read_sensitive_data, where the secret is stored in resource R',
    reason: 'reading the place reveals the secret',
  },
  carried_secret: {
    shape: 'secret ← channel in which it is stored',
    reason: 'holding the mailbox, vault or device reveals what lies in it',
  },
  own_secret: {
    shape: 'secret ← right:C:secret for C in administer, use_secrets, rotate_secrets',
    reason: 'whoever may read or set the secret knows its value',
  },
  opens: {
    shape: 'A ← secret that opens account A',
    reason: 'the secret is the whole sign-in',
  },
  replicates: {
    shape: 'X ← secret that proves authenticator X (its seed, its recovery code, a copy of the password)',
    reason: 'a copy of the authenticator proves as well as the original',
  },
  held_channel: {
    shape: 'channel ← account listed in heldBy',
    reason: 'whoever enters this account reads the channel',
  },
  controlled_channel: {
    shape: 'channel ← right:C:channel for C in control_channel, administer',
    reason: 'the right lets its holder read or redirect the channel',
  },
  carried_channel: {
    shape:
      'channel ← channel in carriedBy; or right:C:R for C in control_channel, administer, alter_infrastructure, where resource R is in carriedBy',
    reason: 'what carries the channel can read or redirect it',
  },
  on_channel: {
    shape: 'authenticator ← channel it lives on or travels through',
    reason: 'codes sent there can be read, keys kept there can be used',
  },
  way_in: {
    shape: 'A (or each authenticator in yields) ← the formula of a way in; inner all/any/atLeast become gates',
    reason: 'everything this way in asks for is satisfied',
  },
  gate: {
    shape: 'gate:<owner>:<path> ← parts of a formula',
    reason: 'an inner part of a formula is satisfied',
  },
  session: {
    shape: 'A ← live session of account A',
    reason: 'a session is entry without any factor',
  },
  session_on: {
    shape: 'session ← device it lives on, unless its binding is dpop, mtls or dbsc',
    reason: 'an unbound session can be copied from the device',
  },
  declared: {
    shape: 'then ← when, of a rule of the inventory; inner parts become gates',
    reason: 'a rule of the organisation’s own',
  },
} as const satisfies Record<string, RuleKind>

export type RuleKindName = keyof typeof RULE_KINDS

/** Separator-safe names of derived nodes; the only place that spells them. */
export const rightNode = (capability: string, target: string) => `right:${capability}:${target}`
export const resetNode = (authenticatorKind: string, target: string) =>
  `right:reset_authenticators/${authenticatorKind}:${target}`
export const gateNode = (owner: string, path: readonly number[]) => `gate:${owner}:${path.join('.')}`
