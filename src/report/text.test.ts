import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { renderExplain } from './explain.ts'
import { headline } from './headline.ts'
import type { Paint } from './paint.ts'
import { syntheticReport } from './report.fixture.ts'
import { renderText } from './text.ts'
import { columnsOf } from './visible.ts'

const report = syntheticReport()
const sgr: Paint = (style, text) => `\u001b[1m<${style}>\u001b[0m${text}`
// oxlint-disable-next-line no-control-regex -- control characters are what must not be there
const ACTING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

suite('the summary for a terminal', () => {
  test('it keeps to the width and lets no name act on the terminal', () => {
    for (const width of [40, 60, 80, 120]) {
      const text = renderText(report, { width, top: 100, reportPath: 'out/report.html' })
      for (const line of text.split('\n')) assert.ok(columnsOf(line) <= width, `${width}: ${line}`)
      assert.doesNotMatch(text, ACTING)
    }
  })

  test('it is about a screenful at the usual size', () => {
    assert.ok(renderText(report, { width: 80 }).trimEnd().split('\n').length <= 36)
  })

  test('the same report gives the same text, and colour changes no word of it', () => {
    const plain = renderText(report, { width: 80 })
    assert.equal(renderText(syntheticReport(), { width: 80 }), plain)
    // oxlint-disable-next-line no-control-regex -- these are the marks of the paint
    assert.equal(renderText(report, { width: 80, colour: sgr }).replace(/\u001b\[1m<\w+>\u001b\[0m/g, ''), plain)
  })

  test('it says who, what, why, how to fix it, and where the whole report is', () => {
    const text = renderText(report, { width: 100, top: 1, reportPath: 'ambit-report.html' })
    for (const part of [/CRITICAL/, /what /, /why /, /fix /, /\(OWASP|\(NIST/, /Full report: ambit-report\.html/])
      assert.match(text, part)
  })

  test('one finding of each account is shown', () => {
    const findings = report.findings.slice(0, 1).flatMap((finding) => [finding, { ...finding, id: 'again' }])
    assert.equal(renderText({ ...report, findings }, { width: 80 }).split('CRITICAL').length, 2)
  })

  test('an id in a suggested command cannot end its quotes', () => {
    const findings = [{ ...report.findings[0]!, account: "x'; rm -rf $HOME '" }]
    assert.match(renderText({ ...report, findings }, { width: 100 }), /explain 'x'\\''; rm -rf \$HOME '\\'''/)
  })

  test('an empty report says that nothing can be said', () => {
    const empty = syntheticReport({ accounts: 0 })
    assert.deepEqual(headline(empty), ['No account was read, so nothing can be said.'])
    assert.match(renderText(empty, { width: 80 }), /No findings/)
  })

  test('counts are told with thousands separated, all of them', () => {
    const summary = { ...report.summary, accounts: 30_000, verdicts: { unfit: 12_532, unknown: 17_468 } }
    assert.deepEqual(
      headline({ ...report, summary })
        .join(' ')
        .match(/\d[\d,]*/g)
        ?.filter((count) => count.length > 3),
      ['12,532', '30,000', '17,468'],
    )
    assert.doesNotMatch(renderText({ ...report, summary }, { width: 100 }), /\d{4,} (?:unfit|unknown|accounts)/)
  })

  test('no unfit account is never said to be all well while some are unknown', () => {
    const calm = { ...report, summary: { ...report.summary, verdicts: { fit: 38, unknown: 2 } } }
    assert.match(headline(calm).join(' '), /None .* is known to .* 2 accounts cannot be judged/)
  })
})

suite('one account explained', () => {
  test('it tells the reach, the weakest way in, every way in and the remedies, with places', () => {
    const text = renderExplain(report, 'okta:u0', { width: 80 })
    for (const part of [
      /1\. Dana Reyes is a member of okta:\S+ \(idp\.yaml:12\)/,
      /An attacker defeats okta:u0\/phone/,
      /okta:u0\/sms travels through, or is kept on, okta:u0\/phone\s+\(idp\.yaml:31\)/,
      /Recovery by code/,
      /Conformance, which is not strength/,
      /replace the SMS code with a passkey/,
    ]) {
      assert.match(text, part)
    }
  })

  test('every account can be explained at any width, and none acts on the terminal', () => {
    for (const { id } of report.accounts) {
      const text = renderExplain(report, id, { width: 44 })
      assert.doesNotMatch(text, ACTING)
      for (const line of text.split('\n')) assert.ok(columnsOf(line) <= 44, line)
    }
  })

  test('an unknown account is refused, with the nearest ids', () => {
    assert.throws(
      () => renderExplain(report, 'U1', { width: 80 }),
      (error: unknown) => {
        const { code, detail } = error as { code: string; detail: { nearest: string[] } }
        return code === 'account_unknown' && detail.nearest[0] === 'okta:u1'
      },
    )
  })
})
