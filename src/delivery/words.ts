/** What messages say, in each language. A text is plain; what stands in it is escaped where it becomes HTML. */
import type { FactorName } from '#authn/factors.ts'
import { KIND_WORDS } from '#authn/kind-words.ts'

export interface MessageWords {
  readonly lang: string
  readonly codeSubject: (brand: string) => string
  readonly code: (forWhat: string, code: string, minutes: string) => readonly string[]
  /** never share it: whoever asks for it on the phone is not us */
  readonly codeWarning: string
  /** short enough for one SMS with a short brand */
  readonly codeSms: (brand: string, code: string, forWhat: string, minutes: string) => string
  readonly pushSubject: (brand: string) => string
  /** beside the request in an app */
  readonly push: (client: string) => string
  /** the same where the app itself is to be added */
  readonly pushToAdd: (brand: string) => string
  /** what a code is for that no application asks for, after "your code for" */
  readonly errands: Readonly<Record<'recover' | 'verify_channel', string>>
  readonly noticeSubject: (brand: string) => string
  /** by template; `name` is what the person called the thing, or ''; `called` is that, or what its kind is called */
  readonly notices: Readonly<Record<NoticeName, (name: string, called: string) => string>>
  readonly kinds: Readonly<Record<FactorName, string>>
  readonly itWasMe: string
  readonly notMe: string
  readonly notMeLink: string
  readonly linkIsSafe: string
  readonly greeting: string
}

/** Everything that people are told of. What has no words of its own is told as `account_changed`. */
export const NOTICES = [
  'account_changed',
  'authenticator_added',
  'authenticator_removed',
  'key_cloned',
  'key_broken',
  'key_changed',
  'recovery_code_used',
  'recovery_codes_made',
  'step_up_guessed',
  'push_denied',
  'password_changed',
  'pass_issued',
  'address_added',
  'address_removed',
  'upstream_linked',
  'upstream_unlinked',
  'account_frozen',
  'account_disabled',
  'account_enabled',
  'account_unfrozen',
  'recovery_requested',
  'recovery_proved',
  'recovery_held',
  'recovery_shortened',
  'recovery_ready',
  'recovery_completed',
  'recovery_vetoed',
  'recovery_expired',
  'recovery_frozen',
  'recovery_decided',
] as const
export type NoticeName = (typeof NOTICES)[number]

const quoted = (name: string, open: string, close: string): string => (name === '' ? '' : ` ${open}${name}${close}`)
const en = (name: string): string => quoted(name, '“', '”')
const de = (name: string): string => quoted(name, '„', '“')

