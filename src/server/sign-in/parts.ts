/** What the routes of people work with; made once, in the server's main. */
import type { Provider } from 'oidc-provider'
import type { Tools } from '#authn/ceremony.ts'
import type { FactorName } from '#authn/factors.ts'
import type { IsBreached } from '#authn/passwords.ts'
import type { Passkeys } from '#authn/passkeys.ts'
import type { PushStore } from '#authn/push-port.ts'
import type { RecoveryParts } from '#authn/recover.ts'
import type { UsedLinkStore } from '#authn/not-me.ts'
import type { Floor, SignInStore } from '#authn/sign-in.ts'
import type { BelongingsStore, IdentifierStore } from '#authn/stores.ts'
import type { Worths } from '#assurance/authenticator.ts'
import type { Channel } from '#assurance/shared-channel.ts'
import type { WantedAccess } from '#decision/sign-in-demand.ts'
import type { Impact, Strength } from '#contract/vocabulary.ts'
import type { Outbox } from '#delivery/outbox.ts'
import type { DelivererConfig } from '#server/config/delivery.ts'
import type { WatchParts } from '#risk/watch.ts'
import type { Upstreams } from './upstream.ts'

export interface PeopleParts {
  /** another one whenever other keys sign */
  readonly provider: Provider
  readonly tools: Tools
  readonly passkeys: Passkeys
  readonly identifiers: IdentifierStore
  /** what people take away themselves */
  readonly belongings: BelongingsStore
  readonly signIns: SignInStore
  readonly isBreached: IsBreached
  readonly worths: () => Worths
  readonly channelsOf: (account: string) => readonly Channel[]
  /** what the reach of an account asks; null where there is no such account, or no snapshot: then nobody signs in to it */
  readonly floorOf: (account: string) => Floor | null
  /** the same for what is wanted, as things stand: with exceptions, and with what risk adds for codes; rejects where that is not known */
  readonly demandOf: (account: string, access: WantedAccess | null) => Promise<Floor | null>
  /** counts a use of an exception; false where it stands no more */
  readonly useException: (id: string) => Promise<boolean>
  /** what people come to a client for, or to the API that it asks a token for; null where the configuration does not say */
  readonly accessOf: (client: string, resource: string | null) => WantedAccess | null
  /** what the easiest way into it is guarded by, as the analysis has it; null where that is not known */
  readonly weakestOf: (account: string) => Strength | null
  /** what a person's account reaches, and what its sign-ins may prove at most; null for what is no person's */
  readonly rankOf: (account: string) => { readonly impact: Impact; readonly canProve: Strength } | null
  readonly recovery: RecoveryParts
  readonly pushes: PushStore
  /** what the backend of the phone app shows with its answers; null where there is none */
  readonly appToken: string | null
  /** links and leaves that were used */
  readonly links: UsedLinkStore
  /** notes what is usual for an account, and what is not */
  readonly watch: WatchParts
  /** name of the organisation */
  readonly brand: string
  /** origin of the pages, as browsers know it */
  readonly origin: string
  /** whether browsers are offered to bind a session to a key, and for how many seconds one that is bound goes on without a new proof */
  readonly binding: { readonly isOffered: boolean; readonly seconds: number }
  /** kinds that are switched on */
  readonly factors: readonly FactorName[]
  /** who delivers, for the receipts that they send */
  readonly delivery: readonly DelivererConfig[]
  readonly outbox: Pick<Outbox, 'receipt'>
  /** other providers at which people may sign in */
  readonly upstreams: Upstreams
}
