/** Signing out where an application began it. */
import { html } from './html.ts'
import { notice, page } from './layout.ts'
import { providerForm, type ProviderView } from './provider-form.ts'

export function signOutPage(view: ProviderView, client: string | null): string {
  const { words, brand } = view
  const body = html`<p>${client === null ? words.signOutAsk : words.signOutAskBy(client)}</p>
    ${providerForm(view, html`<button name="logout" value="yes">${words.signOutAll}</button>`)}
    ${client !== null && providerForm(view, html`<button class="plain">${words.signOutOnly(client)}</button>`)}`
  return page({ words, title: words.signOut, body, brand })
}

export const signedOutPage = ({ words, brand }: Pick<ProviderView, 'words' | 'brand'>, isOut: boolean): string =>
  page({ words, title: words.signOut, body: notice(isOut ? words.signedOut : words.signedOutThere, 'good')!, brand })
