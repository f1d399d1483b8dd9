import type { AuthenticatorKind, ChannelKind } from '#contract/vocabulary.ts'
import { closure } from '#graph/closure.ts'
import { buildProgram } from '#graph/program.ts'
import type { RuleSystem } from '#graph/rules.ts'
import { RULE_KIND_NAMES, type Snapshot } from '#model/compile.ts'
import type { RuleKindName } from '#model/kinds.ts'
import type { AuthenticatorFact, Way } from './ways-in.ts'

/** What an owner may lose, one at a time; everyone loses it at once, which is the honest case for a shared cause. */
export const LOSSES = [
  { name: 'nothing', channels: [], kinds: [] },
  { name: 'a memorised password', channels: [], kinds: ['password', 'pin'] },
  {
    name: 'the phone or laptop',
    channels: ['device'],
    kinds: ['totp', 'push', 'remembered_device', 'otp_multi_factor', 'passkey', 'software_key'],
  },
  { name: 'the phone number', channels: ['phone_number'], kinds: ['sms_code', 'voice_code'] },
  { name: 'the hardware key', channels: ['hardware_key'], kinds: ['security_key', 'smart_card', 'hotp'] },
  { name: 'the mailbox', channels: ['mailbox'], kinds: ['email_code', 'email_link'] },
  { name: 'the vault', channels: ['vault'], kinds: [] },
  { name: 'the sync account', channels: ['sync_fabric'], kinds: [] },
  { name: 'the papers', channels: ['paper'], kinds: ['recovery_code', 'lookup_secret'] },
] as const satisfies readonly Loss[]

interface Loss {
  readonly name: string
  readonly channels: readonly ChannelKind[]
  readonly kinds: readonly AuthenticatorKind[]
}

/** Rules an owner may use in good faith; the rest are what an intruder would abuse. */
const OWNER_RULES = new Set<RuleKindName>([
  'way_in',
  'gate',
  'on_channel',
  'held_channel',
  'member_of',
  'declared',
  'replicates',
  'carried_secret',
])
/** Channels an owner reaches only through an account; the others are in the hand. */
const THROUGH_ACCOUNT = new Set<ChannelKind>(['mailbox', 'vault', 'sync_fabric'])
/** Rights that let someone else set the owner up again. */
const RESETTING = ['reset_authenticators', 'administer', 'mint_credentials']

export interface Recoverability {
  /** null where no way in is known */
  readonly canSignIn: boolean | null
  /** names of {@link LOSSES} that alone lock the owner out for good */
  readonly lostWithout: readonly string[]
}

/** R6: the least fixpoint from the owners' side, one lane per loss. */
export function recoverabilityOf(
  snapshot: Snapshot,
  ways: ReadonlyMap<string, readonly Way[]>,
): (account: string) => Recoverability {
  const { masks } = closure(buildProgram(ownerSystem(snapshot)), ownerSeeds(snapshot))
  return (account) => {
    const stated = ways.get(account)
    const node = snapshot.indexOf.get(account)
    if (stated === undefined || node === undefined) return { canSignIn: null, lostWithout: [] }
    const mask = masks[node]!
    const canSignIn = (mask & 1) === 1
    if (!canSignIn) return { canSignIn: stated.some(restsOnUnknown(snapshot)) ? null : false, lostWithout: [] }
    return { canSignIn, lostWithout: LOSSES.flatMap(({ name }, lane) => (((mask >>> lane) & 1) === 0 ? [name] : [])) }
  }
}

const restsOnUnknown =
  (snapshot: Snapshot) =>
  (way: Way): boolean =>
    way.alternatives === null ||
    way.alternatives.some((leaves) =>
      leaves.some((id) => {
        const fact = snapshot.inventory.get(id)?.fact
        return fact === undefined || (fact.fact === 'authenticator' && fact.kind === 'unknown')
      }),
    )

