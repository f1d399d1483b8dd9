/** An SMS centre on loopback: the package's own server, which answers as it is told and keeps what it was given. */
import type { AddressInfo, Server } from 'node:net'
import smpp, { type Pdu, type Session } from 'smpp'
import { systemClock } from '#lib/clock.ts'
import { LINK_TIMES } from './smpp-link.ts'
import { smppProvider, type SmppOptions } from './smpp.ts'

export interface TestCentre {
  readonly port: number
  readonly submits: { readonly to: string; readonly text: string; readonly pdu: Pdu }[]
  readonly sessions: Set<Session>
  /** what it answers to the next submits: a status, `silent` or `drop`; 0 when none is left */
  readonly answers: (number | 'silent' | 'drop')[]
  /** status of the last answer to each receipt */
  readonly receiptAnswers: number[]
  /** sends a receipt, as text or as fields */
  readonly receipt: (id: string, stat: string, how?: 'text' | 'fields') => Promise<number>
  readonly binds: () => number
  /** stops answering anything, as a machine that was switched off */
  dead: boolean
  readonly close: () => Promise<void>
}

export async function startCentre(
  options: { readonly key?: string; readonly cert?: string; readonly port?: number; readonly delayMs?: number } = {},
): Promise<TestCentre> {
  let binds = 0
  const centre: TestCentre = {
    port: 0,
    submits: [],
    sessions: new Set(),
    answers: [],
    receiptAnswers: [],
    dead: false,
    binds: () => binds,
    receipt: (id, stat, how = 'text') =>
      new Promise((resolve) => {
        const [session] = [...centre.sessions]
        const text = `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:${stat} err:000 text:`
        const numbers: Readonly<Record<string, number>> = { ENROUTE: 1, DELIVRD: 2, UNDELIV: 5 }
        const fields =
          how === 'text'
            ? { short_message: text }
            : { short_message: '', receipted_message_id: id, message_state: numbers[stat] }
        session!.deliver_sm({ esm_class: 4, source_addr: '4915112345678', ...fields }, ({ command_status: status }) => {
          centre.receiptAnswers.push(status)
          resolve(status)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        for (const session of centre.sessions) session.destroy()
        server.close(() => resolve())
      }),
  }
  const server: Server = smpp.createServer(options, (session) => {
    centre.sessions.add(session)
    session.on('error', () => session.destroy())
    session.on('close', () => centre.sessions.delete(session))
    const answer = (pdu: Pdu, fields: object = {}) => void (centre.dead || session.send(pdu.response({ ...fields })))
    session.on('bind_transceiver', (pdu: Pdu) => {
      const isKnown = pdu['system_id'] === 'ambit' && pdu['password'] === 'secret'
      binds++
      answer(pdu, isKnown ? { system_id: 'centre' } : { command_status: 0x0e })
    })
    session.on('enquire_link', answer)
    session.on('unbind', (pdu: Pdu) => answer(pdu))
    session.on('submit_sm', (pdu: Pdu) => {
      const body = pdu['message_payload'] ?? pdu['short_message']
      const { message } = body as { readonly message: string }
      centre.submits.push({ to: String(pdu['destination_addr']), text: message, pdu })
      const next = centre.answers.shift() ?? 0
      if (next === 'silent') return
      if (next === 'drop') return session.destroy()
      const fields = next === 0 ? { message_id: `m${centre.submits.length}` } : { command_status: next }
      if (options.delayMs === undefined) answer(pdu, fields)
      else setTimeout(() => answer(pdu, fields), options.delayMs)
    })
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', () => resolve()))
  return Object.assign(centre, { port: (server.address() as AddressInfo).port })
}

/** Waits for answers as a real link does, and comes back at once. */
const TIMES = { ...LINK_TIMES, firstPause: 20, longestPause: 100 }
/** Waits for nothing for long: for a centre that never answers. */
export const QUICK = { ...TIMES, bind: 500, submit: 300, enquire: 100, enquireAnswer: 1000 }

export const smsOver = (port: number, changed: Partial<SmppOptions> = {}) =>
  smppProvider({
    name: 'centre',
    host: '127.0.0.1',
    port,
    tls: false,
    authorities: null,
    systemId: 'ambit',
    password: 'secret',
    systemType: '',
    from: 'Tidewicket',
    clock: systemClock,
    times: TIMES,
    ...changed,
  })
