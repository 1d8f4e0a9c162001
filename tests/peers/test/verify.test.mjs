// Our verifier, peer wallets: @openid4vc/openid4vp and @digitalbazaar/oid4-client, both with cards of @sd-jwt.

import { oid4vp } from '@digitalbazaar/oid4-client'
import { Openid4vpClient } from '@openid4vc/openid4vp'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { callbacks } from '../support/callbacks.mjs'
import { b64, bind, instance, issue, now, PID } from '../support/cards.mjs'
import { anchors, authority, leaf } from '../support/pki.mjs'
import { startServer } from '../support/server.mjs'

const QUERY = {
  credentials: [
    { id: 'pid', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['given_name'] }, { path: ['address', 'locality'] }] },
  ],
}

describe('our verifier, peer wallets', () => {
  let server, issuer, holder, client

  before(async () => {
    const ca = await authority('Card CA')
    issuer = await leaf(ca, 'City of Voorbeeld', ['issuer.example'])
    holder = await leaf(ca, 'nobody', [])
    server = await startServer({ anchors: anchors({ issuers: [{ ca, vct: [PID] }] }) })
    client = new Openid4vpClient({ callbacks: callbacks() })
  })
  after(() => server?.stop())

  async function ask(options = {}) {
    const { status, body } = await server.api('POST', '/v1/presentations', { dcql_query: QUERY, ...options })
    assert.equal(status, 201, JSON.stringify(body))
    return body
  }
  /** The authority above the sandbox service's access certificate. */
  const accessAnchor = () =>
    `-----BEGIN CERTIFICATE-----\n${JSON.parse(readFileSync(join(server.data, 'sandbox/anchors.json'), 'utf8')).access[0].certificate}\n-----END CERTIFICATE-----`
  const result = async ({ transaction_id: id }) => (await server.api('GET', `/v1/presentations/${id}`)).body

  /** What a holder shows: given name and city only. */
  async function show(change) {
    const card = await issue(issuer, holder, change)
    return (await instance(issuer, holder)).present(card, { given_name: true, address: { locality: true } })
  }

  async function resolve(link) {
    const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link })
    return client.resolveOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: parsed.params,
      wallet: { metadata: { vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'] } } } },
    })
  }

  async function respond(request, vpToken) {
    const { authorizationRequestPayload } = request
    const response = await client.createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload,
      authorizationResponsePayload: { vp_token: vpToken },
      ...(authorizationRequestPayload.response_mode === 'direct_post.jwt'
        ? { jarm: { encryption: { nonce: 'n' }, serverMetadata: { authorization_signing_alg_values_supported: [], authorization_encryption_alg_values_supported: ['ECDH-ES'], authorization_encryption_enc_values_supported: ['A256GCM', 'A128GCM'] } } }
        : {}),
    })
    return client.submitOpenid4vpAuthorizationResponse({
      authorizationRequestPayload,
      authorizationResponsePayload: response.authorizationResponsePayload,
      jarm: response.jarm,
    })
  }

  async function answer(asked, { shown, binding = {}, wrap = (text) => ({ pid: [text] }) } = {}) {
    const request = await resolve(asked.links.cross_device)
    const payload = request.authorizationRequestPayload
    const text = await bind(shown ?? (await show()), holder, { nonce: payload.nonce, aud: payload.client_id, ...binding })
    const { response } = await respond(request, wrap(text))
    return { request, response }
  }

  for (const [prefix, method, mode] of [
    ['x509_hash', 'get', 'direct_post.jwt'],
    ['x509_hash', 'post', 'direct_post.jwt'],
    ['x509_san_dns', 'get', 'direct_post.jwt'],
    ['x509_hash', 'get', 'direct_post'],
    ['decentralized_identifier', 'get', 'direct_post.jwt'],
  ]) {
    test(`@openid4vc answers: ${prefix}, request by ${method}, ${mode}`, async (t) => {
      const asked = await ask({ client_id_prefix: prefix, request_uri_method: method, response_mode: mode })
      if (prefix === 'decentralized_identifier' && asked.links.cross_device.includes('did%3Aweb')) {
        return t.skip('the peer needs a resolver for did:web')
      }
      const { request, response } = await answer(asked)
      assert.equal(request.version, 100)
      assert.equal(response.status, 200)
      const read = await result(asked)
      assert.equal(read.state, 'verified', JSON.stringify(read))
      assert.equal(read.credentials[0].claims.given_name, 'Anna')
      assert.deepEqual(read.credentials[0].claims.address, { locality: 'Voorbeeld' })
      assert.equal(read.credentials[0].issuer, 'City of Voorbeeld')
    })
  }

  test('oid4-client answers (x509_san_dns)', async () => {
    const asked = await ask({ client_id_prefix: 'x509_san_dns', response_mode: 'direct_post.jwt' })
    const { authorizationRequest } = await oid4vp.authzRequest.get({
      url: asked.links.cross_device,
      getTrustedCertificates: () => [accessAnchor()],
    })
    // 10. It never sends `state`; the transaction is known by its response_uri.
    const text = await bind(await show(), holder, {
      nonce: authorizationRequest.nonce,
      aud: authorizationRequest.client_id,
    })
    await oid4vp.authzResponse.send({
      authorizationRequest,
      vpToken: { pid: [text] },
      vpTokenMediaType: 'application/json',
    })
    const read = await result(asked)
    assert.equal(read.state, 'verified', JSON.stringify(read))
  })

  // Reference table "where peers are lax": each is refused here, and tells the service nothing about the person.
  for (const [what, code, change] of [
    ['1. a disclosure that nothing refers to', 'sd-jwt-unreferenced-disclosure', async () => ({ shown: `${await show()}${b64(['c2FsdA', 'role', 'admin'])}~` })],
    ['2. the same disclosure twice', 'sd-jwt-duplicate-digest', async () => {
      const shown = await show()
      return { shown: `${shown}${shown.split('~')[1]}~` }
    }],
    ['4. a presentation that is not in an array', 'vp-token-not-an-array', async () => ({ wrap: (text) => ({ pid: text }) })],
    ['5. a key binding for another audience', 'key-binding-audience', async () => ({ binding: { aud: 'x509_hash:somebody-else' } })],
    ['5. a key binding from an hour ago', 'key-binding-issued-at', async () => ({ binding: { iat: now() - 3600 } })],
    ['5. a key binding of another type', 'key-binding-type', async () => ({ binding: { typ: 'JWT' } })],
    ['5. a card of another type', 'sd-jwt-vc-type', async () => ({ shown: await show({ typ: 'JWT' }) })],
    ['an old nonce', 'key-binding-nonce', async () => ({ binding: { nonce: 'a-nonce-of-another-request' } })],
    ['an answer to a question nobody asked', 'vp-token-unknown-query', async () => ({ wrap: (text) => ({ pid: [text], more: [text] }) })],
    ['two cards where one was asked', 'vp-token-count', async () => ({ wrap: (text) => ({ pid: [text, text] }) })],
    ['an expired card', 'sd-jwt-vc-expired', async () => ({ shown: await show({ always: { exp: now() - 7200 } }) })],
  ]) {
    test(`refused: ${what}`, async () => {
      const asked = await ask({ response_mode: 'direct_post.jwt' })
      await answer(asked, await change())
      const read = await result(asked)
      assert.equal(read.state, 'failed', JSON.stringify(read))
      assert.equal(read.error, code)
      assert.equal(read.credentials, undefined)
    })
  }

  test('6. a POST for the request needs neither a nonce nor metadata, and takes both in the form the peer sends', async () => {
    const post = async (body) => {
      const asked = await ask({ request_uri_method: 'post' })
      const uri = new URL(asked.links.cross_device).searchParams.get('request_uri')
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const response = await fetch(uri, { method: 'POST', headers, body })
      assert.equal(response.status, 200, body)
      return JSON.parse(Buffer.from((await response.text()).split('.')[1], 'base64url'))
    }
    assert.equal((await post('')).wallet_nonce, undefined)
    // The members one by one, as @openid4vc sends them, and as OpenID4VP 1.0 section 5.10 has it.
    const metadata = { vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'] } } }
    const loose = new URLSearchParams({ vp_formats_supported: JSON.stringify(metadata.vp_formats_supported) })
    assert.equal((await post(loose)).wallet_nonce, undefined)
    const whole = new URLSearchParams({ wallet_metadata: JSON.stringify(metadata), wallet_nonce: 'qPmxiNFCR3QTm19POc8u' })
    assert.equal((await post(whole)).wallet_nonce, 'qPmxiNFCR3QTm19POc8u')
  })

  test('8. what decides how a peer reads us is there: formats, encryption key with alg, use and kid', async () => {
    const { authorizationRequestPayload: payload } = await resolve((await ask({ response_mode: 'direct_post.jwt' })).links.cross_device)
    const { vp_formats_supported: formats, vp_formats: old, jwks } = payload.client_metadata
    assert.ok(formats['dc+sd-jwt'] && old === undefined)
    for (const { kty, crv, alg, use, kid } of jwks.keys) {
      assert.deepEqual([kty, crv, alg, use, typeof kid], ['EC', 'P-256', 'ECDH-ES', 'enc', 'string'])
    }
    assert.equal(payload.verifier_attestations, undefined)
  })

  test('a detail that was not asked never reaches the service', async () => {
    const asked = await ask()
    await answer(asked, { shown: await issue(issuer, holder) })
    const read = await result(asked)
    assert.equal(read.state, 'verified')
    assert.deepEqual(read.credentials[0].claims, { given_name: 'Anna', address: { locality: 'Voorbeeld' } })
  })
})
