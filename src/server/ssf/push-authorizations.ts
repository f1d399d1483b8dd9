/** What receivers want to be pushed with (`authorization_header`): in the store it lies sealed, each for its own stream. */
import { keyringOf, type Keyring } from '#authn/keyring.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Database } from '#storage/database.ts'
import { pushAuthorizations, sealPushAuthorization } from '#storage/ssf-streams.ts'
import { withoutTraces } from '#storage/without-traces.ts'
import type { Config } from '#server/config/schema.ts'
import type { Log } from '../context.ts'

export interface PushAuthorizations {
  /** @throws {AmbitError} `request_invalid` where there is no key to seal it with */
  readonly seal: (stream: string, header: string) => Promise<string>
  /** @throws {AmbitError} `sealed_unreadable` */
  readonly open: (stream: string, sealed: string) => Promise<string>
}

const REMEDY = 'set `signals.transmit.keys`, with a secret made by `openssl rand -base64 32`'

/**
 * Opens those of the streams that stand, after everything that stands there as it is, or under an older key, was sealed with the newest:
 * whatever a start that was killed left is done by the next.
 *
 * @throws {AmbitError} `config_invalid` where something stands as it is and there is no key to seal it with
 */
export async function openPushAuthorizations(
  config: Pick<Config, 'signals' | 'people'>,
  { database, log }: { readonly database: Database; readonly log: Log },
): Promise<PushAuthorizations> {
  const keyring = keyringFor(config)
  const standing = await pushAuthorizations(database)
  const due = standing.filter(({ plain, sealed }) => plain !== null || !(keyring?.isNewest(sealed!) ?? false))
  if (keyring === null) {
    const open = due.filter(({ plain }) => plain !== null).length
    const message = `the \`authorization_header\` of ${open} streams stands in the store as it is, and there is no key to seal it with`
    if (open > 0) throw new AmbitError('config_invalid', `\`signals.transmit.keys\`: ${message}; ${REMEDY}`)
  } else if (due.length > 0) {
    await withoutTraces(database, async () => {
      for (const each of due) {
        try {
          const header = each.plain ?? (await keyring.open(placeOf(each.stream), each.sealed!))
          await sealPushAuthorization(database, each, await keyring.seal(placeOf(each.stream), header))
        } catch (error) {
          // its receiver is told nothing until it says it again; everybody else goes on
          if (!(error instanceof AmbitError) || error.code !== 'sealed_unreadable') throw error
          log.error({ err: error, stream: each.stream }, 'what a stream is pushed with cannot be opened')
        }
      }
    })
    log.info({ streams: due.length }, 'what streams are pushed with was sealed with the newest key')
  }
  return {
    async seal(stream, header) {
      if (keyring === null)
        throw new AmbitError(
          'request_invalid',
          `this server has no key to keep an \`authorization_header\` with; leave it out, or ${REMEDY}`,
        )
      return await keyring.seal(placeOf(stream), header)
    },
    async open(stream, sealed) {
      if (keyring === null)
        throw new AmbitError(
          'sealed_unreadable',
          `there is no key for what stream \`${stream}\` is pushed with; ${REMEDY}`,
        )
      return await keyring.open(placeOf(stream), sealed)
    },
  }
}

const placeOf = (stream: string): string => `push authorization ${stream}`

/** The keys for it, and those of people, so that either may be set first; null where there are none. */
function keyringFor({ signals, people }: Pick<Config, 'signals' | 'people'>): Keyring | null {
  const own = signals.transmit?.keys ?? []
  const others = (people?.keys ?? []).filter(
    ({ id, secret }) => !own.some((it) => it.id === id && it.secret === secret),
  )
  const keys = [...own, ...others].map(({ id, secret }) => ({ id, secret: Buffer.from(secret, 'base64') }))
  return keys.length === 0 ? null : keyringOf(keys)
}
