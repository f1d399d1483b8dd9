/** Somebody who does things at the pages in any order, knows every secret, and remembers what he showed where. */
import { generateSync } from 'otplib'
import * as client from 'openid-client'
import { assertWith, newSoftwareKey, register, type SoftwareKey } from '#authn/software-key.fixture.ts'
import type { FactorName } from '#authn/factors.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, REDIRECT, type startPeople } from './people.fixture.ts'

type People = Awaited<ReturnType<typeof startPeople>>

export const NAMES = ['ben', 'cleo', 'ada', 'zoe'] as const
export type Name = (typeof NAMES)[number]
const ACRS = ['urn:ambit:loa:1', 'urn:ambit:loa:2', 'phr', 'phrh'] as const

/** One step; `right` says whether the secret is the right one. */
export type Step =
  | {
      readonly does: 'authorize'
      readonly acr: number
      readonly prompt: '' | 'none' | 'login'
      readonly maxAge: string
    }
  | { readonly does: 'identify'; readonly name: Name }
  | { readonly does: 'password' | 'totp' | 'answer' | 'recovery-code'; readonly right: boolean }
  | { readonly does: 'passkey'; readonly of: 'ben' | 'cleo' | 'nobody' }
  | { readonly does: 'send' | 'back' | 'restart' | 'abort' | 'consent' | 'reload' | 'repeat' | 'swap' }
  | {
      readonly does: 'account'
      readonly act: 'see' | 'totp' | 'totp-confirm' | 'recovery-codes' | 'remove' | 'end-others' | 'sign-out'
    }
  | {
      readonly does: 'recover'
      readonly act: 'begin' | 'send' | 'answer' | 'saved-code' | 'complete'
      readonly name: Name
    }

/** What a secret that was right was shown for: the account that it is of, or was named in this browser. */
export interface Shown {
  readonly account: string
  readonly factor: FactorName
}

/** What all walkers know. */
export interface Secrets {
  readonly keys: Readonly<Record<'ben' | 'cleo', SoftwareKey>>
  totp: string | null
  recovery: string[]
  /** time of the tests, milliseconds */
  now: () => number
}

export interface Asked {
  readonly acr: string | undefined
  readonly maxAge: number | undefined
  readonly at: number
  readonly checks: { readonly pkceCodeVerifier: string; readonly expectedState: string }
}

export class Walker extends Person {
  readonly shown: Shown[] = []
  readonly people: People
  readonly secrets: Secrets
  readonly config: client.Configuration
  named: Name | null = null
  asked: Asked | null = null
  #forms = new Map<string, string>()
  #interaction = ''
  #mailsBefore = -1
  #last: { readonly path: string; readonly body: URLSearchParams } | null = null

  constructor(people: People, config: client.Configuration, secrets: Secrets) {
    super(people.origin)
    this.people = people
    this.config = config
    this.secrets = secrets
  }

