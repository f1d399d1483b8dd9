/** A browser with a virtual authenticator at the pages of sign-in, enrolment and one's own account. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { generateSync } from 'otplib'
import decodeQR from 'qr/decode.js'
import { looked, newPerson, noBrowser, openBrowser, pixelsOf } from './browser.fixture.ts'
import { PASSWORD, startPeople } from './people.fixture.ts'

const started = async (context: TestContext) => {
  const people = await startPeople(context)
  return { ...people, browser: await openBrowser(context) }
}

suite('People in a browser', { skip: noBrowser }, () => {
  test('a pass enrols one passkey, which then signs in, adds another and is told of', async (context) => {
    const { origin, json, browser, mails } = await started(context)
    const low = await json('POST', '/v1/people/shop:cleo/passes', { by: 'shop:ben' })
    assert.equal(low.status, 403) // whoever reaches less cannot let anybody in
    const pass = await json('POST', '/v1/people/shop:cleo/passes', { by: 'shop:ada' })
    assert.deepEqual([pass.status, pass.body['state']], [200, 'active'])
    const { page, complaints, cdp, authenticatorId } = await newPerson(browser)
    await page.goto(`${origin}/enrol`)
    await looked(page, 'enrol')
    await page.fill('#identifier', 'cleo@example.org')
    await page.fill('#pass', pass.body['code']!.toLowerCase())
    await page.click('text=Continue')
    await page.waitForSelector('text=Add a passkey')
    await looked(page, 'enrol-passkey')
    await page.fill('#key-name', 'Laptop <b>')
    await page.click('button:has-text("Add a passkey")')
    await page.waitForSelector('text=Every address of this account is told')
    const [told] = await mails(2)
    assert.deepEqual(told?.to, ['cleo@example.org'])
    // the pass is used up
    const again = await newPerson(browser)
    await again.page.goto(`${origin}/enrol`)
    await again.page.fill('#identifier', 'cleo@example.org')
    await again.page.fill('#pass', pass.body['code']!)
    await again.page.click('text=Continue')
    await again.page.waitForSelector('[role=alert]')
    // the passkey signs in to the account page, by the browser's own offer
    await page.goto(`${origin}/account`)
    await page.waitForSelector('h1:has-text("Your account")')
    assert.match(await page.innerText('main'), /Laptop <b> · Passkey · on one device, which nobody vouches for/)
    await looked(page, 'account')
    // a second key, from another device: the step-up is fresh
    await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
    await page.fill('#key-name', 'Spare')
    await page.click('button:has-text("Add a passkey")')
    await page.waitForSelector('[role=status]')
    assert.match(await page.innerText('main'), /Spare/)
    // an account whose reach forbids codes is offered none
    assert.equal(await page.locator('text=Add an authenticator app').count(), 0)
    assert.deepEqual(complaints, [])
  })

  test('a customer adds an app and recovery codes; another browser is signed out by it', async (context) => {
    const { origin, browser, server } = await started(context)
    const signIn = async () => {
      const person = await newPerson(browser)
      await person.page.goto(`${origin}/account`)
      await person.page.fill('#identifier', 'ben@example.org')
      await person.page.click('button:has-text("Continue")')
      await person.page.fill('#password', PASSWORD)
      await person.page.click('button:has-text("Confirm")')
      await person.page.waitForSelector('h1:has-text("Your account")')
      return person
    }
    const [one, other] = [await signIn(), await signIn()]
    await looked(one.page, 'account-customer')
    // what is called by its kind is so in the language of the page, and once
    assert.match(await one.page.innerText('main'), /Password\nadded/)
    await one.page.click('text=Add an authenticator app')
    await one.page.waitForSelector('code.secret')
    // what nobody has confirmed protects nothing
    await other.page.goto(`${origin}/account`)
    assert.doesNotMatch(await other.page.innerText('ul.things >> nth=0'), /Authenticator app/)
    await looked(one.page, 'totp')
    const secret = (await one.page.innerText('code.secret')).replaceAll(' ', '')
    // a camera reads off the screen what the link says, in either colour scheme
    const uri = await one.page.locator('a[href^="otpauth:"]').getAttribute('href')
    assert.equal(new URL(uri!).searchParams.get('secret'), secret)
    for (const colorScheme of ['dark', 'light'] as const) {
      await one.page.emulateMedia({ colorScheme })
      assert.equal(decodeQR(await pixelsOf(one.page, 'svg.qr')), uri)
    }
    assert.equal(await one.page.getByRole('img', { name: 'QR code of the secret below' }).count(), 1)
    // a wrong digit is no reason to begin anew
    await one.page.fill('#first-code', '12345')
    await one.page.click('button:has-text("Confirm")')
    await one.page.waitForSelector('[role=alert]')
    assert.equal((await one.page.innerText('code.secret')).replaceAll(' ', ''), secret)
    await one.page.fill('#first-code', generateSync({ secret, epoch: Math.floor(new Date().getTime() / 1000) }))
    await one.page.click('button:has-text("Confirm")')
    await one.page.waitForSelector('[role=status]')
    await other.page.goto(`${origin}/account`)
    assert.match(await other.page.innerText('h1'), /Sign in/)
    // now that two factors are enrolled, changes ask for both
    await one.page.click('text=Make new recovery codes')
    await one.page.waitForSelector('h1:has-text("Confirm that it is you")')
    await looked(one.page, 'step-up')
    // the code that confirmed the enrolment is used up, so the next step's is shown
    const soon = Math.floor(new Date().getTime() / 1000) + 30
    await one.page.fill('input.code', generateSync({ secret, epoch: soon }))
    await one.page.click('button:has-text("Confirm")')
    await one.page.waitForSelector('h1:has-text("Your account")')
    assert.deepEqual(one.complaints, [], 'nothing on these pages is against their policy')
    const log = server.logged.join('')
    assert.match(log, /\/account\/totp-confirm/)
    assert.ok(!log.includes(secret))
    await one.page.click('text=Make new recovery codes')
    await one.page.waitForSelector('ol.codes')
    await looked(one.page, 'recovery-codes')
    // a long word of a title fits on a small phone
    await one.page.setViewportSize({ width: 360, height: 800 })
    await one.page.evaluate(`document.querySelector('h1').textContent = 'Wiederherstellungscodes'`)
    assert.equal(await one.page.evaluate(`document.documentElement.scrollWidth <= innerWidth`), true)
    await looked(one.page, 'recovery-codes-small')
    assert.equal(await one.page.locator('ol.codes li').count(), 10)
    // with both enrolled, a password alone signs nobody in any more
    await other.page.fill('#identifier', 'ben@example.org')
    await other.page.click('button:has-text("Continue")')
    await other.page.fill('#password', PASSWORD)
    await other.page.click('button:has-text("Confirm")')
    await other.page.waitForSelector('input.code')
  })

  test('whoever clicks twice, quickly or slowly, has changed one thing and stays signed in', async (context) => {
    const { origin, browser, mails } = await started(context)
    const { page } = await newPerson(browser)
    await page.goto(`${origin}/account`)
    await page.fill('#identifier', 'ben@example.org')
    await page.click('button:has-text("Continue")')
    await page.fill('#password', PASSWORD)
    await page.click('button:has-text("Confirm")')
    for (const [i, delay] of [0, 20, 150].entries()) {
      await page.click('summary:has-text("Set a password")')
      await page.fill('#new-password', `another horse and battery ${delay}`)
      await page.evaluate(`{
        const button = document.querySelector('details[open] button')
        button.click()
        setTimeout(() => button.click(), ${delay})
      }`)
      await page.waitForSelector('[role=status]')
      assert.equal((await mails(i + 1)).length, i + 1)
      await page.goto(`${origin}/account`)
      assert.match(await page.innerText('h1'), /Your account/, String(delay))
    }
  })

  test('it was not me: opening the link does nothing, the button locks the account', async (context) => {
    const { origin, browser, mails, json } = await started(context)
    const { page } = await newPerson(browser)
    await page.goto(`${origin}/account`)
    await page.fill('#identifier', 'ben@example.org')
    await page.click('button:has-text("Continue")')
    await looked(page, 'choose')
    await page.fill('#password', PASSWORD)
    await page.click('button:has-text("Confirm")')
    await page.click('summary:has-text("Set a password")')
    await page.fill('#new-password', 'another horse and battery')
    await page.click('details[open] button')
    await page.waitForSelector('[role=status]')
    const all = await mails(1)
    const link = /http\S+not-me\?t=\S+/.exec(all.at(-1)?.mail.text ?? '')?.[0] ?? ''
    const owner = await newPerson(browser)
    await owner.page.goto(link)
    await looked(owner.page, 'not-me')
    assert.equal((await json('GET', '/v1/people/shop:ben', undefined)).body['status'], 'active')
    await owner.page.click('text=Lock the account now')
    await owner.page.waitForSelector('[role=status]')
    assert.equal((await json('GET', '/v1/people/shop:ben', undefined)).body['status'], 'frozen')
    await page.goto(`${origin}/account`)
    assert.match(await page.innerText('h1'), /Sign in/)
    assert.equal((await json('POST', '/v1/people/shop:ben/enable', {})).status, 409)
    assert.equal((await json('POST', '/v1/people/shop:ben/unfreeze', { by: 'shop:ben' })).status, 403)
    assert.equal((await json('POST', '/v1/people/shop:ben/unfreeze', { by: 'shop:ada' })).status, 200)
    // the same link a second time
    await owner.page.goto(link)
    await owner.page.click('text=Lock the account now')
    assert.equal((await json('GET', '/v1/people/shop:ben', undefined)).body['status'], 'active')
  })
})
