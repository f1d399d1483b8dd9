#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { runWithMemory } from './memory.js'
import { handOver, isModern, modernNode } from './runtime.js'

const main = new URL('../src/cli/run.ts', import.meta.url)
const [command] = process.argv.slice(2)

// a server is one process, so that whatever supervises it has hold of all of it
if (command !== 'serve') runWithMemory(modernNode(), [fileURLToPath(main), ...process.argv.slice(2)])
else if (isModern()) await import(main.href)
else handOver(modernNode(), [fileURLToPath(main), ...process.argv.slice(2)])
