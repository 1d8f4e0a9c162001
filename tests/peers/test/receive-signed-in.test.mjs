// Peer issuers behind a sign-in (@openid4vc/openid4vci with @openid4vc/oauth2, then with `oidc-provider`), our wallet.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { after, before, describe, test } from 'node:test'

import { PID } from '../support/cards.mjs'
import { startCodeIssuer } from '../support/code-issuer.mjs'
import { Person, startIssuingProvider } from '../support/login.mjs'
import { anchors, authority, leaf } from '../support/pki.mjs'
import { signIn } from '../support/person.mjs'
import { put } from '../support/run.mjs'
import { startServer } from '../support/server.mjs'
import { follow, receiveSignedIn } from '../support/signed-in.mjs'
import { newWallet } from '../support/wallet.mjs'

describe('a peer issuer behind a sign-in, our wallet', () => {
  let ca, signer
  const running = []

  before(async () => {
    ca = await authority('Card CA')
    signer = await leaf(ca, 'City of Voorbeeld', ['issuer.example'])
  })
  after(() => Promise.all(running.map((issuer) => issuer.close())))

  const issuer = async (options) => {
    const started = await startCodeIssuer(signer, options)
    running.push(started)
    return started
  }
  const wallet = () => newWallet(anchors({ issuers: [{ ca, vct: [PID] }] }))
  const cards = async (ours) => (await ours.do('cards')).data.cards
  const nothingCame = async (ours, answer, what) => {
    assert.notEqual(answer.code, 0, `${what}: ${JSON.stringify(answer)}`)
    assert.equal((await cards(ours)).length, 0, what)
  }

  test('pushed request, S256, state, iss, and a batch of proofs in the name of the client', async () => {
    const peer = await issuer()
    const ours = await wallet()
    const shown = await ours.do('receive', peer.offer, '--dry-run')
    assert.ok([new URL(peer.url).hostname, new URL(peer.url).host].includes(shown.data.offer.signIn))
    const answer = await receiveSignedIn(ours, peer.offer)
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal(answer.data.cards[0].copiesTotal, 3)
    assert.deepEqual(answer.data.awaited, [])
    const [{ form }] = peer.log.pushed
    assert.equal(form.client_id, 'assent-cli')
    assert.match(form.redirect_uri, /^http:\/\/127\.0\.0\.1:\d+\/$/)
    assert.equal(form.code_challenge_method, 'S256')
    assert.equal(form.issuer_state, peer.issuerState)
    assert.ok(form.scope === 'pid' || form.authorization_details, 'scope or details')
    assert.ok(form.state.length >= 16, 'a state of its own')
    // RFC 9126 §4: nothing but the reference goes through the browser.
    assert.deepEqual(Object.keys(peer.log.authorized[0]).sort(), ['client_id', 'request_uri'])
    assert.equal(peer.log.proofs.length, 3)
    const keys = new Set(peer.log.proofs.map(({ jwt }) => JSON.stringify(decodeProtectedHeader(jwt).jwk)))
    assert.equal(keys.size, 3)
    assert.deepEqual(peer.log.notifications.map(({ event }) => event), ['credential_accepted'])
    // The page for the person: one, plain, without the code.
    assert.equal(answer.pages[0].status, 200)
    assert.match(answer.pages[0].text, /close this page/)
    assert.doesNotMatch(answer.pages[0].text, /code=|<script/)
  })

  test('without pushed requests everything is in the address', async () => {
    const peer = await issuer({ par: false })
    const answer = await receiveSignedIn(await wallet(), peer.offer)
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal(peer.log.authorized[0].code_challenge_method, 'S256')
    assert.equal(peer.log.authorized[0].response_type, 'code')
  })

  for (const nonces of [false, true]) {
    test(`DPoP ${nonces ? 'with nonces of both servers, changed with every answer' : 'without nonces'}`, async () => {
      const peer = await issuer({ dpop: 'required', nonces })
      const answer = await receiveSignedIn(await wallet(), peer.offer)
      assert.equal(answer.code, 0, JSON.stringify(answer))
      assert.deepEqual(peer.log.tokens.map(({ type }) => type), ['DPoP'])
      const jkts = new Set(await Promise.all(peer.log.dpop.map(({ jwt }) => peer.jkt(jwt))))
      assert.equal(jkts.size, 1, 'one key for one issuance')
      // At most one more request for each server: what the answers brought is used.
      assert.ok(peer.log.retries <= 2, `${peer.log.retries} refused`)
      for (const { which, jwt } of peer.log.dpop) {
        const { htu, ath, jti } = decodeJwt(jwt)
        assert.equal(new URL(htu).search, '')
        assert.equal(Boolean(ath), which === 'resource', 'ath exactly with an access token')
        assert.ok(jti.length >= 12)
      }
      const { jwt } = peer.log.dpop.find(({ which }) => which === 'resource')
      const sha = createHash('sha256')
      assert.equal(decodeJwt(jwt).ath.length, sha.digest('base64url').length)
      assert.equal(peer.log.notifications.length, 1)
    })
  }

  for (const which of ['server', 'resource']) {
    test(`an endless demand for another nonce (${which}) is met once`, async () => {
      const peer = await issuer({ dpop: 'required', endless: which, nonces: true })
      const ours = await wallet()
      await nothingCame(ours, await receiveSignedIn(ours, peer.offer).catch((error) => ({ code: 1, error: String(error) })), which)
      assert.ok(peer.log.retries <= 3, `${peer.log.retries} tries`)
    })
  }

  test('a token that is said to be a bearer token is used as one: bound in truth, it gives nothing', async () => {
    const peer = await issuer({ dpop: 'offered', wrong: { token: (answer) => (answer.token_type = 'Bearer') } })
    const ours = await wallet()
    await nothingCame(ours, await receiveSignedIn(ours, peer.offer), 'bound, but said to be bearer')
    assert.equal(peer.log.credential.length, 0)
  })

  test('messages are encrypted where the issuer can, with a key for each answer', async () => {
    for (const encryption of ['offered', 'required']) {
      const peer = await issuer({ encryption, dpop: 'required' })
      const answer = await receiveSignedIn(await wallet(), peer.offer)
      assert.equal(answer.code, 0, JSON.stringify(answer))
      assert.equal(peer.log.encrypted, 1, encryption)
    }
  })

  test('an answer in the clear where encryption was asked for, and one for another key, are refused', async () => {
    for (const wrong of [{ plain: true }, { sealed: (jwe) => `${jwe.slice(0, -4)}AAAA` }]) {
      const ours = await wallet()
      const peer = await issuer({ encryption: 'required', wrong })
      await nothingCame(ours, await receiveSignedIn(ours, peer.offer), JSON.stringify(wrong))
    }
  })

  test('a card that comes later is awaited, asked for again, and here', async () => {
    const peer = await issuer({ later: 2, dpop: 'required', nonces: true })
    const ours = await wallet()
    const begun = await receiveSignedIn(ours, peer.offer)
    assert.equal(begun.code, 0, JSON.stringify(begun))
    assert.equal(begun.data.cards.length, 0)
    assert.equal(begun.data.awaited.length, 1)
    const listed = await ours.do('awaited')
    assert.equal(listed.data.awaited[0].id, begun.data.awaited[0].id)
    const fetched = await ours.do('awaited', 'fetch', '--wait', '--timeout', '30')
    assert.equal(fetched.code, 0, JSON.stringify(fetched))
    assert.equal(fetched.data.cards[0].copiesTotal, 3)
    assert.deepEqual((await ours.do('awaited')).data.awaited, [])
    assert.equal(peer.log.deferred, 2)
    assert.equal((await cards(ours)).length, 1)
  })

  test('waiting for it in the same command, encrypted', async () => {
    const peer = await issuer({ later: 2, encryption: 'required' })
    const answer = await receiveSignedIn(await wallet(), peer.offer, { more: ['--wait'] })
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal(answer.data.cards.length, 1)
    // One request for the card, and one for each time it was asked for again.
    assert.equal(peer.log.encrypted, 3)
  })

  test('a card that will not come is said so, and can be given up', async () => {
    const peer = await issuer({ later: 1, denyLater: true })
    const ours = await wallet()
    const begun = await receiveSignedIn(ours, peer.offer)
    const [{ id }] = begun.data.awaited
    await new Promise((done) => setTimeout(done, 1100))
    const denied = await ours.do('awaited', 'fetch', id)
    assert.notEqual(denied.code, 0, JSON.stringify(denied))
    assert.equal((await ours.do('awaited', 'forget', id)).error.code, 'not-agreed')
    assert.equal((await ours.do('awaited', 'forget', id, '--yes')).code, 0)
    assert.deepEqual((await ours.do('awaited')).data.awaited, [])
    assert.equal((await ours.do('awaited', 'forget', id, '--yes')).code, 4)
  })

  test('the transaction id changes on the way: not this issuance any more', async () => {
    const peer = await issuer({ later: 3, wrong: { deferred: (answer) => (answer.transaction_id = 'another') } })
    const ours = await wallet()
    const answer = await receiveSignedIn(ours, peer.offer, { more: ['--wait'], timeout: 10 })
    await nothingCame(ours, answer, 'another transaction')
    assert.equal(answer.error.code, 'awaited-timeout')
  })

  for (const [what, answer, code] of [
    ['no iss where it was announced', (query) => query.delete('iss') ?? query],
    ['the iss of another server', (query) => query.set('iss', 'https://evil.example') ?? query],
    ['an iss that differs by a slash', (query) => query.set('iss', `${query.get('iss')}/`) ?? query],
    ['a refusal by the person', (query) => new URLSearchParams({ error: 'access_denied', state: query.get('state'), iss: query.get('iss') }), 'sign-in-declined'],
    ['a refusal in the name of another server', (query) => new URLSearchParams({ error: 'access_denied', state: query.get('state'), iss: 'https://evil.example' })],
  ]) {
    test(`the browser comes back with ${what}: no token is asked for`, async () => {
      const peer = await issuer({ wrong: { answer } })
      const ours = await wallet()
      const ended = await receiveSignedIn(ours, peer.offer)
      await nothingCame(ours, ended, what)
      if (code) assert.equal(ended.error.code, code)
      assert.equal(peer.log.tokens.length, 0)
    })
  }

  test('an answer with two codes is none: it is waited for another', async () => {
    const peer = await issuer({ wrong: { answer: (query) => query.append('code', 'another') ?? query } })
    const ended = await receiveSignedIn(await wallet(), peer.offer, { timeout: 3 })
    assert.equal(ended.error.code, 'sign-in-timeout')
    assert.equal(peer.log.tokens.length, 0)
  })

  test('what somebody else sends to the listener is in nobody’s way', async () => {
    const peer = await issuer()
    const answer = await receiveSignedIn(await wallet(), peer.offer, {
      browse: async (url, back) => [`${back}favicon.ico`, `${back}?code=injected&state=guessed`, await follow(url, back)],
    })
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal(answer.pages[0].status, 404)
    assert.deepEqual(peer.log.tokens.map(({ grant }) => grant), ['authorization_code'])
  })

  test('a code of another sign-in cannot be injected', async () => {
    const [one, two] = [await issuer(), await issuer()]
    const ours = await wallet()
    // The attacker's own answer from the same server, with the state of the person's: PKCE and the request tie it to another.
    let stolen
    await receiveSignedIn(await wallet(), one.offer, {
      browse: async (url, back) => {
        stolen = new URL(await follow(url, back)).searchParams.get('code')
        return `${back}?error=access_denied&state=x`
      },
      timeout: 5,
    })
    const ended = await receiveSignedIn(ours, one.offer, {
      browse: async (url, back) => {
        const honest = new URL(await follow(url, back))
        honest.searchParams.set('code', stolen)
        return honest.href
      },
    })
    await nothingCame(ours, ended, 'another’s code')
    // Mix-up: the answer of one server for the request to another.
    const mixed = await receiveSignedIn(ours, two.offer, {
      browse: async (url, back) => {
        const honest = new URL(await follow(url, back))
        honest.searchParams.set('iss', one.url)
        return honest.href
      },
    })
    await nothingCame(ours, mixed, 'a mix-up')
    assert.equal(two.log.tokens.length, 0)
  })

  for (const [what, server, options] of [
    ['no S256', (metadata) => (metadata.code_challenge_methods_supported = ['plain'])],
    ['no authorization endpoint', (metadata) => delete metadata.authorization_endpoint],
    ['an authorization endpoint without https', (metadata) => (metadata.authorization_endpoint = 'http://issuer.example/authorize')],
    ['an authorization endpoint that is a script', (metadata) => (metadata.authorization_endpoint = 'javascript:alert(1)')],
    ['another issuer', (metadata) => (metadata.issuer = 'https://evil.example')],
    ['a secret of each client', (metadata) => (metadata.token_endpoint_auth_methods_supported = ['client_secret_basic'])],
    ['an error at the pushed request', () => {}, { refusePush: 'invalid_client' }],
  ]) {
    test(`an authorization server with ${what} is refused before anybody signs in`, async () => {
      const peer = await issuer({ wrong: { server }, ...options })
      const ours = await wallet()
      const ended = await ours.do('receive', peer.offer, '--yes', '--elsewhere')
      await nothingCame(ours, ended, what)
      assert.notEqual(ended.error.code, 'sign-in-needed', JSON.stringify(ended))
      assert.equal(peer.log.authorized.length, 0)
    })
  }

  test('with the browser elsewhere: two commands, and the second works once', async () => {
    const peer = await issuer({ dpop: 'required', nonces: true })
    const ours = await wallet()
    const begun = await ours.do('receive', peer.offer, '--yes', '--elsewhere')
    assert.equal(begun.code, 5)
    assert.equal(begun.error.code, 'sign-in-needed')
    assert.equal(begun.schema, 'assent.holder-sign-in/1')
    const { url, redirectUri } = begun.data
    const back = await follow(url, redirectUri)
    const wrong = await ours.do('receive', '--answer', back.replace(/state=[^&]+/, 'state=another'))
    assert.equal(wrong.error.code, 'sign-in-not-expected', JSON.stringify(wrong))
    const answer = await ours.do('receive', '--answer', `@${put(ours.folder, 'answer', back)}`)
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal(answer.data.cards.length, 1)
    assert.equal((await ours.do('receive', '--answer', back)).error.code, 'sign-in-not-expected')
  })

  test('nobody comes back: an end with a name, in time', async () => {
    const peer = await issuer()
    const ended = await (await wallet()).do('receive', peer.offer, '--yes', '--timeout', '1')
    assert.equal(ended.code, 6)
    assert.equal(ended.error.code, 'sign-in-timeout')
  })

  test('what waits is no plain text in the wallet file', async () => {
    const peer = await issuer({ later: 9, dpop: 'required' })
    const ours = await wallet()
    await ours.do('receive', peer.offer, '--yes', '--elsewhere')
    const [{ form }] = peer.log.pushed
    const file = () => readFileSync(ours.state[1], 'utf8')
    for (const secret of [form.state, form.code_challenge, peer.url, 'dpop']) assert.ok(!file().includes(secret), secret)
    await receiveSignedIn(ours, peer.offer)
    assert.equal((await ours.do('awaited')).data.awaited.length, 1)
    assert.ok(!file().includes('transaction') && !file().includes(peer.url))
  })
})

