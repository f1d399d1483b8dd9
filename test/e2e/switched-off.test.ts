/** What an operator switches off while people have it, through a whole server that is started anew. */
import assert from 'node:assert/strict'
import { generateSync } from 'otplib'
import { systemClock } from '#lib/clock.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { PASSWORD, startPeople } from './people.fixture.ts'
import { Person } from './person.fixture.ts'

onEveryStore('what is switched off opens nothing and is asked of nobody', async (store, context) => {
  const on = (factors: string) => startPeople(context, { store: store.url, factors })
  const begun = async (origin: string) => {
    const ben = new Person(origin)
    await ben.go('/account')
    await ben.submit('identify', { identifier: 'ben@example.org' })
    return ben
  }
  const isIn = (person: Person) => /Signed in as shop:ben/.test(person.html)
  const all = await on('[passkey, password, totp, recovery_code]')
  const ben = await begun(all.origin)
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('totp')
  const [, secret = ''] = /<code class="secret">([^<]+)</.exec(ben.html) ?? []
  const epoch = Math.floor(systemClock() / 1000)
  await ben.submit('totp-confirm', { code: generateSync({ secret: secret.replaceAll(' ', ''), epoch }) })
  assert.ok(isIn(ben), ben.html)
  const both = await begun(all.origin)
  await both.submit('password', { password: PASSWORD })
  assert.ok(!isIn(both))

  // apps are switched off: the password is all that there is, and does what it does for others
  const one = await on('[passkey, password, recovery_code]')
  const left = await begun(one.origin)
  await left.submit('password', { password: PASSWORD })
  assert.ok(isIn(left), left.html)
  // the same where passwords are: a form that nobody was shown opens nothing, however right what it says
  const other = await on('[passkey, recovery_code]')
  const thief = await begun(other.origin)
  assert.ok(!thief.html.includes('/password"'))
  const forged = thief.html.replaceAll('/recovery-code"', '/password"')
  thief.html = forged
  await thief.submit('password', { password: PASSWORD })
  assert.ok(!isIn(thief))
  assert.match(thief.html, /role="alert"/)
})
