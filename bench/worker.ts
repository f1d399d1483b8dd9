import { parentPort, workerData } from 'node:worker_threads'
import { countComponents } from '#graph/size.ts'
import { answerStages } from './parallel.ts'
import type { Task } from './parallel.ts'

const task = workerData as Task
if (task.kind === 'stages') parentPort!.postMessage(answerStages(task.snapshot, task.names))
else {
  const { nodes, accounts, done, parent } = countComponents(task.plan, task.starts, {})
  const buffers = [nodes, accounts, done, parent].map((array) => array.buffer as ArrayBuffer)
  parentPort!.postMessage({ nodes, accounts, done, parent }, buffers)
}
