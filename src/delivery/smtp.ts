/** Mail by SMTP. The recipient is one checked address, given as an object and compared with the envelope that went out. */
import { createTransport, type SendMailOptions } from 'nodemailer'
import { codeOf, type Handed, type Provider, type Rendered } from './provider.ts'
import { isRecipient } from './recipient.ts'

export interface SmtpOptions {
  readonly name: string
  readonly host: string
  readonly port: number
  /** `tls` from the first byte (RFC 8314), `starttls` or nothing is sent; `none` on this machine only */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly user: string | null
  readonly password: string | null
  readonly from: { readonly name: string; readonly address: string }
  /** certificate authorities to trust beside none other, PEM; null for those of the system */
  readonly authorities: string | null
}

/** Milliseconds for each step; all of them stay below half a claim of the outbox. */
const PATIENCE = { connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 10_000, dnsTimeout: 5000 } as const

export function smtpProvider(options: SmtpOptions): Provider {
  const { name, host, port, security, user, password, from, authorities } = options
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { minVersion: 'TLSv1.2', ...(authorities === null ? {} : { ca: authorities }) },
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
    pool: false,
    ...PATIENCE,
  })
  return {
    name,
    channel: 'mail',
    // many mail systems drop a second message of one Message-ID, but none has to
    idempotent: false,
    async hand(message) {
      if (!isRecipient('mail', message.to)) return { outcome: 'refused', lasting: true, why: 'recipient' }
      try {
        const info = await transport.sendMail(mailOf(message, from, domain))
        const { to } = info.envelope
        // the library was given one address; anything else is a fault that must be seen
        if (to.length !== 1 || to[0] !== message.to) return { outcome: 'unclear', why: 'envelope' }
        return { outcome: 'taken', reference: null }
      } catch (error) {
        return failed(error)
      }
    },
    close: async () => transport.close(),
  }
}

function mailOf(message: Rendered, from: SmtpOptions['from'], domain: string): SendMailOptions {
  const { id, to, subject, text, html, language } = message
  return {
    from: { name: from.name, address: from.address },
    to: [{ name: '', address: to }],
    envelope: { from: from.address, to: [to] },
    subject,
    text,
    ...(html === null ? {} : { html }),
    messageId: `<${id.replaceAll(/[^A-Za-z0-9_-]/g, '-')}@${domain}>`,
    headers: {
      // nobody answers it, and no absence notice comes back (RFC 3834 §5)
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'Content-Language': language,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** Errors from before anything of the message went out. */
const BEFORE_MESSAGE = new Set(['ETLS', 'EAUTH', 'EDNS', 'ENOAUTH'])

/** What an error says of the message: 4yz and 5yz are the server's own word that it was not taken (RFC 5321 §4.2.1). */
function failed(error: unknown): Handed {
  const code = codeOf(error)
  const {
    responseCode: status,
    syscall,
    message,
  } = error as {
    readonly responseCode?: number
    readonly syscall?: string
    readonly message?: string
  }
  if (status !== undefined && status >= 400) {
    // refused credentials are our trouble, not the recipient's
    const lasting = status >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE') && status !== 530
    return { outcome: 'refused', lasting, why: `smtp_${status}` }
  }
  const unconnected = syscall === 'connect' || /^(Connection timeout|Greeting never received)/.test(message ?? '')
  if (unconnected || BEFORE_MESSAGE.has(code)) return { outcome: 'refused', lasting: false, why: code }
  return { outcome: 'unclear', why: code }
}
