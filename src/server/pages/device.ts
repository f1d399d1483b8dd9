/** The pages on which a device is let in. They need no script. */
import { html } from './html.ts'
import { notice, page } from './layout.ts'
import { providerForm, type ProviderView } from './provider-form.ts'

export function deviceCodePage(
  view: ProviderView,
  { typed, message }: { readonly typed: string; readonly message: string | null },
): string {
  const { words, brand } = view
  const body = html`${notice(message)}
    <p>${words.deviceIntro}</p>
    ${providerForm(
      view,
      html`<label for="user-code">${words.deviceCode}</label>
        <input
          id="user-code"
          class="code"
          name="user_code"
          value="${typed}"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          maxlength="20"
          required
          ${typed === '' && html` autofocus`}
        />
        <button>${words.continue}</button>`,
    )}`
  return page({ words, title: words.device, body, brand })
}

export interface DeviceShown {
  readonly client: string
  readonly userCode: string
  readonly ip: string
  /** whether it asked from another network than the one of this browser */
  readonly isElsewhere: boolean
  readonly agent: string
  readonly scopes: readonly string[]
}

export function confirmDevicePage(view: ProviderView, shown: DeviceShown): string {
  const { words, brand } = view
  const { client, userCode, ip, isElsewhere, agent, scopes } = shown
  const said = (scope: string) => (words.scopes as Readonly<Record<string, string>>)[scope] ?? words.scopeOther(scope)
  const body = html`<p class="notice">${words.deviceWarning}</p>
    <p>${words.deviceCompare}</p>
    <p><code class="user-code">${userCode}</code></p>
    <p>${words.deviceWhere(ip)} ${isElsewhere && html`<strong>${words.deviceElsewhere}</strong>`}</p>
    ${agent !== '' && html`<p class="soft">${words.deviceAgent(agent)}</p>`}
    <p>${words.consentIntro}</p>
    <ul>
      ${scopes.map((scope) => html`<li>${said(scope)}</li>`)}
    </ul>
    ${providerForm(view, html`<input type="hidden" name="user_code" value="${userCode}" /><button name="confirm" value="yes">${words.deviceAllow}</button>`)}
    ${providerForm(view, html`<input type="hidden" name="user_code" value="${userCode}" /><button class="plain" name="abort" value="yes">${words.deviceDeny}</button>`)}`
  return page({ words, title: words.deviceConfirm(client), body, brand })
}

export const deviceDonePage = ({ words, brand }: ProviderView): string =>
  page({ words, title: words.device, body: notice(words.deviceDone, 'good')!, brand })
