/** The pages of somebody's own account, and of "it was not me". */
import type { KeysById } from '#authn/enrolled-proof.ts'
import type { EnrolledAuthenticator } from '#authn/stores.ts'
import type { Session } from '#authn/session.ts'
import type { Strength } from '#contract/vocabulary.ts'
import { addPasskeyForm } from './enrolment.ts'
import { hidden } from './fields.ts'
import { html, type Markup } from './html.ts'
import { form, notice } from './layout.ts'
import { masked, type UpstreamName } from './sign-in.ts'
import type { Words } from './words/en.ts'
import { calledBy } from './words/words.ts'

export interface AccountView {
  readonly words: Words
  readonly token: string
  readonly name: string
  readonly message: string | null
  readonly good: boolean
  readonly enrolled: readonly EnrolledAuthenticator[]
  /** what is known of the keys among them */
  readonly keys: KeysById
  readonly sessions: readonly Session[]
  readonly current: string
  /** null where nothing is known of the account */
  readonly standing: { readonly required: Strength; readonly best: Strength; readonly weakest: Strength | null } | null
  readonly can: {
    readonly passkey: boolean
    readonly totp: boolean
    readonly recovery_code: boolean
    readonly password: boolean
    readonly phone: boolean
    readonly app: boolean
  }
  /** those of which the loss of any one would shut its owner out */
  readonly irreplaceable: readonly EnrolledAuthenticator[]
  /** characters of the shortest password */
  readonly leastPassword: number
  /** numbers that codes go to */
  readonly phones: readonly string[]
  /** accounts elsewhere that sign in here, and where one can be linked */
  readonly links: readonly { readonly canonical: string; readonly name: string; readonly who: string }[]
  readonly linkable: readonly UpstreamName[]
}

export function accountPage(view: AccountView): Markup {
  const { words, token, enrolled, standing, can } = view
  // what nobody has confirmed yet neither guards nor opens anything
  const keys = enrolled.filter(
    ({ kind, state }) => kind !== 'recovery_code' && kind !== 'enrolment_pass' && state !== 'pending',
  )
  const codes = enrolled.filter(({ kind, state }) => kind === 'recovery_code' && state === 'active').length
  const act = (step: string, children: Markup) => form({ action: `/account/${step}`, token, children })
  return html`<div class="wide">
    ${notice(view.message, view.good ? 'good' : 'bad')}
    <p class="soft">${words.signedInAs(view.name)}</p>
    <h2>${words.protection}</h2>
    ${standing === null && html`<p>${words.unknownAccount}</p>`}
    ${standing !== null && html`<p>${words.strengthIs(words.strength[standing.best])} ${words.requiredIs(words.strength[standing.required])}</p>`}
    ${keys.length + codes === 0 && html`<p>${words.noAuthenticators}</p>`}
    <ul class="things">
      ${keys.map((each) => thing(view, each))}
      ${
        codes > 0 &&
        html`<li>
          <div>
            <strong>${words.kinds.recovery_code}</strong><br /><span class="hint">${words.recoveryLeft(codes)}</span>
          </div>
        </li>`
      }
    </ul>
    ${
      standing !== null &&
      standing.weakest !== null &&
      html`<h2>${words.weakest}</h2>
        <p>${words.weakestIs(words.strength[standing.weakest])}</p>`
    }
    <h2>${words.improve}</h2>
    <ul>
      ${improvements(view, keys, codes).map((text) => html`<li>${text}</li>`)}
    </ul>
    <h2>${words.add}</h2>
    ${can.passkey && addPasskeyForm(words, { at: '/account', token })}
    ${can.totp && act('totp', html`<button class="plain">${words.addTotp}</button>`)}
    ${can.recovery_code && act('recovery-codes', html`<button class="plain">${words.addRecovery}</button>`)}
    ${
      can.password &&
      html`<details>
        <summary>${words.addPassword}</summary>
        ${act(
          'password',
          html`<label for="new-password">${words.newPassword}</label
            ><input
              id="new-password"
              name="password"
              type="password"
              autocomplete="new-password"
              aria-describedby="password-hint"
              required
            />
            <p class="hint" id="password-hint">${words.passwordRules(view.leastPassword)}</p>
            <button>${words.verify}</button>`,
        )}
      </details>`
    }
    ${
      can.phone &&
      html`<details>
        <summary>${words.addPhone}</summary>
        <p class="hint">${words.phoneRestricted}</p>
        ${act('phone', html`<label for="new-phone">${words.phone}</label><input id="new-phone" name="phone" type="tel" autocomplete="tel" required /><button>${words.continue}</button>`)}
      </details>`
    }
    ${
      can.app &&
      html`<details>
        <summary>${words.addApp}</summary>
        ${act('app', html`<label for="new-app">${words.appDevice}</label><input id="new-app" name="device" autocomplete="off" autocapitalize="none" spellcheck="false" required /><button>${words.continue}</button>`)}
      </details>`
    }
    ${
      view.phones.length > 0 &&
      html`<h2>${words.phones}</h2>
        <ul class="things">
          ${view.phones.map(
            (to) =>
              html`<li>
                <div>${masked(to)}</div>
                ${act('remove-phone', html`${hidden('to', to)}<button class="small plain">${words.remove}</button>`)}
              </li>`,
          )}
        </ul>`
    }
    ${
      view.links.length + view.linkable.length > 0 &&
      html`<h2>${words.upstreams}</h2>
        <ul class="things">
          ${view.links.map(
            ({ canonical, name, who }) =>
              html`<li>
                <div><strong>${name}</strong> · ${who}</div>
                ${act('unlink', html`${hidden('link', canonical)}<button class="small plain">${words.remove}</button>`)}
              </li>`,
          )}
        </ul>
        ${view.linkable.map(({ id, name }) => act('link', html`${hidden('upstream', id)}<button class="plain">${words.upstreamLink(name)}</button>`))}`
    }
    <h2>${words.sessions}</h2>
    <ul class="things">
      ${view.sessions.map(
        (each) =>
          html`<li>
            <div>
              ${words.since(time(each.startedAt))}${each.id === view.current && html` · <strong>${words.thisSession}</strong>`}${each.binding !== undefined && html` · ${words.boundSession}`}
            </div>
            ${each.id !== view.current && act('end-session', html`${hidden('session', each.id)}<button class="small plain">${words.endSession}</button>`)}
          </li>`,
      )}
    </ul>
    ${view.sessions.length > 1 && act('end-others', html`<button class="plain">${words.endOthers}</button>`)}
    ${act('sign-out', html`<button class="plain">${words.signOut}</button>`)}
  </div>`
}

