/** What the routes of people work with; made once, in the server's main. */
import type { Provider } from 'oidc-provider'
import type { Tools } from '#authn/ceremony.ts'
import type { FactorName } from '#authn/factors.ts'
import type { IsBreached } from '#authn/passwords.ts'
import type { Passkeys } from '#authn/passkeys.ts'
import type { Floor, SignInStore } from '#authn/sign-in.ts'
import type { IdentifierStore } from '#authn/stores.ts'
import type { Worths } from '#assurance/authenticator.ts'
import type { Channel } from '#assurance/shared-channel.ts'

export interface PeopleParts {
  readonly provider: Provider
  readonly tools: Tools
  readonly passkeys: Passkeys
  readonly identifiers: IdentifierStore
  readonly signIns: SignInStore
  readonly isBreached: IsBreached
  readonly worths: () => Worths
  readonly channelsOf: (account: string) => readonly Channel[]
  /** what the reach of an account asks; null where there is no such account, or no snapshot: then nobody signs in to it */
  readonly floorOf: (account: string) => Floor | null
  /** name of the organisation */
  readonly brand: string
  /** origin of the pages, as browsers know it */
  readonly origin: string
  /** kinds that are switched on */
  readonly factors: readonly FactorName[]
}
