/**
 * Requests at a fixed rate, evenly through each second, whether or not earlier ones are answered: latency counts from the
 * moment at which a request was due. `node bench/pace.ts URL RATE SECONDS CONNECTIONS BODY HEADER…`
 */
import { Agent, request } from 'node:http'

const [url, rate, seconds, connections, body, ...headerLines] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const headers = {
  'content-length': Buffer.byteLength(body!),
  ...Object.fromEntries(headerLines.map((line) => line.split(': ') as [string, string])),
}
const took: number[] = []
let waiting = 0

function send(due: number): void {
  waiting++
  const asking = request(url!, { method: 'POST', agent, headers }, (response) => {
    if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`)
    response.resume().on('end', () => {
      waiting--
      took.push(performance.now() - due)
    })
  })
  asking.end(body)
}

const start = performance.now()
const gap = 1000 / Number(rate)
let sent = 0
await new Promise<void>((resolve) => {
  const turn = () => {
    const now = performance.now() - start
    for (; sent * gap <= now; sent++) send(start + sent * gap)
    if (now < Number(seconds) * 1000) setTimeout(turn, 1)
    else resolve()
  }
  turn()
})
while (waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5))
agent.destroy()
// the first second opens connections
const counted = took.slice(Number(rate)).toSorted((a, b) => a - b)
const at = (share: number): number => Math.round(counted[Math.floor(counted.length * share)]! * 100) / 100
process.stdout.write(JSON.stringify({ p50: at(0.5), p99: at(0.99), p999: at(0.999) }))
