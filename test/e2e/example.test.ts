/** The example application, walked as its README says. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '#lib/until.fixture.ts'
import { quietIo } from '../support/quiet-io.ts'
import { startExample, whatToDo } from '../../examples/app/run.ts'
import { looked, newPerson, noBrowser, openBrowser } from './browser.fixture.ts'

async function started(context: TestContext) {
  const example = await startExample(quietIo(), { shop: 0, ambit: 0 })
  context.after(example.stop)
  let read = 0
  /** the code of the next mail to somebody that has one */
  const codeTo = async (address: string): Promise<string> => {
    let found: string | undefined
    await until(() => {
      for (const mail of example.mails.slice(read)) {
        read++
        if (mail.to === address) found ??= /\b[0-9]{8}\b/.exec(mail.text)?.[0]
        if (found !== undefined) return true
      }
      return false
    }, `no code comes for ${address}`)
    return found!
  }
  return { example, codeTo }
}

/** Somebody says who he is and has a code sent. */
async function askForCode(page: Page, name: string): Promise<void> {
  await page.fill('#identifier', name)
  await page.click('button:has-text("Continue")')
  await page.click('text=Send a code by e-mail')
  await page.waitForSelector('#code-answer')
}

async function readWithCode(page: Page, codeTo: (address: string) => Promise<string>): Promise<void> {
  await askForCode(page, 'carla@example.org')
  await page.fill('#code-answer', await codeTo('carla@example.org'))
  await page.click('button:has-text("Confirm")')
  await page.waitForSelector('button:has-text("Allow"), h1:has-text("Your orders")')
  if (await page.locator('button:has-text("Allow")').count()) await page.click('button:has-text("Allow")')
  await page.waitForSelector('h1:has-text("Your orders")')
}

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
const toldInReadme = (sentence: string): void =>
  assert.ok(readme.replaceAll(/\s+/g, ' ').includes(sentence), `the README does not say: ${sentence}`)

test('the README shows what `npm run example` prints', async (context) => {
  const { example } = await started(context)
  const { shop, ambit, pass, ingest, snapshot } = example
  const shown: readonly [string, string][] = [
    [shop, 'http://localhost:8484'],
    [ambit, 'http://localhost:8485'],
    [pass, 'BHS7-1CK8-9J38-91YY'],
    [ingest, 'ambit_…'],
    [snapshot, '4f1d…'],
  ]
  const printed = shown.reduce((text, [here, there]) => text.replaceAll(here, there), whatToDo(example)).trim()
  assert.ok(readme.includes(printed), printed)
})

