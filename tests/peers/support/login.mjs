// Starting the login provider, and a person in a browser at its pages.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { freePort } from './ports.mjs'

/** Starts a login provider on `port`. `stop` ends it. */
export const startLoginProvider = (port, clients) => startProvider('login-provider', port, clients)

/** Starts the issuer built on the same package, whose cards `signer` signs, with an offer of its card. */
export async function startIssuingProvider({ privateJwk, publicJwk, x5c }, options = {}) {
  const peer = await startProvider('issuing-provider', await freePort(), { signer: { privateJwk, publicJwk, x5c }, ...options })
  const offer = { credential_issuer: peer.issuer, credential_configuration_ids: ['pid'], grants: { authorization_code: {} } }
  const log = async () => (await fetch(`${peer.issuer}/log`)).json()
  return { ...peer, log, offer: `openid-credential-offer://?credential_offer=${encodeURIComponent(JSON.stringify(offer))}` }
}

/** Starts `support/<name>.mjs`, a program that says when it is ready. */
export async function startProvider(name, port, settings) {
  const program = fileURLToPath(new URL(`${name}.mjs`, import.meta.url))
  const child = spawn(process.execPath, [program, String(port), JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  process.on('exit', () => child.kill('SIGKILL'))
  let log = ''
  child.stderr.on('data', (chunk) => (log += chunk))
  await new Promise((done, fail) => {
    child.stdout.on('data', (chunk) => String(chunk).includes('ready') && done())
    child.once('exit', () => fail(new Error(`${name} did not start: ${log}`)))
  })
  return {
    issuer: `http://127.0.0.1:${port}`,
    trouble: () => log,
    stop: () => new Promise((done) => child.once('exit', done) && child.kill('SIGTERM')),
  }
}

/** A browser without scripts: cookies for each origin, redirects followed by hand, forms filled in. */
export class Person {
  #jars = new Map()

  /** One request; gives status, where it leads, and text. */
  async go(url, form) {
    const { origin } = new URL(url)
    const jar = this.#jars.get(origin) ?? new Map()
    this.#jars.set(origin, jar)
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      body: form && String(new URLSearchParams(form)),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';')
      const at = pair.indexOf('=')
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(pair.slice(0, at))
      else jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    const location = response.headers.get('location')
    return { status: response.status, to: location && new URL(location, url).href, text: await response.text() }
  }

  /** Follows redirects and signs in as `name` where asked, until the browser would leave for `stopAt`. */
  async signIn(url, name, stopAt) {
    for (let steps = 0; steps < 20; steps++) {
      if (url.startsWith(stopAt)) return url
      const answer = await this.go(url)
      if (answer.to) {
        url = answer.to
        continue
      }
      const action = /<form[^>]*action="([^"]+)"/.exec(answer.text)?.[1]
      const prompt = /name="prompt" value="([^"]+)"/.exec(answer.text)?.[1]
      if (!action) throw new Error(`no form at ${url}: ${answer.status} ${answer.text.slice(0, 400)}`)
      const given = await this.go(new URL(action, url).href, prompt === 'login' ? { prompt, login: name, password: 'any' } : { prompt })
      if (!given.to) throw new Error(`the form of ${url} led nowhere: ${given.status}`)
      url = given.to
    }
    throw new Error('going round in circles')
  }
}