const EN: MessageWords = {
  lang: 'en',
  kinds: KIND_WORDS.en,
  greeting: 'Hello,',
  codeSubject: (brand) => `Your code for ${brand}`,
  code: (forWhat, code, minutes) => [
    `this is your code for ${forWhat}:`,
    code,
    `It is valid for ${minutes} minutes, once, and only in the browser in which you asked for it.`,
  ],
  codeWarning: 'Nobody will ever ask you for it on the phone or in a message. If you did not ask for it, ignore this.',
  codeSms: (brand, code, forWhat, minutes) =>
    `${brand}: ${code} is your code for ${forWhat}, ${minutes} min. Tell nobody.`,
  pushSubject: (brand) => `Sign-in at ${brand}`,
  push: (client) =>
    `Are you signing in to ${client}? Then type the number that the page shows. If it is not you, say so.`,
  pushToAdd: (brand) =>
    `Are you adding this app to your account at ${brand}? Then type the number that the page shows. If it is not you, say so.`,
  errands: { recover: 'the recovery of your account', verify_channel: 'this number, to be added to your account' },
  noticeSubject: (brand) => `A change to your account at ${brand}`,
  notices: {
    account_changed: () => 'The security settings of your account were changed.',
    authenticator_added: (_name, called) =>
      `A new way to sign in to your account was added${quoted(called, '(“', '”)')}.`,
    authenticator_removed: (_name, called) =>
      `A way to sign in to your account was removed${quoted(called, '(“', '”)')}.`,
    key_broken: (name) =>
      `Your passkey${en(name)} is of a model that was reported broken. It can no longer be used. Sign in another way and add a new one.`,
    key_cloned: (name) => `Your passkey${en(name)} may have been copied. It can no longer be used.`,
    key_changed: (name) => `Your passkey${en(name)} changed in a way that passkeys do not. It can no longer be used.`,
    recovery_code_used: () => 'One of your recovery codes was used.',
    recovery_codes_made: () => 'New recovery codes were made for your account. The old ones are worth nothing now.',
    step_up_guessed: () => 'Somebody entered wrong codes in a session of your account. The session was ended.',
    push_denied: () =>
      'Somebody who has shown something of yours asked your app, and the answer was that it was not you. They were signed out, and your app is not asked again for an hour.',
    password_changed: () => 'The password of your account was changed.',
    pass_issued: () => 'A pass was issued for your account. Whoever has it can add a way to sign in to it, once.',
    address_added: (name) => `An address was added to your account${quoted(name, '(', ')')}.`,
    address_removed: (name) => `An address was removed from your account${quoted(name, '(', ')')}.`,
    upstream_linked: (name) => `An account elsewhere was linked to yours, to sign in with${quoted(name, '(', ')')}.`,
    upstream_unlinked: (name) => `An account elsewhere is no longer linked to yours${quoted(name, '(', ')')}.`,
    account_frozen: () => 'Your account was frozen. Nobody can sign in to it until we have spoken with you.',
    account_disabled: () => 'Your account was disabled.',
    account_enabled: () => 'Your account was enabled.',
    account_unfrozen: () => 'Your account is no longer frozen.',
    recovery_requested: () => 'Somebody asked to recover your account, because they can no longer sign in.',
    recovery_proved: () => 'Somebody who wants to recover your account has shown a first proof.',
    recovery_held: () => 'A recovery of your account is waiting. It can still be stopped.',
    recovery_shortened: () => 'The wait before your account is recovered was shortened from a device that you know.',
    recovery_ready: () => 'The wait is over: your account can now be recovered.',
    recovery_completed: () => 'Your account was recovered. Everybody else who was signed in to it was signed out.',
    recovery_vetoed: () => 'A recovery of your account was stopped.',
    recovery_expired: () => 'A recovery of your account was not finished in time. It is over.',
    recovery_frozen: () => 'A recovery of your account was stopped for a check by people.',
    recovery_decided: () => 'People have decided about a recovery of your account.',
  },
  itWasMe: 'If it was you, there is nothing to do.',
  notMe: 'If it was not you, tell us with one click on the next page:',
  notMeLink: 'It was not me',
  linkIsSafe: 'Opening the page changes nothing yet.',
}

