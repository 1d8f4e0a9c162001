// Our vault service as a client of a login provider: `oidc-provider`, a certified implementation, in its own process.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'

import { Person, startLoginProvider } from '../support/login.mjs'
import { freePort } from '../support/ports.mjs'
import { startServer } from '../support/server.mjs'

const b64 = (bytes) => Buffer.from(bytes).toString('base64url')
const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const TOKEN = 'token of this vault'

describe('sign-in at a real login provider finds a vault', () => {
  let server, provider

  before(async () => {
    const port = await freePort()
    const secret = 'secret/of+the=client: with all kinds of signs'
    const settings = ['es', 'rs']
      .map(
        (id) =>
          `[[sign_in.providers]]\nid = "${id}"\nname = "City"\nissuer = "http://127.0.0.1:${port}"\nclient_id = "assent-${id}"\nclient_secret = "${secret}"\n`,
      )
      .join('')
    server = await startServer({ more: settings })
    const client = (id, alg) => ({
      client_id: `assent-${id}`,
      client_secret: secret,
      redirect_uris: [`${server.base}/v1/sign-in/openid/${id}/callback`],
      alg,
    })
    provider = await startLoginProvider(port, [client('es', 'ES256'), client('rs', 'RS256')])
  })
  after(() => Promise.all([server?.stop(), provider?.stop()]))

  async function post(path, body, token) {
    const response = await fetch(server.base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }

  async function newVault() {
    const vault_id = b64(randomBytes(16))
    const header = b64(randomBytes(40))
    const { status } = await post('/v1/vaults', { vault_id, access_token_sha256: b64(sha256(TOKEN)), header, manifest: b64('m') })
    assert.equal(status, 201)
    return { id: vault_id, header }
  }

  const wallet = () => {
    const verifier = b64(randomBytes(32))
    return { verifier, challenge: b64(sha256(verifier)) }
  }
  const begin = (id, { challenge }) => `${server.base}/v1/sign-in/openid/${id}?challenge=${challenge}`
  const arrived = (url) => Object.fromEntries(new URLSearchParams(url.split('#/find?')[1]))

  for (const id of ['es', 'rs']) {
    test(`linked and found (${id})`, async () => {
      const vault = await newVault()
      const person = new Person()
      const one = wallet()
      const { code } = arrived(await person.signIn(begin(id, one), `anna-${id}`, `${server.base}/#`))
      const linked = await post(`/v1/vaults/${vault.id}/sign-ins`, { openid: { code, verifier: one.verifier } }, TOKEN)
      assert.equal(linked.status, 200, JSON.stringify(linked.body))
      // A new browser, that knows nothing but who the person is.
      const two = wallet()
      const { code: again } = arrived(await new Person().signIn(begin(id, two), `anna-${id}`, `${server.base}/#`))
      const found = await post('/v1/sign-in/vaults', { code: again, verifier: two.verifier })
      assert.deepEqual(found, { status: 200, body: { vaults: [vault] } })
      // Once.
      assert.equal((await post('/v1/sign-in/vaults', { code: again, verifier: two.verifier })).status, 400)
      // Somebody else finds nothing.
      const three = wallet()
      const { code: other } = arrived(await new Person().signIn(begin(id, three), 'ben', `${server.base}/#`))
      assert.deepEqual((await post('/v1/sign-in/vaults', { code: other, verifier: three.verifier })).body, { vaults: [] })
    })
  }

  test('a callback counts once, in its browser, at its address', async () => {
    const one = wallet()
    const person = new Person()
    const callback = await person.signIn(begin('es', one), 'anna', `${server.base}/v1/sign-in/openid/es/callback`)
    // In another browser, and at the address of the other provider.
    const stolen = await new Person().go(callback)
    assert.deepEqual(arrived(stolen.to), { problem: 'sign-in-over' })
    // The real browser still arrives, once.
    const back = await person.go(callback)
    assert.ok(arrived(back.to).code)
    assert.deepEqual(arrived((await person.go(callback)).to), { problem: 'sign-in-over' })
    const mixed = await person.signIn(begin('es', one), 'anna', `${server.base}/v1/sign-in/openid/es/callback`)
    assert.deepEqual(arrived((await person.go(mixed.replace('/es/', '/rs/'))).to), { problem: 'sign-in-over' })
  })

  test('the provider takes only our exact address, with PKCE, and its code only from us', async () => {
    const person = new Person()
    const { to } = await person.go(begin('es', wallet()))
    for (const [name, value] of [
      ['redirect_uri', `${server.base}/v1/sign-in/openid/es/callback/`],
      ['redirect_uri', `${server.base}/v1/sign-in/openid/rs/callback`],
      ['code_challenge', null],
    ]) {
      const url = new URL(to)
      if (value === null) url.searchParams.delete(name)
      else url.searchParams.set(name, value)
      const answer = await person.go(url.href)
      const error = answer.to ? new URL(answer.to).searchParams.get('error') : /invalid_\w+/.exec(answer.text)?.[0]
      assert.match(error, /^invalid_(request|redirect_uri)$/, `${name}: ${answer.status}`)
    }
    const asked = new URL(to).searchParams
    assert.equal(asked.get('response_type'), 'code')
    assert.equal(asked.get('code_challenge_method'), 'S256')
    assert.ok(asked.get('state').length === 43 && asked.get('nonce').length === 43)
    // Nothing more is asked about the person than who it is.
    assert.equal(asked.get('scope'), 'openid')
  })

  test('a person who says no comes back with words', async () => {
    const person = new Person()
    const { to } = await person.go(begin('es', wallet()))
    const login = await person.go(to)
    const page = await person.go(login.to)
    const abort = /href="([^"]+\/abort)"/.exec(page.text)[1]
    const back = await person.signIn(new URL(abort, login.to).href, 'anna', `${server.base}/#`)
    assert.deepEqual(arrived(back), { problem: 'sign-in-refused' })
  })
})
