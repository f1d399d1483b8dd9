import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { escaped, islandJson } from './html-text.ts'
import { renderHtml } from './html.ts'
import { HOSTILE_NAMES } from './report.fixture-shapes.ts'
import { syntheticReport } from './report.fixture.ts'
import { PAGE_SCRIPT } from './script.ts'
import { PALETTE, PAGE_STYLE } from './style.css.ts'

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Contrast of two colours (WCAG 2.2, definition of contrast ratio). */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
      return channel <= 0.040_45 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
    }) as [number, number, number]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

suite('the report as one HTML page', () => {
  const report = syntheticReport()
  const html = renderHtml(report)
  const markup = html.replace(/<script[^]*?<\/script>|<style>[^]*?<\/style>/g, '')

  test('the content security policy allows this script and this style sheet and nothing else', () => {
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)!
    assert.equal(
      policy,
      `default-src 'none'; script-src ${hash(PAGE_SCRIPT)}; style-src ${hash(PAGE_STYLE)}; base-uri 'none'; form-action 'none'`,
    )
    assert.ok(html.includes(`<script>${PAGE_SCRIPT}</script>`) && html.includes(`<style>${PAGE_STYLE}</style>`))
  })

  test('nothing is fetched and nothing inline would be refused: no addresses, no style attributes, no handlers', () => {
    assert.doesNotMatch(markup, /<(?:img|link|iframe|object|embed|base)\b|\s(?:src|srcset|action|style|on\w+)=/i)
    for (const [, target] of markup.matchAll(/href="([^"]*)"/g)) assert.match(target!, /^#/)
    assert.doesNotMatch(PAGE_STYLE, /url\(|@import/)
    assert.doesNotMatch(PAGE_SCRIPT, /innerHTML|outerHTML|insertAdjacent|document\.write|eval|fetch\(|XMLHttp/)
  })

  test('of very many accounts the page lists those that stand worst, and of all else that is much says how much is left out', () => {
    const few = syntheticReport({ accounts: 400 })
    const copies = Array.from({ length: 60 }, (_, copy) => copy)
    const accounts = copies.flatMap((copy) => few.accounts.map((each) => ({ ...each, id: `${copy}:${each.id}` })))
    const fit = accounts.map((each, i) =>
      i < 20_010 ? { ...each, verdict: 'fit' as const } : { ...each, verdict: 'unfit' as const },
    )
    const [diagnostic] = few.diagnostics
    const many = {
      ...few,
      accounts: fit,
      summary: { ...few.summary, accounts: fit.length },
      diagnostics: Array.from({ length: 1500 }, () => diagnostic!),
      findings: Array.from({ length: 1600 }, (_, i) => ({
        ...few.findings[0]!,
        ...(i < 1500 ? {} : { code: few.findings.find(({ code }) => code !== few.findings[0]!.code)!.code }),
        id: `f${i}`,
        wayIn: `w${i}`,
        account: accounts[i < 1500 ? i : (i - 1500) * 201]!.id,
      })),
    }
    const page = renderHtml(many)
    const island = JSON.parse(/id="island">([^]*?)<\/script>/.exec(page)![1]!) as {
      accounts: { id: string; verdict: string }[]
    }
    const entries = new Set(island.accounts.map(({ id }) => id))
    const linked = [...page.matchAll(/ data-account="([^"]*)"/g)].map(([, id]) => id!)
    assert.deepEqual(
      linked.filter((id) => !entries.has(id)),
      [],
      'no link leads to an account that is not listed',
    )
    assert.ok(linked.length > 0)
    assert.ok(page.includes('Those of accounts that are not listed below are in the JSON format'))
    assert.equal(island.accounts.length, 20_000)
    assert.equal(island.accounts.filter(({ verdict }) => verdict === 'unfit').length, fit.length - 20_010)
    assert.match(page, /Listed are the 20,000 of 24,000 accounts that stand worst/)
    assert.match(page, /And 500 more; the JSON format holds every one/)
    assert.match(page, /And 480 more; the JSON and SARIF formats hold every one/)
    assert.doesNotMatch(html, /that stand worst|holds? every one|not listed below/)
  })

  test('no name becomes markup', () => {
    assert.equal(html.match(/<script/g)!.length, 2)
    assert.equal(html.match(/<\/script/g)!.length, 2)
    assert.doesNotMatch(html, /<img/)
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE_NAMES)), (text) => {
        assert.doesNotMatch(escaped(text), /[<>"'`]|&(?!#\d+;)/)
      }),
    )
  })

  test('the island is read back as it was and can end neither its element nor a line', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('</script>', '<!--', '\u2028', ']]>')),
        (text) => {
          const island = islandJson({ text })
          assert.doesNotMatch(island, /[<>&\u2028\u2029]/)
          assert.deepEqual(JSON.parse(island), JSON.parse(JSON.stringify({ text })))
        },
      ),
    )
  })

  test('the matrix and every finding stand in the page without script', () => {
    for (const { message } of report.findings) assert.ok(markup.includes(escaped(message)), message)
    assert.match(markup, /data-impact="high" data-strength="none"/)
    assert.match(markup, /<noscript>/)
  })

  test('findings beyond those drawn are listed, and their steps are in the island', () => {
    const many = renderHtml(syntheticReport({ accounts: 600 }))
    assert.match(many, /more findings<\/summary>|more findings of this kind<\/summary>/)
    assert.ok(many.length < 3_000_000)
  })

  test('headings go down one level at a time, and ids are unique', () => {
    const levels = [...markup.matchAll(/<h(\d)/g)].map(([, level]) => Number(level))
    assert.equal(levels[0], 1)
    for (const [i, level] of levels.entries()) if (i > 0) assert.ok(level <= levels[i - 1]! + 1)
    const ids = [...markup.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    assert.equal(new Set(ids).size, ids.length)
  })

  test('the same report gives the same page', () => {
    assert.equal(renderHtml(syntheticReport()), html)
  })

  test('text stands out from its ground at least 4.5 to 1, light and dark', () => {
    for (const [theme, colours] of Object.entries(PALETTE)) {
      const pairs: [string, string][] = [
        ...(['ink', 'quiet', 'link', 'unfit', 'unknown', 'excepted', 'controls', 'fit'] as const).flatMap(
          (text): [string, string][] => [
            [colours[text], colours.ground],
            [colours[text], colours.raised],
          ],
        ),
        [colours.unfit, colours.unfitSoft],
        [colours.unknown, colours.unknownSoft],
        [colours.excepted, colours.exceptedSoft],
        [colours.controls, colours.controlsSoft],
        [colours.fit, colours.fitSoft],
        [colours.onStrong, colours.unfitStrong],
      ]
      for (const [text, ground] of pairs) assert.ok(contrast(text, ground) >= 4.5, `${theme}: ${text} on ${ground}`)
    }
  })

  test('an empty report is still a page', () => {
    assert.match(renderHtml(syntheticReport({ accounts: 0 })), /No account was read/)
  })
})
