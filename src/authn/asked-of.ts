/** What of the things that an account has enrolled its owner is asked for. */
import { fallTogether, type Channel } from '#assurance/shared-channel.ts'
import type { FactorName } from './factors.ts'
import { channelOfKind } from './session.ts'
import type { EnrolledAuthenticator, Identifier } from './stores.ts'
import type { Holding } from './ways.ts'

/** What bears on it. */
interface Measure {
  /** kinds that are switched on */
  readonly factors: readonly FactorName[]
  /** of the reach */
  readonly codes: 'allowed' | 'refused'
  readonly channels: readonly Channel[]
}

/**
 * Returns what counts as enrolled: what can be shown here. A kind that the operator has switched off is taken of nobody, so that nobody
 * is asked for it; what the reach asks stands whatever is enrolled. Numbers that codes go to are the second factors that they are.
 */
export const askedOf = (
  { enrolled, identifiers }: Pick<Holding, 'enrolled' | 'identifiers'>,
  measure: Measure,
): EnrolledAuthenticator[] => [
  ...enrolled.filter(({ kind }) => measure.factors.includes(kind)),
  ...enrolledNumbers(identifiers, measure),
]

/**
 * Returns the proved numbers of an account that are asked for beside a password. A number is a restricted authenticator (SP 800-63B-4
 * §3.2.9), but one that is enrolled: to leave it out would be to let in whoever has the password alone. None counts where codes to
 * numbers are switched off or the reach forbids codes, since nobody could show it; nor one that falls with the password, since it adds
 * nothing. Mailboxes are none at all (§3.1.3).
 */
function enrolledNumbers(
  identifiers: readonly Identifier[],
  { factors, codes, channels }: Measure,
): EnrolledAuthenticator[] {
  if (codes === 'refused' || !factors.includes('sms_code')) return []
  return identifiers
    .filter(({ kind, canonical, verifiedAt }) => {
      const placed = [
        { id: 'password', on: [channelOfKind('password')] },
        { id: 'number', on: [canonical, channelOfKind('sms_code')] },
      ]
      return kind === 'phone' && verifiedAt !== null && fallTogether(placed, channels).length === 0
    })
    .map(({ account, canonical, boundAtAal, addedAt }) => ({
      id: canonical,
      account,
      kind: 'sms_code' as const,
      name: canonical,
      state: 'active' as const,
      channel: canonical,
      boundAtAal,
      material: '',
      lookup: null,
      counter: 0,
      addedAt,
      expiresAt: null,
      usedAt: null,
    }))
}
