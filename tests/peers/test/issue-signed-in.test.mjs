// Our issuer behind a sign-in: a strict OAuth client (oauth4webapi with jose), then a wallet client (@openid4vc/openid4vci).

import { clientAuthenticationNone } from '@openid4vc/oauth2'
import { Openid4vciClient } from '@openid4vc/openid4vci'
import assert from 'node:assert/strict'
import { compactDecrypt, CompactEncrypt, decodeJwt, exportJWK, generateKeyPair, importJWK } from 'jose'
import { after, before, describe, test } from 'node:test'

import { callbacks } from '../support/callbacks.mjs'
import { newKey, now } from '../support/cards.mjs'
import { Client, proof } from '../support/oauth-client.mjs'
import { openPage, press, signIn } from '../support/person.mjs'
import { startServer } from '../support/server.mjs'

const CARD = 'identity'
/** Seconds until a card is ready that comes later: long enough to ask before, on a busy machine. */
const LATER = 6

async function offer(server, wanted) {
  const response = await fetch(`${server.base}/v1/sandbox/offers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ card: CARD, sign_in: true, ...wanted }),
  })
  const body = await response.json()
  assert.equal(response.status, 201, JSON.stringify(body))
  const link = new URL(body.link)
  const inside = link.searchParams.get('credential_offer')
  return { ...body, inside: inside && JSON.parse(inside) }
}

/** Fails unless `attempt` ends with this OAuth error. */
async function refused(attempt, error, what) {
  const said = await attempt.then(
    (value) => assert.fail(`${what ?? error}: not refused: ${JSON.stringify(value)}`),
    (failed) => failed.error ?? failed.cause?.[0]?.parameters?.error ?? String(failed),
  )
  assert.match(said, error instanceof RegExp ? error : new RegExp(`^${error}$`), what)
}

for (const dpop of ['offered', 'required']) {
  describe(`our authorization server, a strict OAuth client, DPoP ${dpop}`, () => {
    let server, client

    before(async () => {
      const other = '[[issuer.clients]]\nid = "other-wallet"\nredirect_uris = ["http://127.0.0.1/"]\n'
      server = await startServer({ more: dpop === 'required' ? `[issuer]\ndpop = "required"\n${other}` : other })
      client = await Client.of(`${server.base}/issuer`)
    })
    after(() => server?.stop())

    /** Up to the access token. */
    async function token({ bound, change, redeem } = {}) {
      const key = bound ?? (dpop === 'required' ? await client.bound() : undefined)
      const pushed = await client.push(change, key)
      const answer = client.answer(await signIn(pushed.url), pushed.state)
      const granted = await client.redeem(answer, pushed.verifier, redeem ?? key)
      return { key, pushed, answer, granted }
    }
    const credential = async (access, key, { count = 1, change = {}, more = {} } = {}) => {
      const proofs = await client.proofs(count, change)
      const response = await client.ask(client.metadata.credential_endpoint, access, key, {
        credential_configuration_id: CARD,
        proofs: { jwt: proofs.jwt },
        ...more,
      })
      return { status: response.status, body: await response.json(), proofs }
    }

    test('metadata: PAR, S256, iss, DPoP by ES256, public clients', () => {
      const { as } = client
      assert.equal(as.require_pushed_authorization_requests, true)
      assert.deepEqual(as.code_challenge_methods_supported, ['S256'])
      assert.equal(as.authorization_response_iss_parameter_supported, true)
      assert.ok(as.dpop_signing_alg_values_supported.includes('ES256'))
      assert.ok(!as.dpop_signing_alg_values_supported.includes('none'))
      assert.deepEqual(as.response_types_supported, ['code'])
      for (const grant of ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:pre-authorized_code']) {
        assert.ok(as.grant_types_supported.includes(grant), grant)
      }
    })

    test('the whole way, in the wallet’s own name: cards, and a refresh token that is good with its key only', async () => {
      const key = await client.bound()
      const { granted } = await token({ bound: key })
      assert.equal(granted.token_type, 'dpop')
      const got = await credential(granted.access_token, key, { count: 3 })
      assert.equal(got.status, 200, JSON.stringify(got.body))
      assert.equal(got.body.credentials.length, 3)
      const { refresh_token: refresh } = granted
      await refused(client.refresh(refresh, await client.bound()), /invalid_grant|invalid_dpop_proof/, 'another key')
      await refused(client.refresh(refresh), /invalid_grant|invalid_dpop_proof|use_dpop_nonce/, 'no key')
      const thief = await Client.of(`${server.base}/issuer`, 'other-wallet')
      await refused(thief.refresh(refresh, key), 'invalid_grant', 'another client')
      await refused(client.refresh(`${refresh.slice(0, -4)}AAAA`, key), 'invalid_grant', 'a guess')
      // FAPI 2.0 §5.3.2.1: not replaced at each use, so an answer that is lost loses nothing.
      for (const _ of [1, 2]) {
        const again = await client.refresh(refresh, key)
        assert.equal(again.token_type, 'dpop')
        assert.ok([undefined, refresh].includes(again.refresh_token))
        assert.equal((await credential(again.access_token, key)).status, 200)
      }
    })

    test('an offer with a sign-in carries issuer_state and no code; the state is good for one issuance', async () => {
      const { inside } = await offer(server)
      assert.deepEqual(Object.keys(inside.grants), ['authorization_code'])
      const { issuer_state: issuerState } = inside.grants.authorization_code
      const { key, granted } = await token({ change: { issuer_state: issuerState } })
      assert.equal((await credential(granted.access_token, key)).status, 200)
      await refused(client.push({ issuer_state: issuerState }, key), 'invalid_request', 'a used issuer_state')
      await refused(client.push({ issuer_state: 'made-up' }, key), 'invalid_request', 'an unknown issuer_state')
    })

    test('authorization_details in place of a scope', async () => {
      const details = JSON.stringify([{ type: 'openid_credential', credential_configuration_id: CARD }])
      const { key, granted } = await token({ change: { scope: undefined, authorization_details: details } })
      const [{ credential_identifiers: identifiers } = {}] = granted.authorization_details ?? []
      const more = identifiers ? { credential_configuration_id: undefined, credential_identifier: identifiers[0] } : {}
      const got = await credential(granted.access_token, key, { more })
      assert.equal(got.status, 200, JSON.stringify(got.body))
      for (const wrong of ['not json', '{}', '[]', JSON.stringify([{ type: 'openid_credential' }]), JSON.stringify([{ type: 'openid_credential', credential_configuration_id: 'x' }])]) {
        await refused(client.push({ scope: undefined, authorization_details: wrong }, key), /invalid_(request|authorization_details|scope)/, wrong)
      }
    })

    test('a request is pushed, whole and right, or refused', async () => {
      const key = dpop === 'required' ? await client.bound() : undefined
      const { verifier } = await client.push({}, key)
      for (const [what, change, error] of [
        ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
        ['a plain challenge', { code_challenge: verifier, code_challenge_method: 'plain' }, 'invalid_request'],
        ['plain by default', { code_challenge_method: undefined }, 'invalid_request'],
        ['a challenge of other characters', { code_challenge: `${'a'.repeat(42)}!` }, 'invalid_request'],
        ['the implicit grant', { response_type: 'token' }, /unsupported_response_type|invalid_request/],
        ['an address of somebody else', { redirect_uri: 'https://evil.example/' }, 'invalid_request'],
        ['another path', { redirect_uri: 'http://127.0.0.1:4711/other' }, 'invalid_request'],
        ['loopback by name', { redirect_uri: 'http://localhost:4711/' }, 'invalid_request'],
        ['a fragment', { redirect_uri: 'http://127.0.0.1:4711/#x' }, 'invalid_request'],
        ['somebody before the host', { redirect_uri: 'http://127.0.0.1:4711@evil.example/' }, 'invalid_request'],
        ['no address', { redirect_uri: undefined }, 'invalid_request'],
        ['an unknown scope', { scope: 'everything' }, 'invalid_scope'],
        ['no scope', { scope: undefined }, /invalid_scope|invalid_request/],
        ['a request_uri inside', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
        ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, /invalid_request|request_not_supported/],
      ]) {
        await refused(client.push(change, key), error, what)
      }
      const stranger = await Client.of(`${server.base}/issuer`, 'somebody')
      await refused(stranger.push({}, key), /invalid_client|unauthorized_client|invalid_request/, 'an unknown client')
    })

    test('the page says what is asked and lets nobody frame it; “cancel” comes back as access_denied with iss', async () => {
      const key = dpop === 'required' ? await client.bound() : undefined
      const pushed = await client.push({}, key)
      const page = await openPage(pushed.url)
      assert.equal(page.status, 200)
      assert.match(page.headers.get('content-security-policy'), /frame-ancestors 'none'/)
      assert.doesNotMatch(page.headers.get('content-security-policy'), /unsafe-inline|script-src (?!'none')/)
      assert.match(page.headers.get('cache-control'), /no-store/)
      assert.match(page.text, /127\.0\.0\.1/)
      assert.doesNotMatch(page.text, /<script/)
      assert.notEqual((await openPage(pushed.url, { 'accept-language': 'nl' })).text, page.text)
      const { location } = await press(page, 'cancel')
      const back = new URL(location)
      assert.equal(back.searchParams.get('error'), 'access_denied')
      assert.equal(back.searchParams.get('iss'), `${server.base}/issuer`)
      assert.throws(() => client.answer(location, pushed.state), (error) => error.error === 'access_denied')
      const after = await openPage(pushed.url)
      assert.ok(after.status >= 400 && !after.action, 'it is over')
    })

    test('a request_uri belongs to its client, is good for one answer, and cannot be guessed', async () => {
      const key = dpop === 'required' ? await client.bound() : undefined
      const pushed = await client.push({}, key)
      assert.match(pushed.request_uri, /^urn:ietf:params:oauth:request_uri:[\w-]{22,}$/)
      assert.ok(pushed.expires_in <= 600)
      const at = (query) => `${client.as.authorization_endpoint}?${new URLSearchParams(query)}`
      const { request_uri: reference } = pushed
      for (const [what, query] of [
        ['another client', { client_id: `${server.base}`, request_uri: reference }],
        ['no client', { request_uri: reference }],
        ['a made-up reference', { client_id: 'assent-cli', request_uri: `${reference.slice(0, -4)}AAAA` }],
        ['a web address', { client_id: 'assent-cli', request_uri: 'https://evil.example/request' }],
        ['what was not pushed', { client_id: 'assent-cli', response_type: 'code', redirect_uri: client.redirectUri, state: 'x', scope: CARD, code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }],
      ]) {
        const page = await openPage(at(query))
        assert.ok(page.status >= 400 && page.location === null && !page.action, `${what}: ${page.status} ${page.location}`)
      }
      const page = await openPage(pushed.url)
      const foreign = await press(page, 'continue', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })
      assert.ok(foreign.status >= 400 && !foreign.location, 'a form sent by another site')
      assert.equal((await press(page, 'continue')).status, 303)
      const second = await press(page, 'continue')
      assert.ok(second.status >= 400 && !second.location, 'the same form again')
    })

    test('a code is for its verifier, address and client, once; a second use ends what it gave', async () => {
      const fresh = async () => {
        const key = dpop === 'required' ? await client.bound() : undefined
        const pushed = await client.push({}, key)
        return { key, pushed, answer: client.answer(await signIn(pushed.url), pushed.state) }
      }
      const one = await fresh()
      const other = await client.push({}, one.key)
      await refused(client.redeem(one.answer, other.verifier, one.key), 'invalid_grant', 'another verifier')
      const two = await fresh()
      await refused(client.redeem(two.answer, two.pushed.verifier, two.key, 'http://127.0.0.1:4712/'), 'invalid_grant', 'another address')
      const four = await fresh()
      const thief = await Client.of(`${server.base}/issuer`, 'other-wallet')
      await refused(thief.redeem(four.answer, four.pushed.verifier, four.key), 'invalid_grant', 'another client')
      const three = await fresh()
      const granted = await client.redeem(three.answer, three.pushed.verifier, three.key)
      assert.equal((await credential(granted.access_token, three.key)).status, 200)
      await refused(client.redeem(three.answer, three.pushed.verifier, three.key), 'invalid_grant', 'the second time')
      const dead = await credential(granted.access_token, three.key).catch((error) => ({ status: error.response?.status ?? error.status }))
      assert.equal(dead.status, 401, 'RFC 6749 §4.1.2: what the code gave is over')
    })

    test('a code is not for another key than the request was bound to', async () => {
      const key = await client.bound()
      const pushed = await client.push({ dpop_jkt: key.jkt }, dpop === 'required' ? key : undefined)
      const answer = client.answer(await signIn(pushed.url), pushed.state)
      await refused(client.redeem(answer, pushed.verifier, await client.bound()), /invalid_grant|invalid_dpop_proof/)
      await refused(client.push({ dpop_jkt: (await client.bound()).jkt }, key), /invalid_dpop_proof|invalid_request/, 'a proof of another key at PAR')
    })

    test('key proofs name the client, or nobody (appendix F.1)', async () => {
      const { key, granted } = await token()
      const got = await credential(granted.access_token, key, { change: { iss: 'another' } })
      assert.deepEqual([got.status, got.body.error], [400, 'invalid_proof'])
      assert.equal((await credential(granted.access_token, key, { change: { iss: undefined } })).status, 200)
    })

    test('proofs of possession: each thing that can be wrong with one', async () => {
      const key = await client.bound()
      const { granted } = await token({ bound: key })
      const url = client.metadata.credential_endpoint
      const { access_token: access } = granted
      let nonce
      const send = async (authorization, dpopHeader) => {
        const headers = { 'content-type': 'application/json', authorization, ...(dpopHeader ? { dpop: dpopHeader } : {}) }
        // Never as far as a card: the configuration is unknown, so 400 says that the token was taken.
        const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ credential_configuration_id: 'none', proofs: { jwt: ['x'] } }) })
        nonce = response.headers.get('dpop-nonce') ?? nonce
        return { status: response.status, challenge: response.headers.get('www-authenticate') ?? '' }
      }
      const make = (options = {}) => proof(key, 'POST', url, { token: access, ...options, ...(options.nonce === null ? { nonce: undefined } : { nonce }) })
      // The nonce of the server, where it has one.
      await send(`DPoP ${access}`, await make())
      const good = await make()
      assert.equal((await send(`DPoP ${access}`, good)).status, 400, 'the control')
      assert.equal((await send(`DPoP ${access}`, good)).status, 401, 'a proof that was used')
      const another = await client.bound()
      const { d } = await exportJWK(key.keys.privateKey)
      for (const [what, authorization, dpopHeader] of [
        ['no proof', `DPoP ${access}`],
        ['as a bearer token', `Bearer ${access}`],
        ['as a bearer token beside a proof', `Bearer ${access}`, await make()],
        ['two proofs', `DPoP ${access}`, `${await make()}, ${await make()}`],
        ['a proof by another key', `DPoP ${access}`, await proof(another, 'POST', url, { token: access, nonce })],
        ['signed by another key than it names', `DPoP ${access}`, await make({ key: another.keys.privateKey })],
        ['for another method', `DPoP ${access}`, await make({ claims: { htm: 'GET' } })],
        ['for another address', `DPoP ${access}`, await make({ claims: { htu: `${server.base}/issuer/token` } })],
        ['for another host', `DPoP ${access}`, await make({ claims: { htu: 'https://evil.example/issuer/credential' } })],
        ['without the hash of the token', `DPoP ${access}`, await make({ token: undefined })],
        ['with the hash of another token', `DPoP ${access}`, await make({ token: 'another' })],
        ['from an hour ago', `DPoP ${access}`, await make({ claims: { iat: now() - 3600 } })],
        ['from the future', `DPoP ${access}`, await make({ claims: { iat: now() + 3600 } })],
        ['without a time', `DPoP ${access}`, await make({ claims: { iat: undefined } })],
        ['without a name', `DPoP ${access}`, await make({ claims: { jti: undefined } })],
        ['with an endless name', `DPoP ${access}`, await make({ claims: { jti: 'x'.repeat(5000) } })],
        ['of another type', `DPoP ${access}`, await make({ header: { typ: 'JWT' } })],
        ['with its private key', `DPoP ${access}`, await make({ header: { jwk: { ...key.jwk, d } } })],
        ['with a nonce of nobody', `DPoP ${access}`, await make({ claims: { nonce: 'made-up' } })],
        ['not a JWT', `DPoP ${access}`, 'x.y.z'],
      ]) {
        const { status, challenge } = await send(authorization, dpopHeader)
        assert.equal(status, 401, what)
        assert.match(challenge, /DPoP/, what)
      }
      const query = await fetch(`${url}?x=1`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `DPoP ${access}`, dpop: await make() }, body: '{}' })
      assert.notEqual(query.status, 401, 'the query is not part of htu')
    })

    if (dpop === 'required') {
      test('without a proof there is no token', async () => {
        const key = await client.bound()
        const pushed = await client.push({}, key)
        const answer = client.answer(await signIn(pushed.url), pushed.state)
        await refused(client.redeem(answer, pushed.verifier), /invalid_dpop_proof|use_dpop_nonce|invalid_request/)
      })
    } else {
      test('without a proof: a bearer token for five minutes, and no refresh token', async () => {
        const { granted } = await token()
        assert.equal(granted.token_type, 'bearer')
        assert.ok(granted.expires_in <= 300)
        assert.equal(granted.refresh_token, undefined)
        const key = await client.bound()
        const mixed = await credential(granted.access_token, key).catch((error) => ({ status: error.response?.status ?? error.status }))
        assert.equal(mixed.status, 401, 'a bearer token shown with a proof it is not bound to')
      })
    }

    test('a card that comes later: the same transaction, only with this token, until it arrived', async () => {
      const { inside } = await offer(server, { later_seconds: LATER })
      const key = await client.bound()
      const { granted } = await token({ bound: key, change: { issuer_state: inside.grants.authorization_code.issuer_state } })
      const first = await credential(granted.access_token, key, { count: 2 })
      assert.equal(first.status, 202, JSON.stringify(first.body))
      assert.deepEqual(Object.keys(first.body).sort(), ['interval', 'transaction_id'])
      const url = client.metadata.deferred_credential_endpoint
      const ask = async (id, access = granted.access_token, by = key) => {
        const response = await client.ask(url, access, by, { transaction_id: id }).catch((error) => error.response ?? Promise.reject(error))
        return { status: response.status, body: await response.json().catch(() => ({})) }
      }
      const early = await ask(first.body.transaction_id)
      assert.equal(early.status, 202, JSON.stringify(early.body))
      assert.equal(early.body.transaction_id, first.body.transaction_id)
      const made = await ask('made-up')
      assert.deepEqual([made.status, made.body.error], [400, 'invalid_transaction_id'])
      const stranger = await client.bound()
      const { granted: others } = await token({ bound: stranger })
      const stolen = await ask(first.body.transaction_id, others.access_token, stranger)
      assert.deepEqual([stolen.status, stolen.body.error], [400, 'invalid_transaction_id'])
      await new Promise((done) => setTimeout(done, LATER * 1000 + 500))
      const ready = await ask(first.body.transaction_id)
      assert.equal(ready.status, 200, JSON.stringify(ready.body))
      assert.equal(ready.body.credentials.length, 2)
      // The answer may be lost on the way: the same copies again, until the wallet says that it has them.
      const keys = ({ credentials }) => credentials.map(({ credential }) => {
        const { cnf, status } = decodeJwt(credential.split('~')[0])
        return { cnf, status }
      })
      const again = await ask(first.body.transaction_id)
      assert.equal(again.status, 200, JSON.stringify(again.body))
      assert.deepEqual(keys(again.body), keys(ready.body))
      const has = { notification_id: again.body.notification_id, event: 'credential_accepted' }
      const told = await client.ask(client.metadata.notification_endpoint, granted.access_token, key, has)
      assert.equal(told.status, 204)
      const over = await ask(first.body.transaction_id)
      assert.deepEqual([over.status, over.body.error], [400, 'invalid_transaction_id'])
    })

    test('encrypted both ways, by jose; what asks for an encrypted answer in the clear is refused', async () => {
      const { key, granted } = await token()
      const requests = client.metadata.credential_request_encryption
      const responses = client.metadata.credential_response_encryption
      assert.ok(responses.alg_values_supported.includes('ECDH-ES'))
      const pair = await generateKeyPair('ECDH-ES', { extractable: true })
      for (const enc of responses.enc_values_supported) {
        const jwk = { ...(await exportJWK(pair.publicKey)), alg: 'ECDH-ES', kid: 'mine', use: 'enc' }
        const [to] = requests.jwks.keys
        assert.ok(to.kid && to.alg && !to.d)
        const seal = async (json, { header = {}, recipient = to } = {}) =>
          new CompactEncrypt(Buffer.from(JSON.stringify(json))).setProtectedHeader({ alg: to.alg, enc, kid: to.kid, ...header }).encrypt(await importJWK(recipient, to.alg))
        const body = async (change = {}) => {
          const { jwt } = await client.proofs(1)
          return { credential_configuration_id: CARD, proofs: { jwt }, credential_response_encryption: { jwk, enc }, ...change }
        }
        const send = async (text, type) => {
          const response = await client.ask(client.metadata.credential_endpoint, granted.access_token, key, text, type)
          return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
        }
        const sent = await send(await seal(await body()), 'application/jwt')
        assert.equal(sent.status, 200, sent.text)
        assert.match(sent.type, /^application\/jwt/)
        const { plaintext, protectedHeader } = await compactDecrypt(sent.text, pair.privateKey)
        assert.equal(protectedHeader.enc, enc)
        assert.equal(protectedHeader.kid, 'mine')
        assert.equal(JSON.parse(Buffer.from(plaintext).toString()).credentials.length, 1)
        const clear = await send(JSON.stringify(await body()), 'application/json')
        assert.equal(clear.status, 400)
        assert.equal(JSON.parse(clear.text).error, 'invalid_encryption_parameters')
        const stranger = { ...(await exportJWK((await generateKeyPair('ECDH-ES', { extractable: true })).publicKey)), kid: to.kid }
        for (const [what, text, type] of [
          ['for another key', await seal(await body(), { recipient: stranger }), 'application/jwt'],
          ['with a key id of nobody', await seal(await body(), { header: { kid: 'other' } }), 'application/jwt'],
          ['no encryption at all', JSON.stringify(await body({ credential_response_encryption: undefined })), 'application/jwt'],
          ['a private key to answer to', await seal(await body({ credential_response_encryption: { jwk: { ...jwk, d: jwk.x }, enc } })), 'application/jwt'],
          ['an algorithm nobody offered', await seal(await body({ credential_response_encryption: { jwk: { ...jwk, alg: 'RSA1_5' }, enc } })), 'application/jwt'],
          ['an encryption nobody offered', await seal(await body({ credential_response_encryption: { jwk, enc: 'A128CBC-HS256' } })), 'application/jwt'],
        ]) {
          const { status } = await send(text, type)
          assert.ok(status >= 400 && status < 500, `${what}: ${status}`)
        }
      }
    })
  })
}

describe('our issuer behind a sign-in, a peer wallet', () => {
  let server

  before(async () => {
    server = await startServer()
  })
  after(() => server?.stop())

  /** Answers without `notification_id`: the peer takes no deferred answer that has one, against section 9.2. */
  const lenient = async (...given) => {
    const response = await fetch(...given)
    if (!String(given[0]).endsWith('/deferred_credential') || !response.ok) return response
    const { notification_id: _, ...rest } = await response.json()
    return new Response(JSON.stringify(rest), { status: response.status, headers: response.headers })
  }

  async function receive(wanted, { count = 2, bound = true } = {}) {
    const made = await offer(server, wanted)
    const clientId = 'assent-cli'
    const redirectUri = 'http://127.0.0.1:4711/'
    const keys = await Promise.all(Array.from({ length: count }, newKey))
    const dpopKey = await newKey()
    const calls = (key = dpopKey) => ({ ...callbacks({ sign: key.privateJwk }), clientAuthentication: clientAuthenticationNone({ clientId }), fetch: lenient })
    const client = new Openid4vciClient({ callbacks: calls() })
    const credentialOffer = await client.resolveCredentialOffer(made.link)
    const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
    const dpop = bound ? { signer: { method: 'jwk', alg: 'ES256', publicJwk: dpopKey.publicJwk } } : undefined
    const [credentialConfigurationId] = credentialOffer.credential_configuration_ids
    const { scope } = issuerMetadata.credentialIssuer.credential_configurations_supported[credentialConfigurationId]
    const begun = await client.createAuthorizationRequestUrlFromOffer({ credentialOffer, issuerMetadata, clientId, redirectUri, scope, dpop })
    const back = await signIn(begun.authorizationRequestUrl)
    const [authorizationServerMetadata] = issuerMetadata.authorizationServers
    const answer = client.parseAndVerifyAuthorizationResponseRedirectUrl({ url: back, authorizationServerMetadata })
    // The peer sends no state, and gets none.
    assert.equal(answer.state, undefined)
    const { accessTokenResponse, dpop: next } = await client.retrieveAuthorizationCodeAccessTokenFromOffer({
      issuerMetadata,
      credentialOffer,
      authorizationCode: answer.code,
      pkceCodeVerifier: begun.pkce.codeVerifier,
      redirectUri,
      dpop: begun.dpop,
    })
    const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
    const jwt = []
    for (const key of keys) {
      const signer = { method: 'jwk', publicJwk: key.publicJwk, alg: 'ES256' }
      const one = await new Openid4vciClient({ callbacks: calls(key) }).createCredentialRequestJwtProof({ issuerMetadata, credentialConfigurationId, nonce, clientId, signer })
      jwt.push(one.jwt)
    }
    const access = { issuerMetadata, accessToken: accessTokenResponse.access_token, dpop: bound ? { ...next, nonce: undefined } : undefined }
    const { credentialResponse } = await client.retrieveCredentials({ ...access, credentialConfigurationId, proofs: { jwt } })
    return { client, access, accessTokenResponse, credentialResponse }
  }

  for (const bound of [true, false]) {
    test(`cards ${bound ? 'with DPoP' : 'with a bearer token'}`, async () => {
      const { accessTokenResponse, credentialResponse } = await receive({}, { bound })
      assert.equal(accessTokenResponse.token_type, bound ? 'DPoP' : 'Bearer')
      assert.equal(credentialResponse.credentials.length, 2)
    })
  }

  test('a card that comes later', async () => {
    const { client, access, credentialResponse } = await receive({ later_seconds: LATER })
    const { transaction_id: transactionId } = credentialResponse
    assert.ok(transactionId && credentialResponse.interval > 0)
    const early = await client.retrieveDeferredCredentials({ ...access, transactionId })
    assert.equal(early.deferredCredentialResponse.transaction_id, transactionId)
    await new Promise((done) => setTimeout(done, LATER * 1000 + 500))
    const { deferredCredentialResponse } = await client.retrieveDeferredCredentials({ ...access, transactionId })
    assert.equal(deferredCredentialResponse.credentials.length, 2)
  })
})
