import type { Block, Layout, Marks } from './generate.ts'
import type { Random } from './random.ts'

/** All 32 lanes. */
const EVERY = 0xffffffff

/** Attacker tiers and efforts of directly defeated nodes; arbitrary but of the shape that a policy yields. */
const DIRECT = [
  { block: 'passwords', tier: 1, weakShare: 0.04, weakBits: 0x0000ff07, bits: 0x0000ff00 },
  { block: 'factors', tier: 2, weakShare: 0.3, weakBits: 0x0033cc00, bits: 0x00300000 },
  { block: 'mailboxes', tier: 2, weakShare: 0.02, weakBits: 0x000000f0, bits: 0x00c00000 },
  { block: 'phones', tier: 2, weakShare: 0.1, weakBits: 0x0f00f000, bits: 0x0f000000 },
  { block: 'devices', tier: 3, weakShare: 0.02, weakBits: 0x00000308, bits: 0x10000000 },
  { block: 'secrets', tier: 1, weakShare: 0.005, weakBits: 0x000f0001, bits: 0 },
] as const

/** Capability classes by block: bits drawn per node, and the share of nodes that carry one. */
const CAPABILITIES = [
  { block: 'resources', share: 0.2, firstBit: 0, bits: 14 },
  { block: 'secrets', share: 1, firstBit: 14, bits: 4 },
  { block: 'vaults', share: 1, firstBit: 18, bits: 2 },
  { block: 'units', share: 1, firstBit: 20, bits: 4 },
  { block: 'mailShards', share: 1, firstBit: 24, bits: 2 },
  { block: 'roles', share: 0.05, firstBit: 26, bits: 4 },
  { block: 'directories', share: 1, firstBit: 30, bits: 2 },
] as const

/** Returns the per-node marks of an enterprise: accounts, capability classes, attacker and owner seeds, direct costs. */
export function markNodes(layout: Layout, random: Random): Marks {
  const { nodeCount } = layout
  const accountBit = new Uint8Array(nodeCount).fill(1, 0, layout.passwords.first)
  const capabilityMasks = new Uint32Array(nodeCount)
  const attackerSeeds = new Uint32Array(nodeCount)
  const ownerSeeds = new Uint32Array(nodeCount)
  for (const { block, share, firstBit, bits } of CAPABILITIES) {
    forEachNode(layout[block], (node) => {
      if (random.chance(share)) capabilityMasks[node] = (1 << (firstBit + random.below(bits))) >>> 0
    })
  }
  const directNodes = new Uint32Array(DIRECT.reduce((sum, { block }) => sum + layout[block].count, 0))
  const directTiers = new Uint8Array(directNodes.length)
  const directEfforts = new Uint8Array(directNodes.length)
  let direct = 0
  for (const { block, tier, weakShare, weakBits, bits } of DIRECT) {
    forEachNode(layout[block], (node) => {
      const weak = random.chance(weakShare)
      attackerSeeds[node] = weak ? weakBits : bits
      if (!weak && bits === 0) return
      directNodes[direct] = node
      directTiers[direct] = weak ? tier : tier + 1
      directEfforts[direct++] = 1 + random.below(weak ? 3 : 8)
    })
  }
  // Insider profiles: the last lanes each start from a few accounts.
  for (let lane = 28; lane < 32; lane++) {
    for (let k = 0; k < 3; k++) {
      const account = random.below(layout.passwords.first)
      attackerSeeds[account] = (attackerSeeds[account] | (1 << lane)) >>> 0
    }
  }
  // Owners know passwords and hold phones, devices and factors; each scenario takes some of them away.
  for (const block of [layout.passwords, layout.factors, layout.phones, layout.devices, layout.secrets]) {
    forEachNode(block, (node) => {
      ownerSeeds[node] = random.chance(0.1) ? Math.floor(random.next() * 4294967296) : EVERY
    })
  }
  return {
    accountBit,
    capabilityMasks,
    attackerSeeds,
    ownerSeeds,
    directNodes: directNodes.slice(0, direct),
    directTiers: directTiers.slice(0, direct),
    directEfforts: directEfforts.slice(0, direct),
  }
}

function forEachNode({ first, count }: Block, visit: (node: number) => void): void {
  for (let node = first; node < first + count; node++) visit(node)
}
