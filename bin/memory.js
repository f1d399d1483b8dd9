// Runs a command in a Node of its own that may use the memory of the machine, and says it plainly where that is not enough.
import { spawn } from 'node:child_process'
import { totalmem } from 'node:os'
import { endBy, passSignals } from './runtime.js'

/** Heap that Node gives itself at most, whatever the machine has: 4 GB (V8 on 64 bits). Commands on many accounts need more. */
const HEAP_FLAG = '--max-old-space-size'

/** Share of the memory that the heap may take; tables of numbers lie beside it, and other programs need some. */
const HEAP_SHARE = 0.75

/** Megabytes of heap for a machine or container; the limit of a container that has none is larger than any machine. */
export function heapMegabytes(total = totalmem(), constrained = process.constrainedMemory?.() ?? 0) {
  const memory = constrained > 0 ? Math.min(total, constrained) : total
  return Math.floor((memory / 1_048_576) * HEAP_SHARE)
}

/** What V8 writes when its heap is full, before it ends itself. */
const TRACES = ['\n<--- Last few GCs --->', '<--- Last few GCs --->', 'FATAL ERROR: ']

/** As `handOver`, with as much heap as fits, unless the environment says how much. */
export function runWithMemory(node, args) {
  const own = process.env.NODE_OPTIONS ?? ''
  const limited = [own, ...process.execArgv].some((text) => text.replaceAll('_', '-').includes(HEAP_FLAG))
  const heap = limited ? [] : [`${HEAP_FLAG}=${heapMegabytes()}`]
  const columns = process.stderr.isTTY === true ? { AMBIT_TERMINAL_COLUMNS: String(process.stderr.columns) } : {}
  const child = spawn(node, [...process.execArgv, ...heap, ...args], {
    stdio: ['inherit', 'inherit', 'pipe'],
    env: { ...process.env, ...columns },
  })
  passSignals(child, node)
  // where nobody reads what is said beside the results, the exit code says it
  process.stderr.on('error', () => {})
  let trace = Buffer.alloc(0)
  child.stderr.on('data', (chunk) => {
    const starts = trace.length > 0 ? [0] : TRACES.map((text) => chunk.indexOf(text)).filter((at) => at >= 0)
    const from = starts.length === 0 ? chunk.length : Math.min(...starts)
    if (from > 0) process.stderr.write(chunk.subarray(0, from))
    trace = Buffer.concat([trace, chunk.subarray(from)])
  })
  child.on('close', (code, signal) => {
    const isAbort = signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || (code ?? 0) >= 128
    const isFull = isAbort && /out of memory|Allocation failed/.test(trace.toString('latin1'))
    if (isFull)
      return end(2, `the memory that it may use is not enough for this input${limited ? '' : ` (${heap.join('')})`}`)
    if (trace.length > 0) process.stderr.write(trace)
    if (signal === 'SIGKILL') return end(2, 'it was killed, as systems do when their memory runs out')
    if (signal !== null) endBy(signal)
    else process.exitCode = code ?? 1
  })
}

function end(code, why) {
  const remedy = `Give it more memory (${HEAP_FLAG} in NODE_OPTIONS sets the limit), or analyse fewer systems at a time.`
  process.stderr.write(`ambit: ${why}; what was written is not complete. ${remedy}\n`)
  process.exitCode = code
}
