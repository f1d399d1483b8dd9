import { html, type Markup } from './html.ts'
import type { Words } from './words/en.ts'

export interface Page {
  readonly words: Words
  readonly title: string
  readonly body: Markup
  /** whether the page needs the script for passkeys */
  readonly script?: boolean
  /** name of the organisation, from the configuration */
  readonly brand: string
}

/** A whole page. It works without script; the script is for passkeys, which have no other way. */
export function page({ words, title, body, script = false, brand }: Page): string {
  const document = html`<!doctype html>
    <html lang="${words.lang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – ${brand}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/pages.css" />
        ${
          script &&
          html`<script src="/assets/webauthn.js" defer></script>
            <script src="/assets/passkey.js" defer></script>`
        }
      </head>
      <body>
        <header class="brand"><span aria-hidden="true" class="mark"></span>${brand}</header>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `
  return document.markup
}

/**
 * Headers of a page. What it may do: its own style, its own script, forms to itself and, where one leads back to a client, to that
 * client's origin (browsers hold redirects after a form to this list as well). Its address goes to no other site; to this one it does,
 * since without it browsers call the origin of a form `null` (Fetch, "append a request Origin header").
 */
export const pageHeaders = (leadsTo: readonly string[] = []): Readonly<Record<string, string>> => ({
  'content-type': 'text/html; charset=utf-8',
  'referrer-policy': 'same-origin',
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    `form-action ${["'self'", ...leadsTo].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
})

/** Language, form and message in one: what every form on these pages has. */
export interface FormParts {
  readonly action: string
  /** ties the form to the browser that it was made for */
  readonly token: string
  readonly children: Markup
  readonly id?: string
}

export const form = ({ action, token, children, id }: FormParts): Markup =>
  html`<form method="post" action="${action}" ${id !== undefined && html` id="${id}"`}>
    <input type="hidden" name="form" value="${token}" />${children}
  </form>`

/** A message above a form; read out when it appears. */
export const notice = (text: string | null, kind: 'bad' | 'good' | 'info' = 'bad'): Markup | null =>
  text === null ? null : html`<p class="notice ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}">${text}</p>`
