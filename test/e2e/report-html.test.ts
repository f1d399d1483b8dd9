/** The HTML report in a real browser. `AMBIT_CHROME` may name one; without any, the suite is skipped and says so. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, suite, test } from 'node:test'
import axe, { type AxeResults } from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { renderHtml } from '#report/html.ts'
import { syntheticReport } from '#report/report.fixture.ts'

const chrome = [process.env['AMBIT_CHROME'] ?? '', '/usr/bin/chromium'].find((path) => path !== '' && existsSync(path))
const skip = chrome === undefined ? 'no browser: install Chromium or name one in AMBIT_CHROME' : false

suite('the HTML report in a browser', { skip }, () => {
  const report = syntheticReport({ accounts: 140 })
  const folder = mkdtempSync(join(tmpdir(), 'ambit-html-'))
  const address = pathToFileURL(join(folder, 'report.html')).href
  let browser: Browser

  before(async () => {
    writeFileSync(join(folder, 'report.html'), renderHtml(report))
    browser = await chromium.launch({ executablePath: chrome!, args: ['--no-sandbox'] })
  })
  after(async () => {
    await browser.close()
    rmSync(folder, { recursive: true })
  })

  /** Opens the page, runs `use`, and fails on any console message, error, dialog or request that was not the page itself. */
  async function onPage(options: { width?: number; javaScriptEnabled?: boolean }, use: (page: Page) => Promise<void>) {
    const { width = 1280, javaScriptEnabled = true } = options
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      javaScriptEnabled,
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    const unwanted: string[] = []
    page.on('console', (message) => unwanted.push(message.text()))
    page.on('pageerror', (error) => unwanted.push(String(error)))
    page.on('dialog', (dialog) => void unwanted.push(dialog.message()))
    page.on('request', (request) => {
      if (request.url() !== address) unwanted.push(request.url())
    })
    await page.goto(address)
    await use(page)
    assert.deepEqual(unwanted, [])
    await context.close()
  }

  for (const [name, options] of [
    ['on a desk', {}],
    ['on a phone', { width: 360 }],
  ] as const) {
    test(`axe finds nothing against WCAG 2.2 A and AA ${name}`, () =>
      onPage(options, async (page) => {
        await page.locator('.opener').first().click()
        await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        await page.evaluate(axe.source)
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
        const found = await page.evaluate<AxeResults>(`axe.run({ runOnly: ${JSON.stringify(tags)} })`)
        assert.deepEqual(
          found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`),
          [],
        )
      }))
  }
  const status = (page: Page) => page.locator('#status').textContent()

  test('it opens without a message, an error or a request', () =>
    onPage({}, async (page) => {
      await page.locator('#table tbody tr').first().waitFor()
      assert.equal(await status(page), '140 accounts, the first 100 shown')
    }))

  test('nothing runs over the edge of a phone, with every finding and a few accounts open', () =>
    onPage({ width: 360 }, async (page) => {
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
      for (let i = 0; i < 8; i++) await page.locator('.opener').nth(i).click()
      const wide = await page.evaluate(`[...document.querySelectorAll('main *')].filter((node) =>
        node.getBoundingClientRect().right > innerWidth + 1 && !node.closest('.sr')).map((node) => node.outerHTML.slice(0, 120))`)
      assert.deepEqual(wide, [])
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360)
    }))

  test('a cell of the matrix shows the people it counts', () =>
    onPage({}, async (page) => {
      await page.locator('[data-impact="high"][data-strength="none"]').click()
      const count = report.summary.matrix['high']!['none']!
      assert.equal(await status(page), `${count} of 140 accounts`)
      assert.equal(await page.locator('#table tbody tr:not(.detail)').count(), count)
      assert.equal(await page.evaluate('document.activeElement.id'), 'accounts')
    }))

  test('an account is found, opened and closed with the keyboard alone', () =>
    onPage({}, async (page) => {
      await page.locator('#f-text').focus()
      await page.keyboard.type('okta:u101')
      await page.locator('#status', { hasText: /^1 of/ }).waitFor()
      while ((await page.evaluate("document.activeElement.classList.contains('opener')")) !== true)
        await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      assert.equal(await page.locator('.opener').getAttribute('aria-expanded'), 'true')
      assert.ok(await page.getByRole('heading', { name: 'The weakest way in' }).isVisible())
      await page.keyboard.press('Enter')
      assert.equal(await page.getByRole('heading', { name: 'The weakest way in' }).isVisible(), false)
    }))

  test('the first stop of the keyboard skips to the report', () =>
    onPage({}, async (page) => {
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the report')
      await page.keyboard.press('Enter')
      assert.equal(await page.evaluate('document.activeElement.id'), 'main')
    }))

  test('a column sorts both ways and says so', () =>
    onPage({}, async (page) => {
      const head = page.locator('th.c-findings')
      await head.getByRole('button').click()
      assert.equal(await head.getAttribute('aria-sort'), 'ascending')
      await head.getByRole('button').click()
      assert.equal(await head.getAttribute('aria-sort'), 'descending')
      assert.equal(await page.evaluate('document.activeElement.textContent.trim().startsWith("Findings")'), true)
    }))

  test('a finding leads to its account', () =>
    onPage({}, async (page) => {
      const link = page.locator('.sources a[data-account]').first()
      const id = await link.getAttribute('data-account')
      await link.click()
      assert.equal(await page.evaluate("document.activeElement.getAttribute('aria-expanded')"), 'true')
      assert.ok(((await page.evaluate("document.activeElement.closest('tr').textContent")) as string).includes(id!))
    }))

  test('more accounts come on demand, and focus goes to the first of them', () =>
    onPage({}, async (page) => {
      await page.locator('#more').click()
      assert.equal(await page.locator('#table tbody tr:not(.detail)').count(), 140)
      assert.equal(await page.evaluate("document.activeElement.classList.contains('opener')"), true)
    }))

  test('every control has a name, every landmark its heading, and headings go down one level at a time', () =>
    onPage({}, async (page) => {
      await page.locator('.opener').first().click()
      const tree = await page.locator('body').ariaSnapshot()
      assert.doesNotMatch(tree, /- (?:button|link|textbox|searchbox|combobox|checkbox)(?:$|:\s*$| \[)/m)
      for (const landmark of [/- main/, /- navigation "Sections"/, /- search "Accounts"/, /- banner/])
        assert.match(tree, landmark)
      const levels = (await page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].filter((node) => node.checkVisibility()).map((node) => Number(node.tagName[1]))",
      )) as number[]
      assert.equal(levels.filter((level) => level === 1).length, 1)
      for (const [i, level] of levels.entries()) if (i > 0) assert.ok(level <= levels[i - 1]! + 1)
      assert.equal(await page.evaluate("document.querySelectorAll('th:not([scope])').length"), 0)
    }))

  test('targets are at least 24 by 24 pixels', () =>
    onPage({ width: 360 }, async (page) => {
      const small =
        await page.evaluate(`[...document.querySelectorAll('button,input,select,.matrix a,summary,.sections a,.contents a')]
        .filter((node) => node.checkVisibility()).map((node) => [node.textContent.slice(0, 40), node.getBoundingClientRect().height])
        .filter(([, height]) => height < 24)`)
      assert.deepEqual(small, [])
    }))

  test('without script, the findings and the matrix stand, and the search is not there', () =>
    onPage({ javaScriptEnabled: false }, async (page) => {
      assert.ok(await page.locator('noscript p').isVisible())
      assert.equal(await page.locator('#accounts-tool').isVisible(), false)
      assert.ok(await page.locator('details.finding').first().isVisible())
      assert.ok(await page.locator('.matrix td a').first().isVisible())
    }))

  test('on paper, findings are open, every account is there, and controls are not', () =>
    onPage({}, async (page) => {
      await page.emulateMedia({ media: 'print' })
      await page.evaluate("dispatchEvent(new Event('beforeprint'))")
      assert.equal(await page.locator('#table tbody tr:not(.detail)').count(), 140)
      assert.equal(await page.locator('details:not([open])').count(), 0)
      assert.equal(await page.locator('form.filters').isVisible(), false)
      assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)')
    }))
})
