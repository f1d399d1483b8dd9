/** The pages of a sign-in. Each is a function of what it shows; none knows the store. */
import type { Offer } from '#authn/ways.ts'
import { codeField, hidden, identifierField, writtenCodeField } from './fields.ts'
import { html, type Markup } from './html.ts'
import { form, notice } from './layout.ts'
import type { Words } from './words/en.ts'

export interface SignInView {
  readonly words: Words
  /** path of the interaction, without a slash at its end */
  readonly at: string
  /** ties forms to this browser and interaction */
  readonly token: string
  readonly client: string
  /** what is said above the form; null for nothing */
  readonly message: string | null
  /** one sentence for each reason why somebody who is signed in is asked */
  readonly why: readonly string[]
}

/** First page: who is there. Says the same to everyone. */
export function identifyPage(
  view: SignInView,
  { passkeys, upstreams }: { readonly passkeys: boolean; readonly upstreams: readonly UpstreamName[] },
): Markup {
  const { words, at, token, message } = view
  return html`${notice(message)}${form({
      action: `${at}/identify`,
      token,
      children: html`${identifierField(words, { first: true })} <button>${words.continue}</button>`,
    })}${passkeys && passkeyForm(view, { autofill: true })}${upstreams.map((each) => upstreamForm(view, each))}${cancelForm(view)}
    <p><a href="/recover">${words.recover}</a></p>`
}

/** Second page: how. The same for every name that was typed, whether somebody has it or not. */
export function choosePage(
  view: SignInView,
  {
    typed,
    first,
  }: {
    readonly typed: string
    readonly first: readonly ('password' | 'email_code' | 'sms_code' | 'passkey' | 'recovery_code')[]
  },
): Markup {
  const { words, at, token, message } = view
  return html`${notice(message)}
    <p class="soft">${typed}</p>
    ${whyBox(view)} ${first.includes('password') && passwordForm(view)}
    ${first.includes('passkey') && passkeyForm(view, { autofill: false })}
    ${(['email_code', 'sms_code'] as const)
      .filter((factor) => first.includes(factor))
      .map((factor) =>
        form({
          action: `${at}/send`,
          token,
          children: html`${hidden('factor', factor)}<button class="plain">
              ${factor === 'email_code' ? words.emailCode : words.smsCode}
            </button>`,
        }),
      )}
    ${first.includes('recovery_code') && recoveryBox(view)}
    ${form({ action: `${at}/restart`, token, children: html`<button class="plain">${words.otherAccount}</button>` })}${cancelForm(view)}
    <p><a href="/recover">${words.recover}</a></p>`
}

/** Somebody is recognised and has to show more. */
export function morePage(
  view: SignInView,
  {
    offers,
    upstreams,
  }: {
    readonly offers: readonly Offer[]
    /** by link */
    readonly upstreams: ReadonlyMap<string, UpstreamName>
  },
): Markup {
  const { words, at, token, message } = view
  const has = (factor: Offer['factor']) => offers.some((offer) => offer.factor === factor)
  return html`${notice(message)}${whyBox(view)} ${has('passkey') && passkeyForm(view, { autofill: false, leads: true })}
  ${has('password') && passwordForm(view)}
  ${(['totp', 'hotp'] as const).filter(has).map((factor) => codeForm(view, { step: factor, label: words[factor], digits: 6 }))}
  ${offers
    .filter(({ factor, to }) => to !== null && factor !== 'upstream')
    .map(({ factor, to }) =>
      form({
        action: `${at}/send`,
        token,
        children: html`${hidden('factor', factor)}<input
            type="hidden"
            name="to"
            value="${offers.filter((each) => each.factor === factor).findIndex((each) => each.to === to)}"
          />
          <button class="plain">${factor === 'email_code' ? words.emailCode : words.smsCode} (${masked(to!)})</button>`,
      }),
    )}
  ${has('push') && form({ action: `${at}/push`, token, children: html`<button class="plain">${words.usePush}</button>` })}
  ${offers
    .filter(({ factor }) => factor === 'upstream')
    .flatMap(({ to }) => upstreams.get(to!) ?? [])
    .map((each) => upstreamForm(view, each))}
  ${has('recovery_code') && recoveryBox(view)}${cancelForm(view)}`
}

/** The app was asked; the number is typed there, never here. */
export function pushPage(view: SignInView, shows: { readonly number: string; readonly minutes: number }): Markup {
  const { words, at, token, message } = view
  return html`${notice(message)}${pushNumber(words, shows)}
  ${form({ action: `${at}/push-done`, token, children: html`<button>${words.pushDone}</button>` })}
  ${form({ action: `${at}/back`, token, children: html`<button class="plain">${words.back}</button>` })}${cancelForm(view)}`
}

export const pushNumber = (
  words: Words,
  { number, minutes }: { readonly number: string; readonly minutes: number },
): Markup =>
  html`${notice(words.pushSent(minutes), 'info')}
    <p>
      <strong>${words.pushNumber}</strong><br /><code class="secret">${number.replaceAll(/(.{3})(?=.)/g, '$1 ')}</code>
    </p>
    <p class="hint">${words.pushWarning}</p>`

