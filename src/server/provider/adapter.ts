/** How the OpenID provider reaches our storage, with the two promises that its default breaks: one use, one sight. */
import { errors, type Adapter, type AdapterConstructor, type AdapterPayload } from 'oidc-provider'
import type { Keyring } from '#authn/keyring.ts'
import type { Clock } from '#lib/clock.ts'
import type { ClientSessions } from '#storage/client-sessions.ts'
import { clientsIn } from './tell-clients.ts'
import type { OidcPayload, OidcRecords } from '#storage/oidc-records.ts'

/** Models of which a second use is an attack or a double click; either way everything issued from the first ends. */
const REVOKED_WHEN_REUSED = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode'])

/** Models that are worth nothing once the session that they came from has ended. */
const OF_SESSION = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode'])

/** Where a device code stands that is needed again without being shown again: sealed, or whoever reads the store could use it. */
const SEALED: Readonly<Record<string, 'jti' | 'deviceCode'>> = { DeviceCode: 'jti', Interaction: 'deviceCode' }

export interface AdapterParts {
  readonly records: OidcRecords
  readonly clients: Pick<ClientSessions, 'note'>
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly clock: Clock
  /** whether our session behind a session of the provider, by its `uid`, stands */
  readonly isAlive: (sessionUid: string) => Promise<boolean>
  /** whether this request is a client's that asks for tokens */
  readonly isTokenRequest: () => boolean
  /** when what is shown in this request was given, in seconds since 1970 */
  readonly givenAt: () => number | undefined
}

export function adapterOver(parts: AdapterParts): AdapterConstructor {
  const { records, clients, keyring, clock, isAlive, isTokenRequest, givenAt } = parts
  return class OidcAdapter implements Adapter {
    readonly model: string
    constructor(model: string) {
      this.model = model
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const expiresAt = typeof expiresIn === 'number' ? clock() + expiresIn * 1000 : null
      if (this.model === 'DeviceCode' && isBeingApproved(payload)) await this.claim(id, expiresAt)
      if (this.model !== 'ReplayDetection') {
        // its family began when the person agreed, not when the client fetched it
        const began = this.model === 'RefreshToken' ? { iiat: givenAt() ?? payload.iiat } : {}
        await records.save(this.model, id, await this.sealed({ ...payload, ...began } as OidcPayload), expiresAt)
        if (this.model === 'Session' && payload.uid !== undefined)
          await clients.note(payload.uid, clientsIn(payload.authorizations))
        return
      }
      // it looked before and found nothing; whoever else looked at the same moment finds the row now
      const isNew = await records.saveNew(this.model, id, payload as OidcPayload, expiresAt)
      if (!isNew) throw new errors.InvalidRequest('this proof or assertion was used before')
    }

    /** Of many people who approve one device at once, one does; the library looks first, and all would find it free. */
    async claim(id: string, expiresAt: number | null): Promise<void> {
      if (!(await records.saveNew('DeviceApproval', id, {}, expiresAt)))
        throw new errors.InvalidRequest('somebody is approving this device already')
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      const found = await records.find(this.model, id, clock())
      const uid = OF_SESSION.has(this.model) ? found?.['sessionUid'] : undefined
      if (typeof uid === 'string' && !(await isAlive(uid))) return undefined
      if (this.model === 'DeviceCode' && found !== undefined && isTokenRequest()) await this.polled(id, found)
      return this.opened(found, id)
    }

    /** Whoever asks too often what became of a device is told to wait longer; of one that was let in, nobody waits to hear. */
    async polled(id: string, { accountId, error, exp }: OidcPayload): Promise<void> {
      if (accountId !== undefined || error !== undefined) return
      const expiresAt = typeof exp === 'number' ? exp * 1000 : clock()
      if (!(await records.poll(id, clock(), expiresAt))) throw new errors.SlowDown()
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return this.opened(await records.findBy(this.model, { uid }, clock()))
    }

    async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
      return this.opened(await records.findBy(this.model, { userCode }, clock()))
    }

    async sealed(payload: OidcPayload): Promise<OidcPayload> {
      const field = SEALED[this.model]
      const value = field === undefined ? undefined : payload[field]
      if (field === undefined || typeof value !== 'string') return payload
      const { [field]: _, ...rest } = payload
      // the id of an interaction comes back with its own field; that of a device code does not
      const own = field === 'jti' ? { jti: value } : {}
      return { ...rest, ...own, sealed: await keyring.seal(`oidc ${this.model}`, value) }
    }

    async opened(found: OidcPayload | undefined, id?: string): Promise<AdapterPayload | undefined> {
      const field = SEALED[this.model]
      if (found === undefined || field === undefined || typeof found['sealed'] !== 'string')
        return found as AdapterPayload | undefined
      const { sealed, ...rest } = found
      const value =
        field === 'jti' && id !== undefined ? id : await keyring.open(`oidc ${this.model}`, sealed as string)
      return { ...rest, [field]: value } as AdapterPayload
    }

    async consume(id: string): Promise<void> {
      const found = await records.find(this.model, id, clock())
      if (await records.consume(this.model, id, clock())) return
      if (found?.grantId !== undefined && REVOKED_WHEN_REUSED.has(this.model)) await records.revokeGrant(found.grantId)
      throw new errors.InvalidGrant('it was used before')
    }

    async destroy(id: string): Promise<void> {
      await records.destroy(this.model, id)
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      await records.revokeGrant(grantId)
    }
  }
}

/** Somebody has said yes, and nothing has come of it yet. */
const isBeingApproved = ({ inFlight, accountId, error }: AdapterPayload): boolean =>
  inFlight === true && accountId === undefined && error === undefined
