/** Messages as they go out. Plain text first; HTML for mail is the same words, escaped, without images, styles from elsewhere or scripts. */
import { FACTOR_NAMES } from '#authn/factors.ts'
import { ownName } from '#authn/kind-words.ts'
import type { Message } from '#authn/ports.ts'
import type { Rendered } from './provider.ts'
import { messageWords, NOTICES, type MessageWords, type NoticeName } from './words.ts'

type Parts = Pick<Message, 'channel' | 'template' | 'values' | 'language'>
type Drawn = Pick<Rendered, 'subject' | 'text' | 'html' | 'language' | 'template' | 'data'>

/** Whether it goes out once at most: what opens something is not sent again by itself. */
export const isOnce = (template: string): boolean => template === 'code' || template === 'push'

/** What an app shows of a push, beside its text: who asks, for what, and where. */
const PUSHED = ['client', 'purpose', 'network', 'agent'] as const

/** Longest value in a message, in characters; longer ones are cut. */
const LONGEST = 200

/**
 * The message of a template. Values are one line each, without control or direction characters: what a person called a key cannot
 * add a header, a line or a link's look to a message of ours.
 */
export function render(brand: string, { channel, template, values, language }: Parts): Drawn {
  const words = messageWords(language)
  const value = (name: string): string => oneLine(values[name] ?? '')
  const drawn = (subject: string, paragraphs: readonly Paragraph[], short: string): Drawn => ({
    subject: oneLine(subject),
    text: channel === 'mail' ? asText(paragraphs) : short,
    html: channel === 'mail' ? asHtml(words, paragraphs) : null,
    language: words.lang,
    template,
    data: template === 'push' ? Object.fromEntries(PUSHED.map((name) => [name, value(name)])) : null,
  })
  if (template === 'code') {
    const errand = Object.entries(words.errands).find(([purpose]) => purpose === values['purpose'])?.[1]
    const forWhat = value('forWhat') || errand || oneLine(brand)
    const [first, code, last] = words.code(forWhat, value('code'), value('minutes'))
    const paragraphs = [words.greeting, first!, { code: code! }, last!, words.codeWarning]
    const short = words.codeSms(brand, value('code'), forWhat, value('minutes'))
    return drawn(words.codeSubject(brand), paragraphs, short)
  }
  if (template === 'push') {
    const client = value('client')
    const ask = client === '' ? words.pushToAdd(oneLine(brand)) : words.push(client)
    return drawn(words.pushSubject(brand), [ask], ask)
  }
  const [name, called] = namesIn(words, value('name'), values['kind'])
  const notice = NOTICES.find((each): each is NoticeName => each === template) ?? 'account_changed'
  const said = words.notices[notice](name, called)
  const link = linkOf(values['notMe'])
  const paragraphs: Paragraph[] = [words.greeting, said, words.itWasMe]
  if (link !== null) paragraphs.push(words.notMe, { link, text: words.notMeLink }, words.linkIsSafe)
  return drawn(
    words.noticeSubject(brand),
    paragraphs,
    `${brand}: ${said}${link === null ? '' : ` ${words.notMeLink}: ${link}`}`,
  )
}

/** What its owner calls the thing that a notice is about, if anything, and what it is called otherwise. */
function namesIn({ kinds }: MessageWords, name: string, of: string | undefined): readonly [string, string] {
  const kind = FACTOR_NAMES.find((each) => each === of)
  if (kind === undefined) return [name, name]
  const own = ownName({ kind, name })
  return [own ?? '', own ?? kinds[kind]]
}

type Paragraph = string | { readonly code: string } | { readonly link: string; readonly text: string }

/** Control characters, line and paragraph separators, and marks that turn the direction of text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu

function oneLine(text: string): string {
  return [...text.replaceAll(UNSEEN, ' ').trim()].slice(0, LONGEST).join('')
}

/** Only our own links, which are https, or http on this machine. */
function linkOf(text: string | undefined): string | null {
  if (text === undefined || !URL.canParse(text)) return null
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) ? url.href : null
}

function asText(paragraphs: readonly Paragraph[]): string {
  const lines = paragraphs.map((each) =>
    typeof each === 'string' ? each : 'code' in each ? `    ${each.code}` : each.link,
  )
  return `${lines.join('\n\n')}\n`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!)

function asHtml({ lang }: MessageWords, paragraphs: readonly Paragraph[]): string {
  const body = paragraphs.map((each) => {
    if (typeof each === 'string') return `<p>${escaped(each)}</p>`
    if ('code' in each) return `<p style="font:bold 1.5em monospace">${escaped(each.code)}</p>`
    return `<p><a href="${escaped(each.link)}">${escaped(each.text)}</a></p>`
  })
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"></head><body>${body.join('')}</body></html>`
}
