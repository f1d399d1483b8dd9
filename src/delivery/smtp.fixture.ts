/** A mail server on loopback that keeps what it is given. */
import type { AddressInfo } from 'node:net'
import { simpleParser, type ParsedMail } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { smtpProvider, type SmtpOptions } from './smtp.ts'

export interface TestMailServer {
  readonly port: number
  readonly mails: {
    readonly to: readonly string[]
    readonly from: string
    readonly raw: string
    readonly mail: ParsedMail
  }[]
  readonly close: () => Promise<void>
}

export async function startMailServer(options: SMTPServerOptions = {}): Promise<TestMailServer> {
  const mails: TestMailServer['mails'] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        const raw = Buffer.concat(pieces).toString()
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        const to = rcptTo.map(({ address }) => address)
        void simpleParser(raw).then((mail) => (mails.push({ to, from, raw, mail }), done()), done)
      })
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo
  return { port, mails, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

export const mailOver = (port: number, changed: Partial<SmtpOptions> = {}) =>
  smtpProvider({
    name: 'mail',
    host: '127.0.0.1',
    port,
    security: 'none',
    user: null,
    password: null,
    from: { name: 'Tidewicket', address: 'no-reply@tidewicket.example' },
    authorities: null,
    ...changed,
  })
