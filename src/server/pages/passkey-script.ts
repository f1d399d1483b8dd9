/**
 * The one script of the pages. A form with `data-passkey` asks the browser for a passkey and sends what it says as the field
 * `response`; everything else about the page works without it. And a form is sent once, however often its button is clicked.
 */
export const PASSKEY_SCRIPT = `'use strict'
const { startAuthentication, startRegistration, browserSupportsWebAuthnAutofill } = SimpleWebAuthnBrowser
for (const form of document.querySelectorAll('form[data-passkey]')) {
  form.hidden = false
  const failed = form.querySelector('[data-failed]')
  const create = form.dataset.passkey === 'create'
  const begin = async () => {
    const body = new URLSearchParams(new FormData(form))
    const answer = await fetch(form.dataset.options, { method: 'POST', body, headers: { accept: 'application/json' } })
    // what is asked for needs a newer or stronger proof first
    if (answer.status === 401) location.assign((await answer.json()).signIn)
    if (!answer.ok) throw new Error('no options')
    return answer.json()
  }
  const finish = (challenge, response) => {
    form.elements.challenge.value = challenge
    form.elements.response.value = JSON.stringify(response)
    form.submit()
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    failed.hidden = true
    try {
      const { challenge, options } = await begin()
      const response = await (create ? startRegistration : startAuthentication)({ optionsJSON: options })
      finish(challenge, response)
    } catch {
      failed.hidden = false
      failed.focus()
    }
  })
  if (form.dataset.autofill !== undefined) {
    browserSupportsWebAuthnAutofill().then(async (able) => {
      if (!able) return
      const { challenge, options } = await begin()
      const response = await startAuthentication({ optionsJSON: options, useBrowserAutofill: true })
      finish(challenge, response)
    }).catch(() => {})
  }
}
// The answer to a second click would take the place of the first one's, and of the session that it left. A click after five seconds is
// another try of somebody who stopped the first. A form that asks for a passkey first has seen to itself.
let sent = -Infinity
document.addEventListener('submit', (event) => {
  if (event.defaultPrevented) return
  if (event.timeStamp - sent < 5000) event.preventDefault()
  else sent = event.timeStamp
})
addEventListener('pageshow', () => { sent = -Infinity })
`
