/** What is used here of the package `smpp`, which has no types of its own. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events'
  import type { Server as NetServer } from 'node:net'

  export interface Pdu {
    readonly command: string
    readonly command_status: number
    readonly sequence_number: number
    readonly [field: string]: unknown
    readonly isResponse: () => boolean
    readonly response: (fields?: Readonly<Record<string, unknown>>) => Pdu
  }
  type Answered = (answer: Pdu) => void
  /** false where the socket takes nothing any more */
  type Ask = (fields: Readonly<Record<string, unknown>>, answered?: Answered) => boolean

  export interface Session extends EventEmitter {
    readonly bind_transceiver: Ask
    readonly submit_sm: Ask
    readonly deliver_sm: Ask
    readonly enquire_link: Ask
    readonly unbind: Ask
    readonly send: (pdu: Pdu) => boolean
    readonly destroy: () => void
  }
  interface Smpp {
    readonly connect: (options: Readonly<Record<string, unknown>>) => Session
    readonly createServer: (options: object, onSession: (session: Session) => void) => NetServer
    readonly encodings: Readonly<
      Record<'ASCII' | 'UCS2', { readonly match: (text: string) => boolean; readonly encode: (text: string) => Buffer }>
    >
  }
  const smpp: Smpp
  // eslint-disable-next-line import/no-default-export -- the package is CommonJS
  export default smpp
}
