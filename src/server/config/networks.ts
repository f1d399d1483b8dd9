/** Which addresses a list of networks holds. */
import ipaddr from 'ipaddr.js'

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

/** A network from `10.0.0.0/8`, or one address; null for what is neither. */
export function networkOf(text: string): Network | null {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text)
    const address = ipaddr.parse(text)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  } catch {
    return null
  }
}

/** An address, with IPv4 inside IPv6 taken out; null for what is none. */
export function addressOf(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  try {
    return ipaddr.process(text)
  } catch {
    return null
  }
}

/** Tells whether an address lies in any of the networks; what is no address lies in none. */
export function withinNetworks(networks: readonly string[]): (address: string) => boolean {
  const parsed = networks.map(networkOf).filter((network) => network !== null)
  return (text) => {
    const address = addressOf(text)
    if (address === null) return false
    return parsed.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits))
  }
}

/** Whether an address means this machine. */
export const isLoopback = (text: string): boolean => addressOf(text)?.range() === 'loopback'

/** Bits of an address that one customer of a provider has for himself: a /24 of IPv4, a /48 of IPv6 (RFC 6177 §2). */
const PREFIX = { ipv4: 24, ipv6: 48 } as const

/** The network of an address, for telling what is usual; null for what is no address. */
export function networkPrefix(text: string): string | null {
  const address = addressOf(text)
  if (address === null) return null
  const cidr = `${address.toString()}/${PREFIX[address.kind()]}`
  const network =
    address.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr)
  return `${network.toString()}/${PREFIX[address.kind()]}`
}
