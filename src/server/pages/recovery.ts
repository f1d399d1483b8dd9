/** The pages of a recovery. Until something was proved in this browser they say the same to everyone. */
import type { RecoveryCase } from '#authn/recovery.ts'
import { codeField, identifierField, writtenCodeField } from './fields.ts'
import { html, type Markup } from './html.ts'
import { form, notice } from './layout.ts'
import type { Words } from './words/en.ts'

export interface RecoveryView {
  readonly words: Words
  readonly token: string
  readonly message: string | null
  readonly digits: number
  readonly minutes: number
  /** whether a browser that is known may shorten the wait */
  readonly canBeShorter: boolean
}

const act = ({ token }: RecoveryView, step: string, children: Markup): Markup =>
  form({ action: `/recover/${step}`, token, children })

export const beginRecoveryPage = (view: RecoveryView): Markup =>
  html`${notice(view.message)}
    <p>${view.words.recoverIntro}</p>
    ${act(view, 'begin', html`${identifierField(view.words)}<button>${view.words.continue}</button>`)}
    <p><a href="/enrol">${view.words.havePass}</a></p>`

/** What a stranger sees once a name was typed, whoever has it. */
export const proveRecoveryPage = (view: RecoveryView, { sent }: { readonly sent: boolean }): Markup => {
  const { words } = view
  return html`${notice(view.message)}
    <p>${words.recoverProve}</p>
    ${!sent && act(view, 'send', html`<button>${words.emailCode}</button>`)}
    ${
      sent &&
      html`${notice(words.codeSent(view.minutes), 'info')}${act(
        view,
        'answer',
        html`${codeField('code', words.code, words.codeHint(view.digits))}<button>${words.verify}</button>`,
      )}`
    }
    <details>
      <summary>${words.recoveryCode}</summary>
      ${act(
        view,
        'saved-code',
        html`${writtenCodeField('saved', words.recoveryCodeLabel)}<button>${words.verify}</button>`,
      )}
    </details>
    ${act(view, 'restart', html`<button class="plain">${words.otherAccount}</button>`)}`
}

const untilOf = ({ heldUntil }: RecoveryCase): string =>
  heldUntil === null ? '' : `${new Date(heldUntil).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** In a browser that may shorten the wait; `isDone` where it just did. */
export function waitingPage(view: RecoveryView, it: RecoveryCase, isDone: boolean): Markup {
  const { words } = view
  if (isDone) return notice(words.recoverShortened(untilOf(it)), 'good')!
  return html`<p>${words.recoverWaits(untilOf(it))}</p>
    ${act(view, 'shorten', html`<button>${words.recoverShorten}</button>`)}`
}

/** Somebody has proved something here, and is told where the recovery stands. */
export function standingPage(view: RecoveryView, it: RecoveryCase): Markup {
  const { words } = view
  return html`${notice(view.message)}
    <p>${it.state === 'held' ? words.recoverHeld(untilOf(it)) : words.recoverStates[it.state]}</p>
    ${it.state === 'held' && view.canBeShorter && html`<p class="hint">${words.recoverElsewhere}</p>`}
    ${it.state === 'ready' && act(view, 'complete', html`<button>${words.recoverComplete}</button>`)}`
}