const DE: MessageWords = {
  lang: 'de',
  kinds: KIND_WORDS.de,
  greeting: 'Guten Tag,',
  codeSubject: (brand) => `Ihr Code für ${brand}`,
  code: (forWhat, code, minutes) => [
    `das ist Ihr Code für ${forWhat}:`,
    code,
    `Er gilt ${minutes} Minuten, einmal, und nur in dem Browser, in dem Sie ihn angefordert haben.`,
  ],
  codeWarning:
    'Niemand fragt Sie am Telefon oder in einer Nachricht danach. Wenn Sie ihn nicht angefordert haben, tun Sie nichts.',
  codeSms: (brand, code, forWhat, minutes) =>
    `${brand}: ${code} ist Ihr Code für ${forWhat}, ${minutes} Min. Niemandem sagen.`,
  pushSubject: (brand) => `Anmeldung bei ${brand}`,
  push: (client) =>
    `Melden Sie sich gerade bei ${client} an? Dann geben Sie die Zahl ein, die die Seite zeigt. Wenn nicht, sagen Sie es.`,
  pushToAdd: (brand) =>
    `Fügen Sie diese App gerade Ihrem Konto bei ${brand} hinzu? Dann geben Sie die Zahl ein, die die Seite zeigt. Wenn nicht, sagen Sie es.`,
  errands: { recover: 'die Wiederherstellung Ihres Kontos', verify_channel: 'diese Nummer in Ihrem Konto' },
  noticeSubject: (brand) => `Eine Änderung an Ihrem Konto bei ${brand}`,
  notices: {
    account_changed: () => 'Die Sicherheitseinstellungen Ihres Kontos wurden geändert.',
    authenticator_added: (_name, called) =>
      `Ein neuer Weg zur Anmeldung wurde hinzugefügt${quoted(called, '(„', '“)')}.`,
    authenticator_removed: (_name, called) => `Ein Weg zur Anmeldung wurde entfernt${quoted(called, '(„', '“)')}.`,
    key_broken: (name) =>
      `Ihr Passkey${de(name)} ist von einem Modell, das als gebrochen gemeldet ist. Er kann nicht mehr verwendet werden. Melden Sie sich anders an und fügen Sie einen neuen hinzu.`,
    key_cloned: (name) => `Ihr Passkey${de(name)} wurde womöglich kopiert. Er kann nicht mehr verwendet werden.`,
    key_changed: (name) =>
      `Ihr Passkey${de(name)} hat sich verändert, wie Passkeys es nicht tun. Er kann nicht mehr verwendet werden.`,
    recovery_code_used: () => 'Einer Ihrer Wiederherstellungscodes wurde verwendet.',
    recovery_codes_made: () => 'Es gibt neue Wiederherstellungscodes für Ihr Konto. Die alten gelten nicht mehr.',
    step_up_guessed: () => 'Jemand hat in einer Sitzung Ihres Kontos falsche Codes eingegeben. Sie wurde beendet.',
    push_denied: () =>
      'Jemand, der etwas von Ihnen gezeigt hat, hat Ihre App gefragt, und die Antwort war, dass Sie es nicht waren. Er wurde abgemeldet, und Ihre App wird eine Stunde lang nicht mehr gefragt.',
    password_changed: () => 'Das Passwort Ihres Kontos wurde geändert.',
    pass_issued: () =>
      'Für Ihr Konto wurde ein Pass ausgestellt. Wer ihn hat, kann damit einmal einen Weg zur Anmeldung hinzufügen.',
    address_added: (name) => `Ihrem Konto wurde eine Adresse hinzugefügt${quoted(name, '(', ')')}.`,
    address_removed: (name) => `Aus Ihrem Konto wurde eine Adresse entfernt${quoted(name, '(', ')')}.`,
    upstream_linked: (name) => `Ein Konto anderswo wurde zur Anmeldung mit Ihrem verknüpft${quoted(name, '(', ')')}.`,
    upstream_unlinked: (name) => `Ein Konto anderswo ist nicht mehr mit Ihrem verknüpft${quoted(name, '(', ')')}.`,
    account_frozen: () =>
      'Ihr Konto wurde eingefroren. Niemand kann sich anmelden, bis wir mit Ihnen gesprochen haben.',
    account_disabled: () => 'Ihr Konto wurde gesperrt.',
    account_enabled: () => 'Ihr Konto wurde freigegeben.',
    account_unfrozen: () => 'Ihr Konto ist nicht mehr eingefroren.',
    recovery_requested: () => 'Jemand möchte Ihr Konto wiederherstellen, weil die Anmeldung nicht mehr gelingt.',
    recovery_proved: () => 'Wer Ihr Konto wiederherstellen möchte, hat einen ersten Nachweis erbracht.',
    recovery_held: () => 'Eine Wiederherstellung Ihres Kontos wartet. Sie kann noch verhindert werden.',
    recovery_shortened: () => 'Die Wartezeit der Wiederherstellung wurde von einem bekannten Gerät aus verkürzt.',
    recovery_ready: () => 'Die Wartezeit ist um: Ihr Konto kann jetzt wiederhergestellt werden.',
    recovery_completed: () => 'Ihr Konto wurde wiederhergestellt. Alle anderen Sitzungen wurden beendet.',
    recovery_vetoed: () => 'Eine Wiederherstellung Ihres Kontos wurde verhindert.',
    recovery_expired: () => 'Eine Wiederherstellung Ihres Kontos wurde nicht rechtzeitig beendet. Sie ist vorbei.',
    recovery_frozen: () => 'Eine Wiederherstellung Ihres Kontos wurde angehalten und wird von Menschen geprüft.',
    recovery_decided: () => 'Über eine Wiederherstellung Ihres Kontos wurde entschieden.',
  },
  itWasMe: 'Wenn Sie es waren, ist nichts zu tun.',
  notMe: 'Wenn Sie es nicht waren, sagen Sie es uns mit einem Klick auf der nächsten Seite:',
  notMeLink: 'Das war ich nicht',
  linkIsSafe: 'Das Öffnen der Seite ändert noch nichts.',
}

const LANGUAGES: readonly MessageWords[] = [EN, DE]

/** English where the language is not spoken. */
export const messageWords = (language: string): MessageWords =>
  LANGUAGES.find(({ lang }) => language.toLowerCase().split('-')[0] === lang) ?? EN
