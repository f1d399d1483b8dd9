/** How the OpenID provider reaches our storage, with the two promises that its default breaks: one use, one sight. */
import { errors, type Adapter, type AdapterConstructor, type AdapterPayload } from 'oidc-provider'
import type { Clock } from '#lib/clock.ts'
import type { OidcPayload, OidcRecords } from '#storage/oidc-records.ts'

/** Models of which a second use is an attack or a double click; either way everything issued from the first ends. */
const REVOKED_WHEN_REUSED = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode'])

/** Models that are worth nothing once the session that they came from has ended. */
const OF_SESSION = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode'])

/** `isAlive` tells whether our session behind a session of the provider, by its `uid`, stands. */
export function adapterOver(
  records: OidcRecords,
  clock: Clock,
  isAlive: (sessionUid: string) => Promise<boolean>,
): AdapterConstructor {
  return class OidcAdapter implements Adapter {
    readonly model: string
    constructor(model: string) {
      this.model = model
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const expiresAt = typeof expiresIn === 'number' ? clock() + expiresIn * 1000 : null
      if (this.model !== 'ReplayDetection') return records.save(this.model, id, payload as OidcPayload, expiresAt)
      // it looked before and found nothing; whoever else looked at the same moment finds the row now
      const isNew = await records.saveNew(this.model, id, payload as OidcPayload, expiresAt)
      if (!isNew) throw new errors.InvalidRequest('this proof or assertion was used before')
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      const found = await records.find(this.model, id, clock())
      const uid = OF_SESSION.has(this.model) ? found?.['sessionUid'] : undefined
      if (typeof uid === 'string' && !(await isAlive(uid))) return undefined
      return found as AdapterPayload | undefined
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return (await records.findBy(this.model, { uid }, clock())) as AdapterPayload | undefined
    }

    async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
      return (await records.findBy(this.model, { userCode }, clock())) as AdapterPayload | undefined
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
