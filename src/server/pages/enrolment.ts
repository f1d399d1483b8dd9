/** The pages on which something to sign in with is added, in a session of one's own or with a pass. */
import type { OtpEnrolment } from '#authn/app-code.ts'
import type { PendingPush } from '#authn/sign-in.ts'
import { codeField, hidden, identifierField, writtenCodeField } from './fields.ts'
import { html, type Markup } from './html.ts'
import { form, notice } from './layout.ts'
import { qrCode } from './qr.ts'
import { masked, pushNumber, type UpstreamName } from './sign-in.ts'
import type { Words } from './words/en.ts'

/** Hidden until the script has it, like the form that signs in. */
export const addPasskeyForm = (
  words: Words,
  { at, token, extra = null }: { at: string; token: string; extra?: Markup | null },
): Markup =>
  html`<noscript><p class="soft">${words.passkeyNeedsScript}</p></noscript>
    <form hidden method="post" action="${at}/passkey" data-passkey="create" data-options="${at}/passkey-options">
      ${hidden('form', token)}${extra}<input type="hidden" name="challenge" /><input type="hidden" name="response" />
      <p class="notice bad" role="alert" tabindex="-1" data-failed hidden>${words.passkeyFailed}</p>
      <label for="key-name">${words.name}</label
      ><input id="key-name" name="name" maxlength="64" autocomplete="off" aria-describedby="key-name-hint" />
      <p class="hint" id="key-name-hint">${words.keyNameHint}</p>
      <button>${words.addPasskey}</button>
    </form>`

/** The secret of an app, shown until a code of it confirms the enrolment. */
export const totpPage = (words: Words, token: string, it: OtpEnrolment, message: string | null): Markup =>
  html`${notice(message)}
    <p>${words.totpIntro}</p>
    ${qrCode(it.uri, words.totpQr)}
    <p>
      <strong>${words.secret}</strong><br /><code class="secret">${it.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code>
    </p>
    <p><a class="button plain" href="${it.uri}">${words.openInApp}</a></p>
    ${form({
      action: '/account/totp-confirm',
      token,
      children: html`${hidden('id', it.id)}${codeField('first-code', words.code)}<button>${words.verify}</button>`,
    })}
    <p><a href="/account">${words.cancel}</a></p>`

/** A code went to a number; the form says again which. */
export const phonePage = (
  words: Words,
  token: string,
  { to, challenge }: { readonly to: string; readonly challenge: string },
): Markup =>
  html`<p>${words.phoneSent(masked(to))}</p>
    ${form({
      action: '/account/phone-confirm',
      token,
      children: html`${hidden('to', to)}${hidden('challenge', challenge)}${codeField('phone-code', words.code)}<button>
          ${words.verify}
        </button>`,
    })}
    <p><a href="/account">${words.cancel}</a></p>`

/** Somebody came back from another provider and says whether that is he; with `leave` by a pass, else at his account. */
export const linkPage = (
  words: Words,
  token: string,
  {
    name,
    who,
    sealed,
    leave = null,
  }: { readonly name: string; readonly who: string; readonly sealed: string; readonly leave?: string | null },
): Markup =>
  html`<p>${words.upstreamLinkConfirm(name, who)}</p>
    ${form({
      action: `/${leave === null ? 'account' : 'enrol'}/link-confirm`,
      token,
      children: html`${hidden('found', sealed)}${leave !== null && hidden('leave', leave)}<button>
          ${words.upstreamLinkDo}
        </button>`,
    })}
    ${
      leave === null
        ? html`<p><a href="/account">${words.cancel}</a></p>`
        : form({
            action: '/enrol/link',
            token,
            children: html`${hidden('leave', leave)}<button class="plain">${words.cancel}</button>`,
          })
    }`

/** Where somebody with a pass may go to be linked. */
export const enrolLinkPage = (
  words: Words,
  token: string,
  { leave, upstreams, message }: { leave: string; upstreams: readonly UpstreamName[]; message: string | null },
): Markup =>
  html`${notice(message)}
    <p>${words.upstreamByPass}</p>
    ${upstreams.map(({ id, name }) =>
      form({
        action: '/enrol/link',
        token,
        children: html`${hidden('leave', leave)}${hidden('upstream', id)}<button>${words.upstreamLink(name)}</button>`,
      }),
    )}`

/** An app was asked for the first time; the form says again which question that was. */
export const appPage = (
  words: Words,
  token: string,
  { id, sealed, ...shows }: Omit<PendingPush, 'factor'> & { readonly number: string; readonly minutes: number },
  message: string | null,
): Markup =>
  html`${notice(message)}${pushNumber(words, shows)}
    ${form({
      action: '/account/app-confirm',
      token,
      children: html`${hidden('id', id)}${hidden('sealed', sealed)}<button>${words.pushDone}</button>`,
    })}
    <p><a href="/account">${words.cancel}</a></p>`

/** Recovery codes, shown this once. */
export const recoveryCodesPage = (words: Words, codes: readonly string[]): Markup =>
  html`<p>${words.recoveryShown} ${words.recoveryOld}</p>
    <ol class="codes">
      ${codes.map((code) => html`<li>${code}</li>`)}
    </ol>
    <p><a class="button" href="/account">${words.continue}</a></p>`

/** Somebody was given a pass and wants to use it. */
export const enrolPage = (words: Words, token: string, message: string | null): Markup =>
  html`${notice(message)}${form({
    action: '/enrol',
    token,
    children: html`${identifierField(words)}${writtenCodeField('pass', words.kinds.enrolment_pass, 'pass')}<button>
        ${words.continue}
      </button>`,
  })}`
