/** For tests: requests byte by byte over a socket, as no client library would send them. */
import { connect } from 'node:net'

/** Sends text as it stands and resolves with everything that comes back until the server closes, or falls silent. */
export function exchange(url: string, text: string | Buffer, silenceMs = 2000): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(Number(port), hostname)
    const done = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(silenceMs, done)
    socket.on('data', (piece) => (answer += piece.toString('latin1')))
    socket.on('error', done)
    socket.on('close', done)
    socket.write(text)
  })
}

/** Status of each answer in what came back, in order. */
export const statusesIn = (answer: string): number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
