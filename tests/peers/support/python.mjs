// Peers written in Python: a process that takes its settings and then orders, one JSON object a line.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { atEnd, PYTHON } from './run.mjs'

/** Why tests with Python peers are skipped; false when they are not. */
export const withoutPython = PYTHON === '' && 'PEERS_PYTHON is not set'

/** Starts `python/<name>.py`; its first line is `ready`, and `order(name, arguments)` asks for more. */
export async function startPython(name, settings) {
  const child = spawn(PYTHON, [join(import.meta.dirname, '../python', `${name}.py`)], {
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' },
  })
  let trouble = ''
  child.stderr.on('data', (chunk) => (trouble += chunk))
  atEnd(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const send = async (value) => {
    child.stdin.write(`${JSON.stringify(value)}\n`)
    const { value: line, done } = await lines.next()
    if (done) throw new Error(`${name}.py ended: ${trouble}`)
    return JSON.parse(line)
  }
  const ready = await send(settings)
  return {
    ready,
    order: async (order, given = {}) => {
      const answer = await send({ order, ...given })
      if (!answer.ok) throw new Error(`${name}.py ${order}: ${answer.error}\n${trouble}`)
      return answer.value
    },
    trouble: () => trouble,
    close: () => new Promise((done) => child.once('exit', done) && child.stdin.end()),
  }
}