/** A code is on its way, or nobody is there to send one to: the page is the same. */
export function codePage(
  view: SignInView,
  { digits, minutes }: { readonly digits: number; readonly minutes: number },
): Markup {
  const { words, at, token, message } = view
  return html`${notice(message)}${notice(words.codeSent(minutes), 'info')}
  ${codeForm(view, { step: 'answer', label: words.code, digits })}
  ${form({ action: `${at}/back`, token, children: html`<button class="plain">${words.back}</button>` })}${cancelForm(view)}`
}

/** Nothing that this person has is enough, and why: codes that the reach forbids, or what `view.why` says is asked. */
export function deniedPage(view: SignInView, { codesForbidden }: { readonly codesForbidden: boolean }): Markup {
  const { words, at, token } = view
  return html`${notice(codesForbidden ? words.codesNotEnough : words.nothingStrongEnough)}
    ${codesForbidden && html`<p>${words.codesWhy}</p>`} ${view.why.map((sentence) => html`<p>${sentence}</p>`)}
    <p>${words.nothingStrongEnoughFix} <a href="/enrol">${words.havePass}</a></p>
    ${form({ action: `${at}/restart`, token, children: html`<button class="plain">${words.otherAccount}</button>` })}${cancelForm(view)}`
}

export function consentPage(view: SignInView, { scopes }: { readonly scopes: readonly string[] }): Markup {
  const { words, at, token } = view
  const said = (scope: string) => (words.scopes as Readonly<Record<string, string>>)[scope] ?? words.scopeOther(scope)
  return html`<p>${words.consentIntro}</p>
    <ul>
      ${scopes.map((scope) => html`<li>${said(scope)}</li>`)}
    </ul>
    ${form({ action: `${at}/consent`, token, children: html`<button>${words.allow}</button>` })}
    ${form({ action: `${at}/abort`, token, children: html`<button class="plain">${words.deny}</button>` })}`
}

function whyBox({ words, why }: SignInView): Markup | null {
  if (why.length === 0) return null
  return html`<details open>
    <summary>${words.whyAsked}</summary>
    ${why.map((sentence) => html`<p>${sentence}</p>`)}
  </details>`
}

const passwordForm = ({ words, at, token }: SignInView): Markup =>
  form({
    action: `${at}/password`,
    token,
    children: html`<label for="password">${words.password}</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required />
      <button>${words.verify}</button>`,
  })

const codeForm = (
  { at, token, words }: SignInView,
  { step, label, digits }: { readonly step: string; readonly label: string; readonly digits: number },
): Markup =>
  form({
    action: `${at}/${step}`,
    token,
    children: html`${codeField(`code-${step}`, label, words.codeHint(digits))} <button>${words.verify}</button>`,
  })

/** The form is hidden until the script has it; without script it says why. */
export function passkeyForm(
  { words, at, token }: Pick<SignInView, 'words' | 'at' | 'token'>,
  {
    autofill,
    leads = false,
  }: { readonly autofill: boolean; /** drawn as what to do first */ readonly leads?: boolean },
): Markup {
  return html`<noscript><p class="soft">${words.passkeyNeedsScript}</p></noscript>
    <form
      hidden
      method="post"
      action="${at}/passkey"
      data-passkey="get"
      data-options="${at}/passkey-options"
      ${autofill && html` data-autofill`}
    >
      ${hidden('form', token)}<input type="hidden" name="challenge" /><input type="hidden" name="response" />
      <p class="notice bad" role="alert" tabindex="-1" data-failed hidden>${words.passkeyFailed}</p>
      <button ${!leads && html`class="plain"`} aria-describedby="passkey-hint">${words.usePasskey}</button>
      <p class="hint" id="passkey-hint">${words.passkeyHint}</p>
    </form>`
}

const recoveryBox = ({ words, at, token }: SignInView): Markup =>
  html`<details>
    <summary>${words.recoveryCode}</summary>
    ${form({
      action: `${at}/recovery-code`,
      token,
      children: html`${writtenCodeField('recovery', words.recoveryCodeLabel)} <button>${words.verify}</button>`,
    })}
  </details>`

/** Another provider, as the pages name it. */
export interface UpstreamName {
  readonly id: string
  readonly name: string
}

const upstreamForm = ({ words, at, token }: SignInView, { id, name }: UpstreamName): Markup =>
  form({
    action: `${at}/upstream`,
    token,
    children: html`${hidden('upstream', id)}<button class="plain">${words.upstreamSignIn(name)}</button>`,
  })

/** Why a sign-in elsewhere came to nothing, and the way back. */
export const upstreamProblemPage = (words: Words, { message, back }: { message: string; back: string }): Markup =>
  html`${notice(message)}
    <p><a class="button" href="${back}">${words.upstreamBack}</a></p>`

const cancelForm = ({ words, at, token }: SignInView): Markup =>
  form({ action: `${at}/abort`, token, children: html`<button class="plain">${words.cancel}</button>` })

/** Enough of an address for its owner to know it. */
export function masked(to: string): string {
  if (to.startsWith('+')) return `${to.slice(0, 3)}…${to.slice(-2)}`
  const at = to.lastIndexOf('@')
  return `${to.slice(0, 1)}…${to.slice(at)}`
}