/** One authenticator: what it is, since when, and what can be done about it. */
function thing({ words, token, keys }: AccountView, it: EnrolledAuthenticator): Markup {
  const called = calledBy(words, it)
  const about = [
    ...(called === words.kinds[it.kind] ? [] : [words.kinds[it.kind]]),
    ...[keys.get(it.id)].flatMap((facts) => (facts === undefined ? [] : [words.keyClasses[facts.keyClass]])),
    ...(it.state === 'suspended' ? [words.suspended] : []),
  ]
  const used = it.usedAt === null ? words.neverUsed : words.lastUsed(time(it.usedAt))
  return html`<li>
    <div>
      <strong>${called}</strong>${about.map((each) => ` · ${each}`)}<br />
      <span class="hint">${words.added(time(it.addedAt))}, ${used}</span>
    </div>
    <details>
      <summary>${words.rename}</summary>
      ${form({
        action: '/account/rename',
        token,
        children: html`${hidden('id', it.id)}<label for="name-${it.id}">${words.name}</label
          ><input id="name-${it.id}" name="name" value="${called}" maxlength="64" required />
          <button class="small">${words.rename}</button>`,
      })}
    </details>
    <details>
      <summary>${words.remove}</summary>
      <p>${words.removeConfirm(called)}</p>
      ${form({
        action: '/account/remove',
        token,
        children: html`${hidden('id', it.id)}<button class="small">${words.remove}</button>`,
      })}
    </details>
  </li>`
}

function improvements(
  { words, can, irreplaceable }: AccountView,
  keys: readonly EnrolledAuthenticator[],
  codes: number,
): string[] {
  const passkeys = keys.filter(({ kind, state }) => kind === 'passkey' && state === 'active').length
  const found = [
    ...(passkeys === 0 && can.passkey ? [words.improvePasskey] : []),
    ...(passkeys === 1 ? [words.improveSecond] : []),
    ...(passkeys === 0 && irreplaceable.length > 0 ? [words.improveLast(calledBy(words, irreplaceable[0]!))] : []),
    ...(codes === 0 && can.recovery_code ? [words.improveRecovery] : []),
  ]
  return found.length === 0 ? [words.improveDone] : found
}

export const notMePage = (
  words: Words,
  token: string,
  { link, isRecovery }: { readonly link: string; readonly isRecovery: boolean },
): Markup =>
  html`<p>${isRecovery ? words.notMeRecovery : words.notMeIntro}</p>
    ${form({
      action: '/not-me',
      token,
      children: html`${hidden('t', link)}<button>${isRecovery ? words.notMeStop : words.notMeAct}</button>`,
    })}`

/** To the minute, in UTC, as ISO 8601 writes it: the server does not know where its reader is. */
const time = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ') + ' UTC'
