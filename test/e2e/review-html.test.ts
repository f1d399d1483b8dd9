/** The review's page in a real browser. `AMBIT_CHROME` may name one; without any, the suite is skipped and says so. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, suite, test } from 'node:test'
import axe, { type AxeResults } from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { checkInventory } from '#model/inventory.ts'
import { loadSolver } from '#planning/solver.ts'
import { renderReviewHtml } from '#report/review-html.ts'
import { decide } from '#review/outcome.ts'
import { reviewOf } from '#review/review.ts'

const chrome = [process.env['AMBIT_CHROME'] ?? '', '/usr/bin/chromium'].find((path) => path !== '' && existsSync(path))
const skip = chrome === undefined ? 'no browser: install Chromium or name one in AMBIT_CHROME' : false

suite('the review in a browser', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-review-html-'))
  const address = pathToFileURL(join(folder, 'review.html')).href
  let browser: Browser

  before(async () => {
    const inventory = checkInventory(await readFiles([new URL('../../examples/tidewicket', import.meta.url).pathname]))
    const limits = { solver: await loadSolver(), now: () => 0, until: 60_000 }
    const reviewed = reviewOf(inventory, await readPolicyFile(), limits)
    const rows = reviewed.review.items.slice(0, 12).map((item, at) => ({
      line: at + 2,
      item,
      decision: at % 2 === 0 ? ('keep' as const) : ('revoke' as const),
      comment: '',
      reviewer: 'Nadia Petrova',
    }))
    const review = decide(reviewed, rows, 'filled.csv')
    // axe takes its time over each row; those that other parts of the page speak of, and the first, show every shape
    const spokenOf = new Set([
      ...review.minimalSet.items,
      ...review.smaller.flatMap((one) => [...one.kept, ...one.dropped]),
    ])
    const items = review.items.filter(({ id, rank }) => rank <= 20 || spokenOf.has(id))
    writeFileSync(join(folder, 'review.html'), renderReviewHtml({ ...review, items }))
    browser = await chromium.launch({ executablePath: chrome!, args: ['--no-sandbox'] })
  })
  after(async () => {
    await browser.close()
    rmSync(folder, { recursive: true })
  })

  /** Opens the page with every part unfolded, and fails on any message or request that was not the page itself. */
  async function onPage(
    options: { width: number; colorScheme?: 'dark' | 'light' },
    use: (page: Page) => Promise<void>,
  ) {
    const context = await browser.newContext({
      viewport: { width: options.width, height: 800 },
      colorScheme: options.colorScheme ?? 'light',
    })
    const page = await context.newPage()
    const unwanted: string[] = []
    page.on('console', (message) => unwanted.push(message.text()))
    page.on('request', (request) => {
      if (request.url() !== address) unwanted.push(request.url())
    })
    await page.goto(address)
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    await use(page)
    assert.deepEqual(unwanted, [])
    await context.close()
  }

  for (const options of [{ width: 1280, colorScheme: 'dark' as const }, { width: 360 }]) {
    test(`axe finds nothing against WCAG 2.2 A and AA, ${options.width} wide, ${'colorScheme' in options ? 'dark' : 'light'}`, () =>
      onPage(options, async (page) => {
        await page.evaluate(axe.source)
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
        const found = await page.evaluate<AxeResults>(`axe.run({ runOnly: ${JSON.stringify(tags)} })`)
        assert.deepEqual(
          found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`),
          [],
        )
      }))
  }

  test('nothing runs over the edge of a phone', () =>
    onPage({ width: 360 }, async (page) => {
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 360)
    }))
})
