/** From the names in an event to accounts, sessions and devices here: only those that the sender may speak of. */
import { canonical } from '#authn/identifiers.ts'
import type { IdentifierStore } from '#authn/stores.ts'
import type { Cut, Meant } from '#signals/meant.ts'
import type { EventSubject, Name } from '#signals/subject.ts'
import type { SenderConfig } from '#server/config/signals.ts'

/** Returns whom it means; null where any name is of somebody that the sender may not speak of. */
export async function whomItMeans(
  { users, sessions, devices, tenants }: EventSubject,
  { subjects, devices: mayDevices }: SenderConfig,
  identifiers: Pick<IdentifierStore, 'find'>,
): Promise<Meant | null> {
  const accounts = new Set<string>()
  const named: { kind: 'mail' | 'phone'; canonical: string }[] = []
  const holderOf = async (kind: 'mail' | 'phone', text: string) => {
    named.push({ kind, canonical: text })
    const holder = await identifiers.find(kind, text)
    if (holder !== null) accounts.add(holder.account)
  }
  for (const name of users) {
    switch (name.format) {
      case 'iss_sub': {
        const row = subjects.issuers.find(({ issuer }) => issuer === name.issuer)
        if (row === undefined) return null
        accounts.add(`${row.prefix}${name.subject}`)
        break
      }
      case 'account': {
        const row = subjects.accounts.find(({ domain }) => domain === domainOf(name.account))
        if (row === undefined) return null
        accounts.add(`${row.prefix}${name.account}`)
        break
      }
      case 'email': {
        const address = canonical('mail', name.email)
        const row = subjects.mail.find(({ domain }) => address !== null && domain === domainOf(address))
        if (address === null || row === undefined) return null
        await holderOf('mail', address)
        if (row.prefix !== undefined) accounts.add(`${row.prefix}${address}`)
        break
      }
      case 'phone_number': {
        const number = canonical('phone', name.phone)
        if (number === null || !subjects.phones) return null
        await holderOf('phone', number)
        break
      }
      case 'opaque':
        if (subjects.opaque === undefined) return null
        accounts.add(`${subjects.opaque.prefix}${name.id}`)
        break
      default:
        return null
    }
  }
  const cuts: Cut[] = []
  for (const name of sessions) {
    const found = cutsOf(name, subjects.issuers)
    if (found === null) return null
    cuts.push(...found)
  }
  if (devices.length > 0 && !mayDevices) return null
  const tenantIds = tenants.map(idOf)
  if (tenantIds.some((id) => id === null || !subjects.tenants.includes(id))) return null
  return {
    accounts: [...accounts],
    cuts,
    session: sessions.map(idOf).find((id) => id !== null) ?? null,
    device: devices.map(idOf).find((id) => id !== null) ?? null,
    identifiers: named,
  }
}

/** A session without an issuer may be of any that the sender speaks for. */
function cutsOf(name: Name, issuers: SenderConfig['subjects']['issuers']): Cut[] | null {
  const isKnown = (issuer: string) => issuers.some((row) => row.issuer === issuer)
  if (name.format === 'jwt_id') return isKnown(name.issuer) ? [{ issuer: name.issuer, jti: name.jti }] : null
  if (name.format === 'iss_sub') return isKnown(name.issuer) ? [{ issuer: name.issuer, sid: name.subject }] : null
  if (name.format !== 'opaque' || issuers.length === 0) return null
  return issuers.map(({ issuer }) => ({ issuer, sid: name.id }))
}

const idOf = (name: Name): string | null =>
  name.format === 'opaque' ? name.id : name.format === 'iss_sub' ? name.subject : null

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()
