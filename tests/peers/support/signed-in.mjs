// Our wallet (`assent holder receive`) with a person at a browser.

import { spawn } from 'node:child_process'

import { ASSENT } from './run.mjs'

/** A browser that asks nobody: follows redirects until the address is one of `redirectUri`. */
export async function follow(url, redirectUri) {
  for (let steps = 0; steps < 20; steps++) {
    if (url.startsWith(redirectUri)) return url
    const response = await fetch(url, { redirect: 'manual' })
    const location = response.headers.get('location')
    if (!location) throw new Error(`no way on from ${url}: ${response.status} ${await response.text()}`)
    url = new URL(location, url).href
  }
  throw new Error('going round in circles')
}

/**
 * Receives the offer `link`. `browse(url, redirectUri)` plays the person and gives the address that the browser is sent back
 * to (or several, tried one after the other); that address is then opened, as a browser would.
 */
export function receiveSignedIn(wallet, link, { browse = follow, more = [], timeout = 60 } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(ASSENT, ['--json', 'holder', 'receive', link, '--yes', '--timeout', String(timeout), ...more, ...wallet.state], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent' },
    })
    let [out, err, began] = ['', '', false]
    const pages = []
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', async (chunk) => {
      err += chunk
      const line = err.split('\n').find((line) => line.includes('assent.holder-sign-in/1'))
      if (began || !line || !err.includes('\n')) return
      began = true
      try {
        const { url, redirectUri } = JSON.parse(line).data
        for (const answer of [await browse(url, redirectUri)].flat()) {
          const page = await fetch(answer).catch((error) => ({ status: 0, text: async () => String(error) }))
          pages.push({ status: page.status, text: await page.text() })
        }
      } catch (error) {
        child.kill('SIGKILL')
        fail(error)
      }
    })
    child.on('error', fail)
    child.on('close', (code) => {
      try {
        done({ code, pages, ...JSON.parse(out) })
      } catch {
        fail(new Error(`assent ended with ${code} and no JSON: ${out}${err}`))
      }
    })
    child.stdin.end()
  })
}
