/**
 * One bound connection to an SMS centre (SMPP 3.4), around a library that is old and small: it knows no time limits, does not
 * reconnect, and is of no use after one bad packet. So whatever goes wrong ends the connection, and a new one is made, later each time.
 */
import { isIP } from 'node:net'
import smpp, { type Pdu, type Session } from 'smpp'

export interface SmppAccess {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** certificate authorities to trust, PEM; null for those of the system */
  readonly authorities: string | null
  readonly systemId: string
  readonly password: string
  readonly systemType: string
}

/** What came of a submit. */
export type Submitted =
  | { readonly is: 'answered'; readonly status: number; readonly messageId: string | null }
  /** nothing went out */
  | { readonly is: 'unbound' }
  /** it went out, and then the connection broke or nobody answered */
  | { readonly is: 'unanswered'; readonly why: 'lost' | 'silent' }

export interface SmppLink {
  readonly submit: (fields: Readonly<Record<string, unknown>>) => Promise<Submitted>
  readonly close: () => Promise<void>
}

/** Milliseconds; ours. All that one message may wait for stays below half a claim of the outbox. */
export interface LinkTimes {
  readonly bind: number
  readonly submit: number
  /** between two looks whether the other side is there, and for its answer */
  readonly enquire: number
  readonly enquireAnswer: number
  /** before the second connection, doubled each time up to the longest */
  readonly firstPause: number
  readonly longestPause: number
}
export const LINK_TIMES: LinkTimes = {
  bind: 5000,
  submit: 10_000,
  enquire: 30_000,
  enquireAnswer: 10_000,
  firstPause: 1000,
  longestPause: 60_000,
}

/** SMPP 3.4 §5.1.3 */
const ESME_ROK = 0
const ESME_RX_T_APPN = 0x64
const INTERFACE_3_4 = 0x34

/** `onDelivered` hears every `deliver_sm`; the centre is told that we have it once it resolves, and to come again where it rejects. */
export function smppLink(
  access: SmppAccess,
  onDelivered: (pdu: Pdu) => Promise<void>,
  times: LinkTimes = LINK_TIMES,
): SmppLink {
  let bound: Session | null = null
  let binding: Promise<Session | null> | null = null
  let closed = false
  let failures = 0
  let again: NodeJS.Timeout | undefined
  const waiting = new Map<Session, Set<(why: 'lost' | 'silent') => void>>()

  /** Connects and binds; null where that did not work, after which it is tried again by itself. */
  function connect(): Promise<Session | null> {
    return (binding ??= bind().finally(() => (binding = null)))
  }

  function bind(): Promise<Session | null> {
    return new Promise((resolve) => {
      const { host, port, tls, authorities, systemId, password, systemType } = access
      const secure = {
        tls: true,
        minVersion: 'TLSv1.2',
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(authorities === null ? {} : { ca: authorities }),
      }
      const session = smpp.connect({ host, port, ...(tls ? secure : {}) })
      const timer = setTimeout(() => session.destroy(), times.bind)
      let looking: NodeJS.Timeout | undefined
      session.on('error', () => session.destroy())
      session.on('close', () => {
        clearTimeout(timer)
        clearInterval(looking)
        if (bound === session) bound = null
        for (const end of waiting.get(session) ?? []) end('lost')
        waiting.delete(session)
        resolve(null)
        comeAgain()
      })
      session.on(tls ? 'secureConnect' : 'connect', () => {
        const who = { system_id: systemId, password, system_type: systemType, interface_version: INTERFACE_3_4 }
        const asked = session.bind_transceiver(who, ({ command, command_status: status }) => {
          if (closed || command !== 'bind_transceiver_resp' || status !== ESME_ROK) return session.destroy()
          clearTimeout(timer)
          failures = 0
          bound = session
          looking = setInterval(() => look(session), times.enquire)
          looking.unref()
          resolve(session)
        })
        if (!asked) session.destroy()
      })
      session.on('enquire_link', (pdu: Pdu) => session.send(pdu.response()))
      session.on('unbind', (pdu: Pdu) => (session.send(pdu.response()), session.destroy()))
      session.on('deliver_sm', (pdu: Pdu) => {
        const answer = (status: number) => session.send(pdu.response({ command_status: status }))
        void onDelivered(pdu).then(
          () => answer(ESME_ROK),
          () => answer(ESME_RX_T_APPN),
        )
      })
    })
  }

  /** A connection that is dead says nothing of it: TCP waits for hours. */
  function look(session: Session): void {
    const timer = setTimeout(() => session.destroy(), times.enquireAnswer)
    timer.unref()
    if (!session.enquire_link({}, () => clearTimeout(timer))) session.destroy()
  }

  function comeAgain(): void {
    if (closed) return
    const pause = Math.min(times.longestPause, times.firstPause * 2 ** Math.min(failures++, 20))
    clearTimeout(again)
    again = setTimeout(() => void connect(), pause)
    again.unref()
  }

  void connect()
  return {
    async submit(fields) {
      // between two tries others go first; while one is under way it is worth the wait
      const session = bound ?? (await binding)
      if (session === null || closed) return { is: 'unbound' }
      return new Promise((resolve) => {
        const ends = waiting.get(session) ?? new Set()
        waiting.set(session, ends)
        const end = (why: 'lost' | 'silent') => finish({ is: 'unanswered', why })
        const timer = setTimeout(() => {
          end('silent')
          look(session)
        }, times.submit)
        const finish = (submitted: Submitted) => {
          clearTimeout(timer)
          ends.delete(end)
          resolve(submitted)
        }
        ends.add(end)
        const asked = session.submit_sm(fields, ({ command_status: status, message_id: id }) => {
          const isName = typeof id === 'string' && /^[\x21-\x7e]{1,64}$/.test(id)
          finish({ is: 'answered', status, messageId: isName ? id : null })
        })
        if (!asked) finish({ is: 'unbound' })
      })
    },
    async close() {
      closed = true
      clearTimeout(again)
      const session = bound ?? (await binding)
      if (session === null) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => session.destroy(), 1000)
        session.on('close', () => (clearTimeout(timer), resolve()))
        if (!session.unbind({}, () => session.destroy())) session.destroy()
      })
    },
  }
}
