/** One form for each name a person may type, so that one person has one bucket and one mailbox gets one message. */
import { domainToASCII } from 'node:url'
import type { Keyring } from './keyring.ts'
import type { Identifier } from './stores.ts'

/** Longest identifier: a mail address of 254 characters (RFC 5321 §4.5.3.1.3). */
const LONGEST = 254

/** Of the local part, only what needs no quoting: one address is one recipient, whatever reads it (RFC 5321 §4.1.2, dot-string). */
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/
/** E.164: up to fifteen digits, no leading zero. */
const PHONE = /^\+[1-9][0-9]{6,14}$/
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{N}._@:+-]*$/u

/** Returns the canonical form, or null for what cannot be such an identifier. Normalised first, then checked. */
export function canonical(kind: Identifier['kind'], typed: unknown): string | null {
  if (typeof typed !== 'string' || typed.length > 4 * LONGEST) return null
  const text = typed.normalize('NFKC').trim().toLowerCase().normalize('NFKC')
  if (text.length === 0 || text.length > LONGEST) return null
  switch (kind) {
    case 'mail':
      return mail(text)
    case 'phone': {
      const digits = text.replaceAll(/[\s().-]/g, '')
      return PHONE.test(digits) ? digits : null
    }
    case 'username':
      return USERNAME.test(text) ? text : null
    case 'upstream':
      return typed.length <= LONGEST ? typed : null // an issuer's own words are compared as they are
  }
}

function mail(text: string): string | null {
  const at = text.lastIndexOf('@')
  if (at <= 0) return null
  const local = text.slice(0, at)
  const domain = domainToASCII(text.slice(at + 1))
  return LOCAL_PART.test(local) && local.length <= 64 && DOMAIN.test(domain) ? `${local}@${domain}` : null
}

/** Which kind a typed name is, at a sign-in that takes any. */
export function kindOf(typed: string): Identifier['kind'] {
  const text = typed.normalize('NFKC').trim()
  return text.startsWith('+') ? 'phone' : text.includes('@') ? 'mail' : 'username'
}

/**
 * What stands for an account where nobody has the name that was typed: everything then goes the way it goes for an account, and fails.
 * The name itself is not kept: people type passwords there.
 */
export const nobodys = (keyring: Keyring, typed: string): string => `? ${keyring.mac('handle', 'nobody', typed)}`
export const isNobodys = (account: string): boolean => account.startsWith('? ')
