#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { handOver, isModern, modernNode } from './runtime.js'

const main = new URL('../src/cli/run.ts', import.meta.url)

if (isModern()) await import(main.href)
else handOver(modernNode(), [fileURLToPath(main), ...process.argv.slice(2)])