describe('oidc-provider as issuer and authorization server, our wallet', () => {
  let ca, signer
  const running = []

  before(async () => {
    ca = await authority('Card CA')
    signer = await leaf(ca, 'Province of Voorbeeld', ['issuer.example'])
  })
  after(() => Promise.all(running.map((peer) => peer.stop())))

  const wallet = () => newWallet(anchors({ issuers: [{ ca, vct: [PID] }] }))
  async function issuer(options) {
    const peer = await startIssuingProvider(signer, options)
    running.push(peer)
    return peer
  }
  const browse = (url, back) => new Person().signIn(url, 'anna', back)

  test('pushed request, DPoP with required nonces, iss, key proofs: every check of oidc-provider', async () => {
    const peer = await issuer()
    const ours = await wallet()
    const answer = await receiveSignedIn(ours, peer.offer, { browse })
    assert.equal(answer.code, 0, JSON.stringify(answer) + peer.trouble())
    assert.equal(answer.data.cards[0].copiesTotal, 4)
    const { credential } = await peer.log()
    assert.equal(credential.length, 1)
    assert.equal(credential[0].copies, 4)
    assert.ok(credential[0].jkt, 'the token is bound to a key')
  })

  test('the person says no', async () => {
    const peer = await issuer()
    const ours = await wallet()
    const ended = await receiveSignedIn(ours, peer.offer, {
      browse: async (url) => {
        const person = new Person()
        const { to: page } = await person.go(url)
        const { to: resume } = await person.go(`${page}/abort`)
        return (await person.go(resume)).to
      },
    })
    assert.equal(ended.error.code, 'sign-in-declined', JSON.stringify(ended))
    assert.equal((await ours.do('cards')).data.cards.length, 0)
  })
})