  /** Goes there, and remembers the address and token of the forms that are seen. */
  override async go(url: string, init: RequestInit = {}): Promise<string> {
    await super.go(url, init)
    const [, interaction] = /^(\/interaction\/[^/]+)/.exec(this.at) ?? []
    if (interaction !== undefined) this.#interaction = interaction
    const place = interaction === undefined ? (this.at.split('/')[1] ?? '') : 'interaction'
    const [, token] = /name="form" value="([^"]+)"/.exec(this.html) ?? []
    if (token !== undefined) this.#forms.set(place, token)
    return this.html
  }

  /** Posts a step whether or not the page that is shown has a form for it. */
  async #post(place: string, step: string, fields: Record<string, string> = {}): Promise<void> {
    const base = place === 'interaction' ? this.#interaction : `/${place}`
    const body = new URLSearchParams({ form: this.#forms.get(place) ?? 'x', ...fields })
    this.#last = { path: `${base}/${step}`, body }
    await this.go(this.#last.path, { method: 'POST', body, headers: { origin: this.origin } })
  }

  #showed(factor: FactorName, account?: string): void {
    for (const each of account === undefined ? ['ben', 'cleo', 'ada'] : [account])
      if (account !== undefined || this.named === null || this.named === each)
        this.shown.push({ account: `shop:${each}`, factor })
  }

  async #json(place: string, step: string): Promise<{ challenge: string; options: never } | null> {
    await this.#post(place, step)
    try {
      const read = JSON.parse(this.html) as { challenge?: string; options: never }
      return read.challenge === undefined ? null : { challenge: read.challenge, options: read.options }
    } catch {
      return null
    }
  }

  async #code(right: boolean): Promise<string> {
    if (!right) return '00000000'
    // a mail that is under way is let come
    const { mails } = this.people.mail
    for (let i = 0; i < 20 && mails.length === this.#mailsBefore; i++) await new Promise((done) => setTimeout(done, 15))
    const texts = mails.map(({ mail }) => /\b[0-9]{8}\b/.exec(mail.text ?? '')?.[0])
    return texts.findLast((each) => each !== undefined) ?? '11111111'
  }

  #totp(right: boolean): string {
    const { totp, now } = this.secrets
    return right && totp !== null ? generateSync({ secret: totp, epoch: Math.floor(now() / 1000) }) : '000000'
  }

  async do(step: Step, other: Walker): Promise<void> {
    switch (step.does) {
      case 'authorize':
        return this.#authorize(step.acr, step.prompt, step.maxAge)
      case 'identify':
        this.named = step.name
        return this.#post('interaction', 'identify', { identifier: `${step.name}@example.org` })
      case 'password':
        if (step.right) this.#showed('password')
        return this.#post('interaction', 'password', { password: step.right ? PASSWORD : 'wrong horse battery staple' })
      case 'totp':
        if (step.right && this.secrets.totp !== null) this.#showed('totp', 'ben')
        return this.#post('interaction', 'totp', { code: this.#totp(step.right) })
      case 'send':
        this.#mailsBefore = this.people.mail.mails.length
        return this.#post('interaction', 'send', { factor: 'email_code' })
      case 'answer':
        if (step.right) this.#showed('email_code')
        return this.#post('interaction', 'answer', { code: await this.#code(step.right) })
      case 'recovery-code': {
        const code = step.right ? this.secrets.recovery.at(-1) : undefined
        if (code !== undefined) this.#showed('recovery_code', 'ben')
        return this.#post('interaction', 'recovery-code', { code: code ?? 'AAAA-BBBB-CCCC-DDDD' })
      }
      case 'passkey':
        return this.#passkey(step.of)
      case 'restart':
        this.named = null
        return this.#post('interaction', 'restart')
      case 'back':
      case 'abort':
      case 'consent':
        return this.#post('interaction', step.does)
      case 'reload':
        return void (await this.go(this.#interaction === '' ? '/account' : this.#interaction))
      case 'repeat':
        if (this.#last !== null)
          await this.go(this.#last.path, { method: 'POST', body: this.#last.body, headers: { origin: this.origin } })
        return
      case 'swap':
        // the page of the other browser, with its token
        this.#interaction = other.#interaction
        this.#forms.set('interaction', other.#forms.get('interaction') ?? 'x')
        return
      case 'account':
        return this.#account(step.act)
      case 'recover':
        return this.#recover(step.act, step.name)
    }
  }

  async #authorize(acr: number, prompt: string, maxAge: string): Promise<void> {
    const verifier = client.randomPKCECodeVerifier()
    const wanted = ACRS[acr]
    const parameters = {
      redirect_uri: REDIRECT,
      scope: 'openid',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 's',
      ...(wanted === undefined ? {} : { acr_values: wanted }),
      ...(prompt === '' ? {} : { prompt }),
      ...(maxAge === '' ? {} : { max_age: maxAge }),
    }
    this.left = null
    this.asked = {
      acr: wanted,
      maxAge: maxAge === '' ? undefined : Number(maxAge),
      at: this.secrets.now(),
      checks: { pkceCodeVerifier: verifier, expectedState: 's' },
    }
    await this.go(client.buildAuthorizationUrl(this.config, parameters).href)
  }

  async #passkey(of: 'ben' | 'cleo' | 'nobody'): Promise<void> {
    const key = of === 'nobody' ? newSoftwareKey() : this.secrets.keys[of]
    const begun = await this.#json('interaction', 'passkey-options')
    if (begun === null) return
    if (of !== 'nobody') this.#showed('passkey', of)
    const response = assertWith(key, begun.options, { origin: this.origin, rpId: 'localhost' })
    await this.#post('interaction', 'passkey', { challenge: begun.challenge, response: JSON.stringify(response) })
  }

  async #account(act: Extract<Step, { does: 'account' }>['act']): Promise<void> {
    if (act === 'see') return void (await this.go('/account'))
    const ids = [...this.html.matchAll(/name="id" value="([^"]+)"/g)].map(([, id]) => id!)
    await this.#post('account', act, {
      id: ids.at(-1) ?? '',
      ...(act === 'totp-confirm' ? { code: this.#totp(true) } : {}),
    })
    const [, secret] = /<code class="secret">([^<]+)</.exec(this.html) ?? []
    if (secret !== undefined) this.secrets.totp = secret.replaceAll(' ', '')
    const codes = [...this.html.matchAll(/\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b/g)].map(([code]) => code)
    if (codes.length > 0) this.secrets.recovery = codes
  }

  async #recover(act: Extract<Step, { does: 'recover' }>['act'], name: Name): Promise<void> {
    await this.go('/recover')
    if (act === 'begin') return this.#post('recover', 'begin', { identifier: `${name}@example.org` })
    if (act === 'answer') return this.#post('recover', 'answer', { code: await this.#code(true) })
    return this.#post('recover', act, { code: this.secrets.recovery.at(-1) ?? 'AAAA-BBBB-CCCC-DDDD' })
  }
}

/** Enrols a key for somebody by a pass, at the pages. */
export async function enrolledKey(people: People, name: Name, by: Name): Promise<SoftwareKey> {
  const pass = await people.json('POST', `/v1/people/shop:${name}/passes`, { by: `shop:${by}` })
  const person = new Person(people.origin)
  const key = newSoftwareKey()
  await person.go('/enrol')
  await person.submit('enrol', { identifier: `${name}@example.org`, pass: pass.body['code']! })
  const field = (field: string) => new RegExp(`name="${field}" value="([^"]+)"`).exec(person.html)?.[1] ?? ''
  const [form, leave] = [field('form'), field('leave')]
  const post = (step: string, fields: Record<string, string>) =>
    person.go(`/enrol/${step}`, {
      method: 'POST',
      body: new URLSearchParams({ form, leave, ...fields }),
      headers: { origin: people.origin },
    })
  const begun = JSON.parse(await post('passkey-options', {})) as { challenge: string; options: never }
  const response = register(key, begun.options, { origin: people.origin, rpId: 'localhost' })
  await post('passkey', { challenge: begun.challenge, response: JSON.stringify(response), name: 'key' })
  return key
}