suite('The example application', { skip: noBrowser }, () => {
  test('reading takes a code, paying a passkey, and an administrator is told why a code will not do', async (context) => {
    const { example, codeTo } = await started(context)
    const browser = await openBrowser(context)
    const { shop, ambit, pass, ingest, snapshot } = example
    const { page, cdp, authenticatorId } = await newPerson(browser)
    const refusal = async (): Promise<string> => await page.innerText('[role=alert]')
    // nobody reads without signing in
    assert.equal((await page.goto(`${shop}/orders`))?.status(), 401)
    await looked(page, 'example-signed-out')
    await page.goto(shop)
    await looked(page, 'example-home')
    await page.click('a.button')
    await looked(page, 'example-sign-in')
    const shopCookie = async () => (await page.context().cookies(shop)).find(({ name }) => name === 'shop')?.value ?? ''
    const before = await shopCookie()
    await readWithCode(page, codeTo)
    await looked(page, 'example-orders')
    // whoever planted the cookie of before is signed in by it nowhere
    assert.ok(before !== '' && before !== (await shopCookie()))
    const planted = await fetch(`${shop}/orders`, { headers: { cookie: `shop=${before}` } })
    assert.equal(planted.status, 401)

    // a code does not pay, and the person is told what would
    await page.click('button')
    assert.equal(await refusal(), 'Confirm that it is you with a passkey or security key.')
    toldInReadme(await refusal())
    await looked(page, 'example-pay-refused')
    await page.click('text=Go on')
    assert.match(await page.innerText('main'), /None of the ways .* is strong enough for this\.[^]*enrolment pass/)
    await looked(page, 'example-no-passkey')
    await page.goto(`${ambit}/enrol`)
    await page.fill('#identifier', 'carla@example.org')
    await page.fill('#pass', pass)
    await page.click('text=Continue')
    await page.click('button:has-text("Add a passkey")')
    await page.waitForSelector('text=Every address of this account is told')
    // a new factor ends every session, in the shop at once, though its token has minutes to go
    assert.equal((await page.goto(`${shop}/orders`))?.status(), 401)

    // with a code again, as the passkey lies untouched; then paying asks for it
    const touch = (enabled: boolean) =>
      cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    await touch(false)
    await page.goto(shop)
    await page.goto(`${shop}/sign-in`)
    await readWithCode(page, codeTo)
    await page.click('button')
    assert.equal(await refusal(), 'Confirm that it is you with a passkey or security key.')
    await page.click('text=Go on')
    await page.waitForSelector('h1:has-text("Confirm that it is you")')
    await looked(page, 'example-step-up')
    await touch(true)
    await page.click('button:has-text("Use a passkey")')
    await page.waitForSelector('h1:has-text("Your orders")')
    await page.click('button')
    await page.waitForSelector('[role=status]')
    await looked(page, 'example-paid')

    // she is made an administrator: what was enough a moment ago is not
    const change = {
      ambit: 1,
      entitlements: [{ holder: 'shop:carla', on: 'cloud:production', capabilities: ['administer'] }],
    }
    const headers = {
      authorization: `Bearer ${ingest}`,
      'content-type': 'application/json',
      'if-match': `"${snapshot}"`,
    }
    const changed = await fetch(`${ambit}/v1/inventory/changes`, {
      method: 'POST',
      headers,
      body: JSON.stringify(change),
    })
    assert.equal(changed.status, 200, await changed.text())
    assert.equal((await page.goto(`${shop}/orders`))?.status(), 401)
    assert.equal(await refusal(), 'Confirm that it is you with your hardware security key.')
    toldInReadme(await refusal())
    await looked(page, 'example-promoted')

    // signing out there ends it here too, once she says so; no passkey signs her in again by itself
    await touch(false)
    await page.goto(shop)
    await page.click('text=Sign out')
    await page.waitForSelector('h1:has-text("Sign out")')
    await looked(page, 'example-sign-out')
    await page.click('button:has-text("Sign out everywhere")')
    await page.waitForSelector('h1:has-text("Welcome")')
    // the page would take the passkey by itself
    await touch(false)
    await page.goto(`${ambit}/account`)
    assert.match(await page.innerText('h1'), /Sign in/, await page.innerText('main'))
  })

  test('an administrator is sent no code, and is told why one would not do', async (context) => {
    const { example } = await started(context)
    const browser = await openBrowser(context)
    const { page } = await newPerson(browser)
    await page.goto(`${example.shop}/sign-in`)
    await askForCode(page, 'ada@example.org')
    await page.click('text=Choose another way')
    await page.fill('#password', 'four quiet garden tables')
    await page.click('button:has-text("Confirm")')
    toldInReadme(await page.innerText('[role=alert]'))
    toldInReadme(await page.innerText('[role=alert] + p'))
    toldInReadme(await page.innerText('[role=alert] + p + p'))
    assert.match(
      await page.innerText('main'),
      /A code is not enough for this account\.[^]*worth more than a code protects[^]*It takes a security key/,
    )
    await looked(page, 'example-admin')
    assert.ok(!example.mails.some(({ to, text }) => to === 'ada@example.org' && /\b[0-9]{8}\b/.test(text)))
    await page.click('button:has-text("Cancel")')
    await page.waitForSelector('h1:has-text("One more step")')
    assert.equal((await page.goto(`${example.shop}/orders`))?.status(), 401)
  })
})
