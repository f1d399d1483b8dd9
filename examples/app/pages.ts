/** The pages of the shop: plain HTML that needs no script. */

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} – The shop</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/">The shop</a></header>
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`

const button = (href: string, text: string): string => `<p><a class="button" href="${href}">${text}</a></p>`

export const homePage = (name: string | undefined): string =>
  page(
    'Welcome',
    name === undefined
      ? `<p>Sign in to see what you ordered.</p>${button('/sign-in', 'Sign in')}`
      : `<p>You are signed in as <strong>${escaped(name)}</strong>.</p>${button('/orders', 'See my orders')}<p><a href="/sign-out">Sign out</a></p>`,
  )

export const ordersPage = (): string =>
  page(
    'Your orders',
    `<article><h2>Garden table</h2><p>Ordered on 2 November 2026, to be paid: <strong>€ 240.00</strong></p>
<form method="post" action="/pay"><button>Pay € 240.00</button></form></article>`,
  )

export const paidPage = (): string =>
  page(
    'Paid',
    `<p role="status" class="good">€ 240.00 for the garden table is paid. Thank you.</p>${button('/orders', 'Back to my orders')}`,
  )

/** What was wanted in words that people use. */
const WANTED: Readonly<Record<string, string>> = { view: 'see your orders', pay: 'pay', 'sign in': 'sign in' }

export interface RefusedView {
  readonly wanted: string
  /** one plain sentence, from Ambit */
  readonly why: string
  /** whether proving more would help */
  readonly canProve: boolean
}

export const refusedPage = ({ wanted, why, canProve }: RefusedView): string =>
  page(
    canProve ? 'One more step' : 'Not like this',
    `<p role="alert" class="why">${escaped(why)}</p>
${canProve ? `<p>Then you can ${escaped(WANTED[wanted] ?? wanted)}.</p>${button('/sign-in', 'Go on')}` : button('/', 'Back')}`,
  )

export const mailPage = (
  mails: readonly { readonly to: string; readonly subject: string; readonly text: string }[],
): string =>
  page(
    'Mail',
    `<p>Every mail that Ambit sends here, whoever it is to. Load the page again for newer ones.</p>
${mails.map(({ to, subject, text }) => `<article><h2>${escaped(subject)}</h2><p>to ${escaped(to)}</p><pre>${escaped(text)}</pre></article>`).join('\n')}`,
  )

export const STYLE = `:root { color-scheme: light dark; --ink: #1d2a1f; --ground: #f5f7f2; --sheet: #fff; --line: #c9d2c4; --accent: #1f6b3a;
  --on-accent: #fff; --why: #fff4dc; --good: #e4f4e8 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ede4; --ground: #131a14; --sheet: #1c261e; --line: #3b4a3e; --accent: #7fd39a;
  --on-accent: #0d1a11; --why: #3a2f14; --good: #17341f } }
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground) }
header { padding: 1rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--sheet) }
header a { color: inherit; font-weight: 700; text-decoration: none }
main { width: min(100% - 1.5rem, 34rem); margin: 1.5rem auto }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem }
h2 { font-size: 1.125rem; margin: 0 0 .25rem }
article { background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; margin: 0 0 1rem }
article p { margin: 0 0 .75rem }
button, .button { display: inline-block; font: inherit; font-weight: 600; padding: .625rem 1.25rem; min-height: 2.75rem; border: 0;
  border-radius: .5rem; background: var(--accent); color: var(--on-accent); text-decoration: none; cursor: pointer }
:focus-visible { outline: .1875rem solid var(--accent); outline-offset: .125rem }
.why, .good { padding: .75rem 1rem; border-radius: .5rem; background: var(--why) }
.good { background: var(--good) }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: .9375rem/1.5 ui-monospace, monospace }
`
