/** The page of a simulation in a real browser. `AMBIT_CHROME` may name one; without any, the suite is skipped and says so. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, suite, test } from 'node:test'
import axe, { type AxeResults } from 'axe-core'
import { chromium, type Browser } from 'playwright-core'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { checkInventory } from '#model/inventory.ts'
import { renderSimulationHtml } from '#report/simulation-html.ts'
import { simulate, simulateAll } from '#simulation/simulate.ts'
import { worldOf } from '#simulation/world.ts'

const chrome = [process.env['AMBIT_CHROME'] ?? '', '/usr/bin/chromium'].find((path) => path !== '' && existsSync(path))
const skip = chrome === undefined ? 'no browser: install Chromium or name one in AMBIT_CHROME' : false

suite('the page of a simulation in a browser', { skip }, async () => {
  const policy = await readPolicyFile()
  const path = new URL('../../examples/tidewicket', import.meta.url).pathname
  const world = worldOf(checkInventory(await readFiles([path])), policy)
  const attackers = policy.attackers.filter(({ name }) => name === 'sim_swap')
  const pages = { scenario: simulate(world, { attackers, starts: [] }), table: simulateAll(world) }
  const folder = mkdtempSync(join(tmpdir(), 'ambit-simulation-'))
  let browser: Browser

  before(async () => {
    for (const [name, simulation] of Object.entries(pages))
      writeFileSync(join(folder, `${name}.html`), renderSimulationHtml(simulation))
    browser = await chromium.launch({ executablePath: chrome!, args: ['--no-sandbox'] })
  })
  after(async () => {
    await browser.close()
    rmSync(folder, { recursive: true })
  })

  for (const name of Object.keys(pages)) {
    for (const [where, width] of [
      ['a desk', 1280],
      ['a phone', 360],
    ] as const) {
      test(`the ${name} says nothing to the console, scrolls no way but down and passes axe on ${where}`, async () => {
        const context = await browser.newContext({ viewport: { width, height: 800 } })
        const page = await context.newPage()
        const unwanted: string[] = []
        page.on('console', (message) => unwanted.push(message.text()))
        page.on('request', (request) => {
          if (!request.url().startsWith('file:')) unwanted.push(request.url())
        })
        await page.goto(pathToFileURL(join(folder, `${name}.html`)).href)
        assert.equal(await page.evaluate('document.scrollingElement.scrollWidth'), width)
        await page.evaluate(axe.source)
        const { violations } = (await page.evaluate(
          "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })",
        )) as AxeResults
        assert.deepEqual(
          violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)]),
          [],
        )
        assert.deepEqual(unwanted, [])
        await context.close()
      })
    }
  }

  test('the picture is of boxes and lines on a desk, and a list from top to bottom on a phone', async () => {
    for (const [width, wide, tall] of [
      [1280, true, false],
      [360, false, true],
    ] as const) {
      const context = await browser.newContext({ viewport: { width, height: 800 }, javaScriptEnabled: false })
      const page = await context.newPage()
      await page.goto(pathToFileURL(join(folder, 'scenario.html')).href)
      assert.equal(await page.locator('.cascade.wide svg').first().isVisible(), wide)
      assert.equal(await page.locator('.cascade.tall').isVisible(), tall)
      assert.ok((await page.locator('path.line').count()) > 10)
      await context.close()
    }
  })
})
