import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { decide } from '#review/outcome.ts'
import type { Review } from '#contract/review.ts'
import { reviewedOf } from '../../test/support/review-of.ts'
import { HOSTILE_NAMES } from './report.fixture-shapes.ts'
import { renderReviewHtml } from './review-html.ts'
import { renderReviewText } from './review-text.ts'
import { columnsOf } from './visible.ts'

/** A review in which every name and text from outside is hostile, decided on in bulk. */
const hostile = await (async (): Promise<Review> => {
  const names = HOSTILE_NAMES.map((name) => name.slice(0, 400))
  const text = JSON.stringify({
    ambit: 1,
    at: '2026-11-01T00:00:00Z',
    name: '</title><script>alert(1)</script>',
    resources: [{ id: 's:1', sensitivity: 'high', name: '<img src=x onerror=alert(1)>' }],
    accounts: names.map((name, at) => ({
      id: `a:${at}`,
      kind: 'human',
      name,
      job: name,
      authenticators: ['password', 'totp'],
      waysIn: [{ purpose: 'sign_in', requires: { all: ['password', 'totp'] } }],
      entitlements: [
        {
          on: 's:1',
          capabilities: ['use_secrets'],
          right: name,
          grantedBy: name,
          needed: at === 0,
          lastUsed: '2026-01-01',
        },
      ],
    })),
  })
  const reviewed = await reviewedOf(text)
  const rows = reviewed.review.items.map((item, at) => ({
    line: at + 2,
    item,
    decision: 'keep' as const,
    comment: '',
    reviewer: names[0]!,
  }))
  return decide(reviewed, rows, '\u001b[2J<b>w.csv')
})()

suite('The review as text', () => {
  for (const width of [40, 80, 120]) {
    test(`keeps within ${width} columns, and no name acts on the terminal`, () => {
      const text = renderReviewText(hostile, { width, top: 50 })
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
      for (const line of text.split('\n')) assert.ok(columnsOf(line) <= width, line)
    })
  }

  test('says what cannot be cut off, and that the way in must be stronger there', () => {
    assert.match(renderReviewText(hostile, { width: 200 }), /1 account reaches high impact whatever is revoked/)
  })
})

suite('The review as one HTML page', () => {
  const html = renderReviewHtml(hostile)
  const markup = html.replace(/<style>[^]*?<\/style>/g, '')

  test('has no script, fetches nothing, and lets nothing in but its own style', () => {
    const [, style] = /<style>([^]*?)<\/style>/.exec(html)!
    const hash = createHash('sha256').update(style!).digest('base64')
    assert.ok(
      html.includes(`content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`),
    )
    assert.doesNotMatch(markup, /<(?:script|img|link|iframe|object|embed|base|b)\b/i)
    for (const [tag] of markup.matchAll(/<[^>]*>/g)) assert.doesNotMatch(tag, /\s(?:src|srcset|action|style|on\w+)=/i)
    for (const [, target] of markup.matchAll(/href="([^"]*)"/g)) assert.match(target!, /^#/)
  })

  test('every link inside it leads somewhere', () => {
    const ids = new Set(Array.from(markup.matchAll(/ id="([^"]*)"/g), ([, id]) => id))
    for (const [, target] of markup.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.has(target!), target)
  })
})
