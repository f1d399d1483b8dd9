/**
 * Devices that cannot show a browser (RFC 8628): the person types their code at our page, sees what it would let in and from where,
 * and approves. The pages are drawn here; who may post to them, and how often, is in routes/device.ts.
 */
import type { Configuration, Grant, KoaContextWithOIDC } from 'oidc-provider'
import type { Session, Shown } from '#authn/session.ts'
import type { Decision } from '#contract/decision.ts'
import { networkPrefix } from '#server/config/networks.ts'
import { confirmDevicePage, deviceCodePage, deviceDonePage } from '#server/pages/device.ts'
import type { ProviderView } from '#server/pages/provider-form.ts'
import { viewOf } from './view.ts'

export type ApproveDevice = (of: {
  readonly client: string
  readonly session: Session
  readonly shown: Shown
}) => Promise<Decision>

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

/** Parameter in which the code of a link comes, so that it is shown to be compared and never taken by itself. */
export const SHOWN_CODE = 'shown'
/** A code of eight out of twenty letters (RFC 8628 §6.1): 34 bits, for ten minutes, at ten tries an hour. */
const CODE = { charset: 'base-20', mask: '****-****' } as const
/** Longest name of a device that is kept; it names itself, so it may be a lie. */
const MAX_AGENT = 200

/** Whether a request is of the pages for devices. */
export const isOfDevice = ({ oidc: { route } }: KoaContextWithOIDC): boolean =>
  route === 'code_verification' || route === 'device_resume'

export function deviceFlow(brand: string): DeviceFlow {
  const view = (ctx: KoaContextWithOIDC) => viewOf(ctx, { brand, route: 'code_verification' })
  return {
    enabled: true,
    ...CODE,
    deviceInfo: (ctx) => ({ ip: ctx.ip, agent: ctx.get('user-agent').slice(0, MAX_AGENT) }),
    async userCodeInputSource(ctx, _form, _out, error) {
      if (error !== undefined && isUnsaved(ctx)) return startAnew(ctx)
      const page = view(ctx)
      const linked = ctx.query[SHOWN_CODE]
      const typed = error !== undefined && 'userCode' in error ? error.userCode : linked
      ctx.body = deviceCodePage(page, {
        typed: typeof typed === 'string' ? typed.slice(0, 20) : '',
        message: error === undefined ? null : messageOf(error, page),
      })
    },
    async userCodeConfirmSource(ctx, _form, client, info, userCode) {
      const { ip, agent } = info as { readonly ip?: string; readonly agent?: string }
      const scope: unknown = ctx.oidc.entities.DeviceCode?.params?.['scope']
      ctx.body = confirmDevicePage(view(ctx), {
        client: client.clientName ?? client.clientId,
        userCode,
        ip: ip ?? '',
        isElsewhere: ip === undefined || networkPrefix(ip) !== networkPrefix(ctx.ip),
        agent: agent ?? '',
        scopes: typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [],
      })
    },
    async successSource(ctx) {
      ctx.body = deviceDonePage(view(ctx))
    },
  }
}

/**
 * The grant that the page with the code has shown and somebody has just agreed to there. What comes after, be it a step-up, finds it with the
 * session; whoever is another person by then is asked.
 */
export async function agreedTo(ctx: KoaContextWithOIDC, grantId: string | undefined): Promise<Grant> {
  const { provider, session, client, requestParamScopes, requestParamOIDCScopes, resourceServers } = ctx.oidc
  const found = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const grant = found ?? new provider.Grant({ accountId: session!.accountId!, clientId: client!.clientId })
  grant.addOIDCScope([...requestParamOIDCScopes].join(' '))
  for (const [resource, { scopes }] of Object.entries(resourceServers ?? {}))
    grant.addResourceScope(resource, [...requestParamScopes].filter((scope) => scopes.has(scope)).join(' '))
  await grant.save()
  return grant
}

/** Whether the provider knows nothing of this browser yet, and will not once it has shown what is wrong. */
const isUnsaved = ({ oidc: { session } }: KoaContextWithOIDC): boolean =>
  session !== undefined && session.exp === undefined

/** The page without what was wrong, at which the provider remembers the browser: it would fail over a session that it has to change and never kept. */
function startAnew(ctx: KoaContextWithOIDC): void {
  Reflect.set(ctx.oidc.session!, 'touched', false)
  ctx.status = 303
  ctx.redirect(ctx.oidc.urlFor('code_verification'))
}

/** What went wrong, without saying whether a code exists that is none of this person's. */
function messageOf(error: Error, { words }: ProviderView): string {
  if (error.name === 'AlreadyUsedError') return words.deviceUsed
  if (error.name !== 'AbortedError') return words.deviceWrong
  const { cause } = error
  const why = typeof cause === 'object' && cause !== null && 'error_description' in cause ? cause.error_description : ''
  return typeof why === 'string' && why !== '' ? `${words.deviceStopped} ${why}` : words.deviceStopped
}