describe('our own issuer, our wallet, its vault at our server', () => {
  let server

  before(async () => {
    server = await startServer({ more: '[issuer]\ndpop = "required"\n' })
  })
  after(() => server?.stop())

  async function offer(wanted) {
    const body = JSON.stringify({ card: 'identity', sign_in: true, ...wanted })
    const response = await fetch(`${server.base}/v1/sandbox/offers`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return (await response.json()).link
  }

  test('sign in, receive; and later, from the same vault', async () => {
    const ours = await newWallet(undefined, { operator: server.base })
    const first = await receiveSignedIn(ours, await offer({ by_reference: true }), { browse: (url) => signIn(url) })
    assert.equal(first.code, 0, JSON.stringify(first))
    assert.equal(first.data.cards[0].copiesTotal, 10)
    const later = await receiveSignedIn(ours, await offer({ card: 'residence', later_seconds: 2 }), { browse: (url) => signIn(url), more: ['--wait'] })
    assert.equal(later.code, 0, JSON.stringify(later))
    assert.equal(later.data.cards.length, 1)
    assert.equal((await ours.do('cards')).data.cards.length, 2)
  })

  test('the person cancels at our page', async () => {
    const ours = await newWallet(undefined, { operator: server.base })
    const ended = await receiveSignedIn(ours, await offer(), { browse: (url) => signIn(url, 'cancel') })
    assert.equal(ended.code, 5)
    assert.equal(ended.error.code, 'sign-in-declined')
  })
})
