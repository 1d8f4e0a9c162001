// Ports for the programs under test.

import { createServer } from 'node:net'

/**
 * Where systems take no port for a connection from (Linux from 32768, others from 49152): with a port from there, a program that
 * is down for a moment could find its own taken by a connection when it comes back.
 */
const [FIRST, COUNT] = [20_000, 12_000]
/** Each process takes other ports than those that began shortly before or after it. */
const EACH = 40

let given = 0

/** A port nobody listens on now, and that no other test file is given. */
export async function freePort() {
  for (;;) {
    const port = FIRST + ((process.pid * EACH + given++) % COUNT)
    if (await isFree(port)) return port
    if (given > COUNT) throw new Error('no port is free')
  }
}

function isFree(port) {
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)))
  })
}
