// Our server, as a process with its own data folder.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { requester } from './http.mjs'
import { freePort } from './ports.mjs'
import { atEnd, put, scratch, SERVER } from './run.mjs'

/**
 * Starts a sandbox server; `anchors` replaces those of the sandbox, `bridge` is the program for W3C credentials,
 * `tls` (of tlsFiles) makes it speak https and trust the same authority when it calls others, `more` is settings.
 */
export async function startServer({ anchors, bridge, tls, more = '' } = {}) {
  const folder = scratch()
  const port = await freePort()
  const base = `${tls ? 'https' : 'http'}://localhost:${port}`
  const data = join(folder, 'data')
  const registry = anchors ? `[registry]\nanchors_file = ${JSON.stringify(put(folder, 'anchors.json', anchors))}\n` : ''
  const https = tls
    ? `[tls]\ncertificate_file = ${JSON.stringify(tls.certificate_file)}\nkey_file = ${JSON.stringify(tls.key_file)}\n` +
      `[outbound]\nca_file = ${JSON.stringify(tls.ca_file)}\n`
    : ''
  const fetch = requester(tls?.ca_file)
  const w3c = bridge ? `[w3c_bridge]\nprogram = ${JSON.stringify(bridge)}\n` : ''
  const config = put(
    folder,
    'assent.toml',
    `listen = "127.0.0.1:${port}"\npublic_url = "${base}"\nsandbox = true\ndata_dir = ${JSON.stringify(data)}\n[roles]\nissuer = true\n${registry}${w3c}${https}${more}`,
  )
  const child = spawn(SERVER, ['serve', '--sandbox', '--config', config, '--data', data], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stdout.on('data', (chunk) => (log += chunk))
  child.stderr.on('data', (chunk) => (log += chunk))
  atEnd(() => child.kill('SIGKILL'))
  for (const end = Date.now() + 60_000; ; ) {
    const ready = await fetch(`${base}/readyz`).then((response) => response.ok, () => false)
    if (ready) break
    if (Date.now() > end || child.exitCode !== null) throw new Error(`the server did not start: ${log}`)
    await new Promise((done) => setTimeout(done, 100))
  }
  const key = readFileSync(join(data, 'library.key'), 'utf8').trim()
  const api = async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body && JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }
  return { base, data, api, fetch, stop: () => new Promise((done) => child.once('exit', done) && child.kill('SIGTERM')) }
}
