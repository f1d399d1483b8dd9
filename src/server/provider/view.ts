/** What the pages that the provider asks us to draw have in common. */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { pageHeaders } from '#server/pages/layout.ts'
import type { ProviderView } from '#server/pages/provider-form.ts'
import { wordsFor } from '#server/pages/words/words.ts'

/** Sets the headers of a page, and returns what its form needs. `route`: where the form goes; `leadsTo`: origins that it ends at. */
export function viewOf(
  ctx: KoaContextWithOIDC,
  {
    brand,
    route,
    leadsTo = [],
  }: { readonly brand: string; readonly route: string; readonly leadsTo?: readonly string[] },
): ProviderView {
  ctx.set(pageHeaders(leadsTo))
  const secret = stateOf(ctx, 'secret') ?? ''
  return { words: wordsFor(ctx.get('accept-language')), brand, at: ctx.oidc.urlFor(route), xsrf: secret }
}

/** What the provider keeps of the page in its session. */
export function stateOf(ctx: KoaContextWithOIDC, name: string): string | null {
  const state: unknown = ctx.oidc.session?.state
  const value: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, name) : undefined
  return typeof value === 'string' ? value : null
}
