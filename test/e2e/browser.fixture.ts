/** Chromium with a virtual authenticator, and a look at a page: what axe says of it, whether it fits a phone, a picture. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import axe from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'

const CHROMIUM = process.env['AMBIT_CHROME'] ?? '/usr/bin/chromium'
/** where pictures of the pages are kept, for people to look at; nowhere if not set */
const PICTURES = process.env['AMBIT_PICTURES']
const PHONE = { width: 390, height: 844 }

/** Why a suite that needs a browser is skipped; false where it is not. */
export const noBrowser = existsSync(CHROMIUM) ? false : 'no Chromium on this machine'

export async function openBrowser(context: TestContext): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  context.after(() => browser.close())
  return browser
}

/** A page with a platform authenticator that verifies its holder. */
export async function newPerson(browser: Browser, locale = 'en-GB') {
  const context = await browser.newContext({ viewport: PHONE, locale })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { context, page, cdp, authenticatorId, complaints }
}

export async function looked(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) {
    await mkdir(PICTURES, { recursive: true })
    await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true })
  }
  // the pages allow no script but their own, so the audit is handed over past their policy
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Runtime.evaluate', { expression: axe.source })
  const { result } = await cdp.send('Runtime.evaluate', {
    expression: `axe.run().then(({violations}) => JSON.stringify(violations.map(({id, nodes}) => id + ': ' + nodes.map(({html}) => html).join(' '))))`,
    awaitPromise: true,
    returnByValue: true,
  })
  assert.deepEqual(JSON.parse(String(result.value)), [], name)
  const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
  assert.equal(wide, false, `${name} scrolls sideways`)
}

/** What is seen of an element, as a camera in front of the screen has it. */
export async function pixelsOf(page: Page, selector: string) {
  const png = (await page.locator(selector).screenshot()).toString('base64')
  const seen = await page.evaluate<{ width: number; height: number; data: number[] }>(`(async () => {
    const image = new Image()
    image.src = 'data:image/png;base64,${png}'
    await image.decode()
    const { width, height } = image
    const drawing = new OffscreenCanvas(width, height).getContext('2d')
    drawing.drawImage(image, 0, 0)
    return { width, height, data: [...drawing.getImageData(0, 0, width, height).data] }
  })()`)
  return { ...seen, data: Uint8Array.from(seen.data) }
}
