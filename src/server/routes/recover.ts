/** The pages of a recovery, over the machine of authn/recovery.ts. Who has the name that was typed shows nowhere until something is proved. */
import formBody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { canonical, kindOf, nobodys } from '#authn/identifiers.ts'
import { happen, openRecovery } from '#authn/recover.ts'
import type { RecoveryCase, RecoveryMethod } from '#authn/recovery.ts'
import { answerRecoveryCode } from '#authn/recovery-codes.ts'
import { answerCode, beginCode } from '#authn/sent-code.ts'
import type { Outcome } from '#authn/ceremony.ts'
import type { SignIn } from '#authn/sign-in.ts'
import { AmbitError } from '#lib/errors.ts'
import { sawRecovery } from '#risk/watch.ts'
import { addPasskeyForm } from '#server/pages/enrolment.ts'
import { html, type Markup } from '#server/pages/html.ts'
import { pageHeaders, page } from '#server/pages/layout.ts'
import { beginRecoveryPage, proveRecoveryPage, standingPage, waitingPage } from '#server/pages/recovery.ts'
import type { RecoveryView } from '#server/pages/recovery.ts'
import type { Words } from '#server/pages/words/en.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { browserHandle, formToken, postedForm, type Fields } from '#server/sign-in/forms.ts'
import { noteFailure, signInOf } from '#server/sign-in/interaction.ts'
import { sealLeave } from '#server/sign-in/leave.ts'
import { levelOf } from '#server/sign-in/channels.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'
import { shortenableIn } from '#server/sign-in/shorten-recovery.ts'

interface Step {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly fields: Fields
  readonly browser: string
  /** what was typed in this browser, and the code that waits for its answer */
  readonly begun: SignIn
  readonly words: Words
}
/** A sentence to show, null for none; a reply where the step has answered by itself. */
type Act = (parts: PeopleParts, step: Step) => Promise<string | null | FastifyReply>

const ACTS: Readonly<Record<string, Act>> = { begin, restart, send, answer, 'saved-code': savedCode, shorten, complete }
const PLACE = 'recover'

export function recoverRoutes(parts: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    const config = { access: 'own' } as const
    await app.register(formBody, { bodyLimit: 100_000 })
    app.get('/recover', { config }, async (request, reply) => {
      const browser = browserHandle(request, reply)
      const begun = await begunIn(parts, browser)
      const words = wordsFor(request.headers['accept-language'])
      return show(parts, { request, reply, fields: {}, browser, begun, words }, null)
    })
    for (const [name, act] of Object.entries(ACTS)) {
      app.post(`/recover/${name}`, { config }, async (request, reply) => {
        const { fields, browser } = postedForm(request, {
          keyring: parts.tools.keyring,
          place: PLACE,
          origin: parts.origin,
        })
        const begun = await begunIn(parts, browser)
        const step = { request, reply, fields, browser, begun, words: wordsFor(request.headers['accept-language']) }
        const said = await act(parts, step)
        if (said !== null && typeof said !== 'string') return said
        return show(parts, { ...step, begun: await begunIn(parts, browser) }, said)
      })
    }
  }
}

/** Milliseconds for which this browser knows what it recovers: longer than the longest wait, and the time to use it. */
const KNOWN_MS = 14 * 86_400_000

const begunIn = (parts: PeopleParts, browser: string): Promise<SignIn> =>
  signInOf(parts, `recover ${browser}`, browser, KNOWN_MS)

/** The case that this browser began, whatever became of it. */
async function caseOf({ recovery, tools }: PeopleParts, { browser, begun }: Step): Promise<RecoveryCase | null> {
  if (begun.account === null) return null
  const { store } = recovery
  const found = (await store.openOf(begun.account)) ?? (await store.frozenOf(begun.account))
  if (found === null || found.case.browser !== browser) return null
  // whoever looks need not wait for the next sweep
  return (await happen(recovery, found.case.id, { is: 'tick', at: tools.clock() })) ?? found.case
}

async function show(parts: PeopleParts, step: Step, message: string | null): Promise<FastifyReply> {
  const { browser, begun, words, request } = step
  const waiting = await shortenableIn(parts, request, browser)
  if (waiting !== null)
    return draw(parts, step, words.recover, waitingPage(viewOf(parts, step, message), waiting.it, false))
  if (begun.typed === null) return draw(parts, step, words.recover, beginRecoveryPage(viewOf(parts, step, message)))
  const it = await caseOf(parts, step)
  const view = viewOf(parts, step, message, it)
  const proving = proveRecoveryPage(view, { sent: begun.pending !== null })
  if (it === null || it.proofs.length === 0) return draw(parts, step, words.recover, proving)
  const standing = standingPage(view, it)
  return draw(parts, step, words.recover, it.state === 'requested' ? html`${standing}${proving}` : standing)
}

function viewOf(
  { tools, recovery }: PeopleParts,
  { browser, words }: Step,
  message: string | null,
  it: RecoveryCase | null = null,
): RecoveryView {
  const { keyring, rules, clock } = tools
  const shortened = it === null ? null : recovery.rules.byImpact[it.impact].shortened
  return {
    words,
    token: formToken(keyring, PLACE, browser),
    message,
    digits: rules.codes.digits,
    minutes: rules.codes.ttl / 60_000,
    canBeShorter: shortened !== null && clock() + shortened < (it?.heldUntil ?? 0),
  }
}

