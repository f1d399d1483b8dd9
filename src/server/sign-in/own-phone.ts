/** A telephone number that somebody adds to his own account: it is theirs once a code that went to it comes back. */
import type { Attempt } from '#authn/ceremony.ts'
import { canonical } from '#authn/identifiers.ts'
import { phoneProblem } from '#authn/phone-numbers.ts'
import { answerCode, beginCode } from '#authn/sent-code.ts'
import type { Words } from '#server/pages/words/en.ts'
import { hashOf } from '#server/provider/cookies.ts'
import { unsentSentence } from './channels.ts'
import type { PeopleParts } from './parts.ts'

/** Numbers of one account; each is one more way in. */
const MOST = 3

/** A code is for the number that it went to: the browser says it again, and cannot say another. */
const attemptFor = (attempt: Attempt, to: string): Attempt => ({
  ...attempt,
  purpose: 'verify_channel',
  binding: hashOf(`phone ${to}`),
})

/** Sends a code to a number; a sentence where that is not to be. */
export async function beginPhone(
  { tools, identifiers }: PeopleParts,
  attempt: Attempt,
  typed: string | undefined,
  words: Words,
): Promise<{ readonly to: string; readonly challenge: string } | string> {
  const to = canonical('phone', typed)
  if (to === null) return words.phoneProblems.not_a_number
  const problem = phoneProblem(to, tools.rules.sends.countries)
  if (problem !== null) return words.phoneProblems[problem]
  const own = await identifiers.listOf(attempt.account)
  if (own.filter(({ kind }) => kind === 'phone').length >= MOST) return words.phoneTooMany
  const begun = beginCode(tools, {
    ...attemptFor(attempt, to),
    factor: 'sms_code',
    to,
    language: words.lang,
    forWhat: null,
  })
  return unsentSentence(await begun.sent, words) ?? { to, challenge: begun.challenge }
}

/** Adds the number if the code is right. It is worth no more than the session that adds it. */
export async function confirmPhone(
  { tools, identifiers }: PeopleParts,
  attempt: Attempt,
  fields: Readonly<Record<string, string>>,
  boundAtAal: number,
): Promise<string | null> {
  const to = canonical('phone', fields['to'])
  if (to === null) return null
  const { account } = attempt
  const answer = { factor: 'sms_code', challenge: fields['challenge'] ?? '', to, boundAtAal } as const
  const outcome = await answerCode(tools, { ...attemptFor(attempt, to), ...answer, typed: fields['code'] })
  if (!outcome.accepted) return null
  const now = tools.clock()
  const own = { kind: 'phone', canonical: to, shown: to, account, verifiedAt: now, addedAt: now, boundAtAal } as const
  // a number that another account has stays there, whoever reads its messages today
  if (await identifiers.add(own, attempt.session)) return to
  const holder = await identifiers.find('phone', to)
  if (holder?.account !== account || holder.verifiedAt !== null) return null
  return (await identifiers.verify('phone', to, account, now, boundAtAal, attempt.session)) ? to : null
}
