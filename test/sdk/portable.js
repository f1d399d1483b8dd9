// What the SDK must do on every runtime, against a decision point that answers by what it is asked. Plain JavaScript that needs
// nothing but `fetch`: it runs as it is on Node, Deno, Bun and in a worker.

/** The question whose answer is `id`; see decision-point.ts. */
const question = (id) => ({
  subject: { type: 'user', id },
  action: { name: 'pay' },
  resource: { type: 'order', id: '1' },
})
const tokenOf = (sub) => `x.${btoa(JSON.stringify({ sub })).replaceAll('=', '')}.y`

/** Runs all; the names of what passed, and why the others did not. `at` is the decision point, `run` a name that nobody else uses. */
export async function runPortable(sdk, at, run) {
  const passed = []
  const failed = []
  for (const [name, check] of Object.entries(CHECKS)) {
    const token = `${run}-${passed.length + failed.length}`
    let now = Date.parse('2026-11-24T09:59:50Z')
    const clock = { now: () => now, set: (text) => void (now = Date.parse(text)) }
    const seen = async () => Number(await (await fetch(`${at}/seen?token=${token}`)).text())
    const client = (more = {}) => sdk.createClient({ url: at, token, now: clock.now, timeout: 60_000, ...more })
    try {
      await check({ sdk, client, seen, clock })
      passed.push(name)
    } catch (error) {
      failed.push(`${name}: ${error?.message ?? error}`)
    }
  }
  return { passed, failed }
}

function same(is, wanted, what) {
  const [a, b] = [JSON.stringify(is), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`)
}

const CHECKS = {
  async 'what is asked together travels together'({ client, seen }) {
    const answers = await client().evaluateAll(Array.from({ length: 120 }, (_, i) => question(`permit-${i}`)))
    same(new Set(answers.map(({ outcome }) => outcome)).size, 1, 'outcomes')
    same(answers[0].outcome, 'permit', 'outcome')
    same(await seen(), 3, 'requests')
  },
  async 'each has its own answer, in order'({ client }) {
    const ids = ['permit-1', 'deny', 'step-up', 'permit-2', 'text', 'step-up']
    const answers = await client().evaluateAll(ids.map(question))
    same(
      answers.map(({ outcome }) => outcome),
      ['permit', 'deny', 'step_up', 'permit', 'deny', 'step_up'],
      'outcomes',
    )
  },
  async 'a permit is kept as long as it says, and not a moment longer'({ client, seen, clock }) {
    const it = client()
    for (let i = 0; i < 3; i++) same((await it.evaluate(question('permit-a'))).outcome, 'permit', 'outcome')
    same(await seen(), 1, 'requests')
    clock.set('2026-11-24T10:00:00Z')
    await it.evaluate(question('permit-a'))
    same(await seen(), 2, 'requests once it is over')
  },
  async 'what is kept is bounded, and denials never are'({ client, seen }) {
    const it = client({ cache: 2 })
    for (const id of ['permit-a', 'permit-b', 'permit-c', 'permit-a', 'deny', 'deny', 'step-up', 'step-up'])
      await it.evaluate(question(id))
    same(await seen(), 8, 'requests')
  },
  async 'whatever goes wrong is a deny'({ client }) {
    for (const [id, reason] of [
      ['error', 'refused'],
      ['unauthorized', 'refused'],
      ['elsewhere', 'refused'],
      ['no-json', 'malformed'],
      ['text', 'malformed'],
      ['cut', null],
    ]) {
      const answer = await client({ batch: 1 }).evaluate(question(id))
      same(answer.outcome, 'deny', id)
      if (reason !== null) same(answer.reason, reason, id)
    }
    const gone = await client({ url: 'http://127.0.0.1:9' }).evaluate(question('permit-a'))
    same([gone.outcome, gone.reason], ['deny', 'unreachable'], 'nobody there')
  },
  async 'silence is a deny, before the answer and in the middle of it'({ client }) {
    for (const id of ['hang', 'hang-in-body']) {
      const answer = await client({ timeout: 200 }).evaluate(question(id))
      same([answer.outcome, answer.reason], ['deny', 'timeout'], id)
    }
  },
  async 'a request goes on where it may, and is told what is missing where it may not'({ sdk, client, seen }) {
    const decide = sdk.webGuard({
      client: client({ cache: 0 }),
      ask: ({ method }) =>
        method === 'OPTIONS' ? null : question('').action && { ...question(''), subject: undefined },
      subject: (request) => question(new URL(request.url).pathname.slice(1)).subject,
    })
    const go = (path, headers = { authorization: `Bearer ${tokenOf('ada')}` }, method = 'GET') =>
      decide(new Request(`https://shop.test/${path}`, { headers, method }))
    same(await go('permit-1'), null, 'permitted')
    same(await go('deny', {}, 'OPTIONS'), null, 'asks for nothing')
    const asked = await go('step-up')
    const advice = { acrValues: ['phrh', 'phr'], maxAge: 300 }
    same([asked.status, sdk.readStepUp(asked.headers.get('www-authenticate'))], [401, advice], 'step-up')
    same((await asked.json()).error, 'insufficient_user_authentication', 'error')
    same((await go('deny')).status, 403, 'denied')
    same((await go('error')).status, 403, 'broken')
    const before = await seen()
    for (const headers of [{}, { authorization: 'Basic x' }, { authorization: 'Bearer a b' }])
      same((await go('permit-1', headers)).status, 401, 'no token')
    same(await seen(), before, 'nobody was asked')
    same(sdk.authorizationParameters(advice).acr_values, 'phrh phr', 'parameters')
  },
}