function draw(
  { brand }: PeopleParts,
  { reply, words }: Step,
  title: string,
  body: Markup,
  script = false,
): FastifyReply {
  return reply.headers(pageHeaders()).send(page({ words, title, body, script, brand }))
}

async function note({ signIns }: PeopleParts, it: SignIn): Promise<null> {
  if (await signIns.change(it)) return null
  throw new AmbitError('conflict', 'this recovery went on in another tab; load the page anew')
}

async function begin(parts: PeopleParts, { fields, begun, words }: Step): Promise<string | null> {
  const typed = fields['identifier'] ?? ''
  const name = canonical(kindOf(typed), typed)
  if (name === null) return words.refused
  const found = await parts.identifiers.find(kindOf(typed), name)
  return note(parts, { ...begun, account: found?.account ?? null, typed: name, pending: null })
}

function restart(parts: PeopleParts, { begun }: Step): Promise<null> {
  return note(parts, { ...begun, account: null, typed: null, pending: null })
}

const attemptOf = ({ tools }: PeopleParts, { begun, browser }: Step) =>
  ({
    account: begun.account ?? nobodys(tools.keyring, begun.typed ?? ''),
    purpose: 'recover',
    browser,
    binding: '',
    access: null,
    session: null,
  }) as const

async function send(parts: PeopleParts, step: Step): Promise<null> {
  const { begun, words } = step
  const attempt = attemptOf(parts, step)
  const own = (await parts.identifiers.listOf(attempt.account)).filter(
    (it) => it.kind === 'mail' && it.verifiedAt !== null,
  )
  const to = own.find((it) => it.canonical === begun.typed)?.canonical ?? own[0]?.canonical
  // what came of it is in the audit or the log; waiting for it would tell
  const { challenge } = beginCode(parts.tools, {
    ...attempt,
    account: to === undefined ? null : attempt.account,
    factor: 'email_code',
    to: to ?? begun.typed ?? '',
    language: words.lang,
    forWhat: null,
  })
  return note(parts, { ...begun, pending: { factor: 'email_code', challenge, to: to ?? begun.typed ?? '' } })
}

async function answer(parts: PeopleParts, step: Step): Promise<string | null> {
  const { pending } = step.begun
  if (pending === null || pending.factor === 'push') return step.words.refused
  const attempt = attemptOf(parts, step)
  const boundAtAal = await levelOf(parts, attempt.account, pending)
  const outcome = await answerCode(parts.tools, { ...attempt, ...pending, boundAtAal, typed: step.fields['code'] })
  return proved(parts, step, outcome, 'issued_code', pending.to)
}

async function savedCode(parts: PeopleParts, step: Step): Promise<string | null> {
  const outcome = await answerRecoveryCode(parts.tools, { ...attemptOf(parts, step), typed: step.fields['code'] })
  return proved(parts, step, outcome, 'saved_code', 'paper')
}

async function proved(
  parts: PeopleParts,
  step: Step,
  outcome: Outcome,
  method: RecoveryMethod,
  channel: string,
): Promise<string | null> {
  const { begun, browser, words, request } = step
  if (!outcome.accepted || begun.account === null) {
    await noteFailure(parts, request, attemptOf(parts, step).account)
    return words.refused
  }
  await note(parts, { ...begun, pending: null })
  // A claim begins with a proof, not with a name: a stranger who types names opens no case, tells nobody and freezes nothing.
  const { outcome: opened, id } = await openRecovery(parts.recovery, begun.account, browser)
  if (id === null || opened === 'refused') return words.refused
  if (opened === 'frozen') return words.recoverStates.frozen
  const proof = { method, channel, at: parts.tools.clock() }
  return (await happen(parts.recovery, id, { is: 'prove', browser, proof })) === null ? words.refused : null
}

/** In a browser where the account has been at home for a while, by whoever is signed in there. */
async function shorten(parts: PeopleParts, step: Step): Promise<string | FastifyReply> {
  const { request, browser, words } = step
  const waiting = await shortenableIn(parts, request, browser)
  const done = waiting === null ? null : await happen(parts.recovery, waiting.it.id, waiting.event)
  if (done === null) return words.refused
  return draw(parts, step, words.recover, waitingPage(viewOf(parts, step, null), done, true))
}

/** The wait is over: everything of before ends, and this browser may enrol one key. */
async function complete(parts: PeopleParts, step: Step): Promise<string | null | FastifyReply> {
  const { browser, words } = step
  const { tools } = parts
  const it = await caseOf(parts, step)
  const done = it === null ? null : await happen(parts.recovery, it.id, { is: 'complete', browser, at: tools.clock() })
  if (done === null) return words.refused
  await sawRecovery(parts.watch, done.account, tools.clock())
  // a recovery proves no more than what it was proved with: one method, one factor
  const boundAtAal = new Set(done.proofs.map(({ method }) => method)).size > 1 ? 2 : 1
  const { account } = done
  const { epoch } = await tools.accounts.stateOf(account)
  const leave = sealLeave(tools.keyring, { account, enrols: 'passkey', browser, boundAtAal, epoch }, tools.clock())
  const token = formToken(tools.keyring, 'enrol', browser)
  const extra = html`<input type="hidden" name="leave" value="${leave}" />`
  return draw(parts, step, words.addPasskey, addPasskeyForm(words, { at: '/enrol', token, extra }), true)
}
