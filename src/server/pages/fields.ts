/** Fields that forms on several pages have. */
import { html, type Markup } from './html.ts'
import type { Words } from './words/en.ts'

export const hidden = (name: string, value: string): Markup =>
  html`<input type="hidden" name="${name}" value="${value}" />`

/** Who somebody is. `first`: it is what the page is for, and passkeys are offered in it. */
export const identifierField = (words: Words, { first = false }: { readonly first?: boolean } = {}): Markup =>
  html`<label for="identifier">${words.identifier}</label>
    <input
      id="identifier"
      name="identifier"
      autocomplete="${first ? 'username webauthn' : 'username'}"
      autocapitalize="none"
      spellcheck="false"
      required
      ${first && html` autofocus`}
    />`

/** A code of digits. Paste is never blocked, and phones offer the code from the message. `hint` says what it looks like. */
export const codeField = (id: string, label: string, hint: string | null = null): Markup =>
  html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      class="code"
      name="code"
      inputmode="numeric"
      autocomplete="one-time-code"
      ${hint !== null && html` aria-describedby="hint-${id}"`}
      required
    />
    ${hint !== null && html`<p class="hint" id="hint-${id}">${hint}</p>`}`

/** A code that somebody has on paper. */
export const writtenCodeField = (id: string, label: string, name: 'code' | 'pass' = 'code'): Markup =>
  html`<label for="${id}">${label}</label>
    <input id="${id}" name="${name}" autocomplete="off" autocapitalize="characters" spellcheck="false" required />`
