/** What goes wrong at the pages is told to people in a page, and to programs as everywhere. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { looked, newPerson, noBrowser, openBrowser } from './browser.fixture.ts'
import { startPeople } from './people.fixture.ts'

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

test('a browser is shown what to do, in its language, and a program is told the code', async (context) => {
  const { origin } = await startPeople(context)
  const form = { method: 'POST', body: new URLSearchParams({ form: 'x' }) }
  const png = new Blob(['x'], { type: 'image/png' })
  for (const [path, status, code, said, init] of [
    ['/interaction/nobodys', 404, 'not_found', /begin again/, {}],
    ['/account/password', 403, 'forbidden', /no longer valid in this browser/, form],
    ['/enrol/passkey', 403, 'forbidden', /no longer valid in this browser/, form],
    ['/recover/begin', 415, 'media_type_unsupported', /could not be read/, { method: 'POST', body: png }],
    ['/', 404, 'not_found', /nothing at this address/, {}],
    ['/oidc/auth?client_id=nobody', 400, 'invalid_client', /tell whoever runs it/, {}],
    ['/oidc/Auth', 404, 'not_found', /begin again/, {}],
  ] as const) {
    const ask = (headers: Record<string, string>) => fetch(`${origin}${path}`, { ...init, headers })
    const shown = await ask({ accept: HTML })
    const body = await shown.text()
    assert.deepEqual([shown.status, shown.headers.get('content-type')], [status, 'text/html; charset=utf-8'], path)
    assert.match(body, said, path)
    assert.match(shown.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, path)
    assert.match(await (await ask({ accept: HTML, 'accept-language': 'de-CH,de' })).text(), /<html lang="de">/, path)
    for (const accept of ['*/*', 'application/json', 'text/htmlx']) {
      const told = await ask({ accept })
      assert.deepEqual([told.status, ((await told.json()) as { error: string }).error], [status, code], path)
    }
  }
  // what is no page is told in JSON, whoever opens it
  const api = await fetch(`${origin}/v1/accounts`, { headers: { accept: HTML } })
  assert.deepEqual([api.status, ((await api.json()) as { error: string }).error], [401, 'unauthenticated'])
})

suite('A page that tells of an error', { skip: noBrowser }, () => {
  test('can be read and left by everybody', async (context) => {
    const { origin } = await startPeople(context)
    const { page } = await newPerson(await openBrowser(context), 'de-DE')
    await page.goto(`${origin}/interaction/nobodys`)
    await looked(page, 'error-over')
    await page.goto(`${origin}/oidc/auth?client_id=nobody`)
    await looked(page, 'error-application')
    await page.goto(`${origin}/nothing`)
    await looked(page, 'error-nowhere')
    await page.click('text=Ihr Konto')
    await page.waitForSelector('h1:has-text("Anmelden")')
  })
})
