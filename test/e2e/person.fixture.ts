import assert from 'node:assert/strict'

/** A person without script: follows links and redirects, fills in forms, keeps cookies. */
export class Person {
  readonly cookies = new Map<string, string>()
  readonly origin: string
  at = ''
  /** of the last answer */
  status = 0
  html = ''
  /** address outside of the server to which the person was sent, at last */
  left: URL | null = null

  /** the last offer to bind a session to a key */
  offered: string | null = null

  /** sent with every request */
  readonly headers: Readonly<Record<string, string>>

  constructor(origin: string, headers: Readonly<Record<string, string>> = {}) {
    this.origin = origin
    this.headers = headers
  }

  async go(url: string, init: RequestInit = {}): Promise<string> {
    let to = new URL(url, this.origin)
    let how = init
    for (let hops = 0; hops < 20; hops++) {
      if (to.origin !== this.origin) {
        this.left = to
        return (this.html = '')
      }
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(to, {
        redirect: 'manual',
        ...how,
        headers: { ...this.headers, ...how.headers, cookie },
      })
      for (const line of response.headers.getSetCookie()) {
        const [pair = ''] = line.split(';')
        const [name = '', ...value] = pair.split('=')
        if (value.join('=') === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name)
        else this.cookies.set(name, value.join('='))
      }
      this.status = response.status
      this.offered = response.headers.get('secure-session-registration') ?? this.offered
      const location = response.headers.get('location')
      if (location === null) {
        this.at = to.pathname
        return (this.html = await response.text())
      }
      to = new URL(location, to)
      how = {}
    }
    throw new Error('too many redirects')
  }

  /** Fills in the form that leads to this step. */
  async submit(step: string, fields: Record<string, string> = {}): Promise<string> {
    const [, path = '', rest = ''] =
      new RegExp(`<form method="post" action="([^"]*/${step})"[^>]*>([\\s\\S]*?)</form>`).exec(this.html) ?? []
    assert.notEqual(path, '', `no form for ${step} in ${this.html}`)
    const body = new URLSearchParams()
    for (const [, name = '', value = ''] of rest.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g))
      body.set(name, value)
    for (const [name, value] of Object.entries(fields)) body.set(name, value)
    return this.go(path, { method: 'POST', body, headers: { origin: this.origin } })
  }
}