/**
 * The owner's rules. What lies on a mailbox, vault or sync account also asks for a node that stands for this kind of
 * channel being available; those nodes are appended after the snapshot's own, in the order of THROUGH_ACCOUNT.
 */
function ownerSystem(snapshot: Snapshot): RuleSystem {
  const { rules, ruleKinds } = snapshot
  const heads: number[] = []
  const needs: number[] = []
  const offsets: number[] = [0]
  const bodies: number[] = []
  for (let r = 0; r < rules.heads.length; r++) {
    if (!OWNER_RULES.has(RULE_KIND_NAMES[ruleKinds[r]!]!)) continue
    heads.push(rules.heads[r]!)
    let asks = rules.needs[r]!
    for (let b = rules.bodyOffsets[r]!; b < rules.bodyOffsets[r + 1]!; b++) {
      const body = rules.bodies[b]!
      bodies.push(body)
      const available = availabilityNode(snapshot, body)
      if (available !== null && asks === 1) {
        bodies.push(available)
        asks = 2
      }
    }
    needs.push(asks)
    offsets.push(bodies.length)
  }
  return {
    nodeCount: rules.nodeCount + THROUGH_ACCOUNT.size,
    heads: Uint32Array.from(heads),
    needs: Uint16Array.from(needs),
    bodyOffsets: Uint32Array.from(offsets),
    bodies: Uint32Array.from(bodies),
  }
}

function availabilityNode(snapshot: Snapshot, node: number): number | null {
  const fact = snapshot.inventory.get(snapshot.nodeIds[node]!)?.fact
  if (fact?.fact !== 'channel') return null
  const position = [...THROUGH_ACCOUNT].indexOf(fact.kind)
  return position < 0 ? null : snapshot.rules.nodeCount + position
}

function ownerSeeds(snapshot: Snapshot): Uint32Array {
  const seeds = new Uint32Array(snapshot.nodeIds.length + THROUGH_ACCOUNT.size)
  ;[...THROUGH_ACCOUNT].forEach((kind, i) => {
    LOSSES.forEach((loss: Loss, lane) => {
      if (!loss.channels.includes(kind)) seeds[snapshot.nodeIds.length + i]! |= 1 << lane
    })
  })
  const everyLane = (1 << LOSSES.length) - 1
  for (const { fact } of snapshot.inventory.byKind.authenticator) {
    const node = snapshot.indexOf.get(fact.id)!
    LOSSES.forEach((loss, lane) => {
      if (inHand(snapshot, fact, loss)) seeds[node]! |= 1 << lane
    })
  }
  for (const { fact } of snapshot.inventory.byKind.channel) {
    if (fact.heldBy !== undefined && THROUGH_ACCOUNT.has(fact.kind)) continue
    const node = snapshot.indexOf.get(fact.id)!
    LOSSES.forEach((loss: Loss, lane) => {
      if (!loss.channels.includes(fact.kind)) seeds[node]! |= 1 << lane
    })
  }
  // someone else can set these accounts up again, whatever their owner loses
  for (const { target, node } of snapshot.rights) {
    const account = snapshot.indexOf.get(target)
    const right = snapshot.nodeIds[node]!.split(':', 2)[1]!
    if (account !== undefined && RESETTING.includes(right) && snapshot.inventory.kindOf(target) === 'account') {
      seeds[account]! |= everyLane & ~1
    }
  }
  return seeds
}

/** Whether the owner still has this authenticator after the loss without entering any other account. */
function inHand(snapshot: Snapshot, authenticator: AuthenticatorFact, loss: Loss): boolean {
  const channels = authenticator.on ?? []
  if (channels.length === 0) return !loss.kinds.includes(authenticator.kind)
  return channels.some((id) => {
    const fact = snapshot.inventory.get(id)?.fact
    if (fact?.fact !== 'channel') return false
    return !THROUGH_ACCOUNT.has(fact.kind) && !loss.channels.includes(fact.kind)
  })
}
