/** What each kind of factor is called, in the languages of pages and messages, as long as its owner calls it nothing else. */
import type { FactorName } from './factors.ts'

export const KIND_WORDS: Readonly<Record<'en' | 'de', Readonly<Record<FactorName, string>>>> = {
  en: {
    password: 'Password',
    totp: 'Authenticator app',
    hotp: 'Code token',
    email_code: 'Code by e-mail',
    sms_code: 'Code by SMS',
    push: 'Push message',
    recovery_code: 'Recovery codes',
    enrolment_pass: 'Enrolment pass',
    passkey: 'Passkey',
    upstream: 'Sign-in elsewhere',
  },
  de: {
    password: 'Passwort',
    totp: 'Authentifizierungs-App',
    hotp: 'Code-Token',
    email_code: 'Code per E-Mail',
    sms_code: 'Code per SMS',
    push: 'Push-Nachricht',
    recovery_code: 'Wiederherstellungscodes',
    enrolment_pass: 'Einrichtungspass',
    passkey: 'Passkey',
    upstream: 'Anmeldung anderswo',
  },
}

/** The name that its owner gave it; null for one that was given by itself, in whichever language its owner had then. */
export const ownName = ({ kind, name }: { readonly kind: FactorName; readonly name: string }): string | null =>
  name === '' || name === kind || Object.values(KIND_WORDS).some((words) => words[kind] === name) ? null : name
