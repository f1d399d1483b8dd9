/** Forms that the OpenID provider reads itself, under its own token. */
import { html, type Markup } from './html.ts'
import type { Words } from './words/en.ts'

export interface ProviderView {
  readonly words: Words
  readonly brand: string
  /** where the forms go */
  readonly at: string
  /** ties the form to the browser's session at the provider */
  readonly xsrf: string
}

export const providerForm = ({ at, xsrf }: ProviderView, children: Markup): Markup =>
  html`<form method="post" action="${at}"><input type="hidden" name="xsrf" value="${xsrf}" />${children}</form>`
