// A peer verifier (@openid4vc/openid4vp, @sd-jwt, dcql), our wallet.

import { Openid4vpVerifier } from '@openid4vc/openid4vp'
import assert from 'node:assert/strict'
import { DcqlPresentationResult, DcqlQuery } from 'dcql'
import { compactDecrypt, exportJWK, generateKeyPair, importJWK } from 'jose'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'

import { callbacks } from '../support/callbacks.mjs'
import { instance, PID } from '../support/cards.mjs'
import { serve } from '../support/http.mjs'
import { startIssuer } from '../support/issuer.mjs'
import { anchors, authority, leaf } from '../support/pki.mjs'
import { newWallet } from '../support/wallet.mjs'

const QUERY = {
  credentials: [
    { id: 'pid', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['given_name'] }, { path: ['address', 'locality'] }] },
    { id: 'extra', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['nationalities', null] }] },
  ],
  credential_sets: [{ options: [['pid']] }, { options: [['extra']], required: false }],
}

describe('a peer verifier, our wallet', () => {
  let access, relyingParty, ours, issuer, signer, encryption
  const running = []

  before(async () => {
    const cards = await authority('Card CA')
    signer = await leaf(cards, 'City of Voorbeeld', ['issuer.example'])
    access = await authority('Access CA')
    relyingParty = await leaf(access, 'City library', ['localhost'])
    ours = await newWallet(anchors({ access: [access], issuers: [{ ca: cards, vct: [PID] }] }))
    issuer = await startIssuer(signer, { batch: 6 })
    running.push(issuer)
    const received = await ours.do('receive', issuer.offer, '--yes')
    assert.equal(received.code, 0, JSON.stringify(received))
    const pair = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true })
    const ids = { kid: 'enc-1', alg: 'ECDH-ES', use: 'enc' }
    encryption = {
      private: { ...(await exportJWK(pair.privateKey)), ...ids },
      public: { ...(await exportJWK(pair.publicKey)), ...ids },
    }
  })
  after(() => Promise.all(running.map((server) => server.close())))

  async function ask({
    prefix = 'x509_hash',
    method = 'get',
    mode = 'direct_post.jwt',
    enc = 'A256GCM',
    query = QUERY,
    party = relyingParty,
    change = {},
    audience = 'https://self-issued.me/v2',
  } = {}) {
    const routes = {}
    const server = await serve(routes)
    running.push(server)
    const cryptography = callbacks({ sign: party.privateJwk, decrypt: encryption.private })
    const verifier = new Openid4vpVerifier({ callbacks: cryptography })
    const nonce = randomUUID()
    const payload = {
      response_type: 'vp_token',
      client_id: prefix === 'x509_hash' ? `x509_hash:${party.hash}` : 'x509_san_dns:localhost',
      nonce,
      state: randomUUID(),
      response_mode: mode,
      response_uri: `${server.base}/response`,
      dcql_query: query,
      client_metadata: {
        vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] } },
        ...(mode === 'direct_post.jwt'
          ? { jwks: { keys: [encryption.public] }, encrypted_response_enc_values_supported: [enc] }
          : {}),
      },
      ...(audience ? { aud: audience } : {}),
      ...change,
    }
    const jar = {
      requestUri: `${server.base}/request`,
      jwtSigner: { method: 'x5c', x5c: party.x5c, alg: 'ES256' },
      expiresInSeconds: 300,
      ...(audience ? { additionalJwtPayload: { aud: audience } } : {}),
    }
    const make = (expectedNonce) =>
      verifier.createOpenId4vpAuthorizationRequest({
        authorizationRequestPayload: expectedNonce ? { ...payload, wallet_nonce: expectedNonce } : payload,
        jar,
        wallet: expectedNonce ? { expectedNonce } : undefined,
      })
    const request = await make()
    const requestObject = async ({ body }) => {
      const walletNonce = new URLSearchParams(body).get('wallet_nonce')
      const made = walletNonce ? await make(walletNonce) : request
      return { type: 'application/oauth-authz-req+jwt', body: made.jar.authorizationRequestJwt }
    }
    routes['GET /request'] = requestObject
    routes['POST /request'] = requestObject
    const got = {}
    routes['POST /response'] = async ({ body }) => {
      got.form = Object.fromEntries(new URLSearchParams(body))
      try {
        got.response = await verifier.parseOpenid4vpAuthorizationResponse({
          authorizationResponse: got.form,
          authorizationRequestPayload: payload,
          callbacks: cryptography,
        })
      } catch (error) {
        got.error = error
      }
      return { body: {} }
    }
    let link = request.authorizationRequest
    if (method === 'post') link += '&request_uri_method=post'
    const signed = JSON.parse(Buffer.from(request.jar.authorizationRequestJwt.split('.')[1], 'base64url'))
    return { link, got, nonce, signed, clientId: payload.client_id, seen: server.seen }
  }

  /** What the peer reads from the answer: claims per credential query, all checked by @sd-jwt and dcql. */
  async function read({ got, nonce, clientId }) {
    assert.equal(got.error, undefined, String(got.error?.stack))
    const presentations = got.response.dcql.presentations
    const checker = await instance(signer)
    const out = {}
    const forDcql = {}
    for (const [id, list] of Object.entries(presentations)) {
      assert.ok(Array.isArray(list) && list.length === 1)
      const decoded = await checker.decode(list[0])
      const holder = { publicJwk: decoded.jwt.payload.cnf.jwk, privateJwk: signer.privateJwk }
      const { payload, kb } = await (await instance(signer, holder)).verify(list[0], { keyBindingNonce: nonce })
      // What @sd-jwt leaves to its caller.
      assert.equal(kb.payload.aud, clientId)
      out[id] = payload
      forDcql[id] = [
        { credential_format: 'dc+sd-jwt', vct: payload.vct, claims: payload, cryptographic_holder_binding: true },
      ]
    }
    const query = DcqlQuery.parse(QUERY)
    const result = DcqlPresentationResult.fromDcqlPresentation(forDcql, { dcqlQuery: query })
    assert.equal(result.can_be_satisfied, true)
    return out
  }

  for (const [prefix, method, mode, enc] of [
    ['x509_hash', 'get', 'direct_post.jwt', 'A256GCM'],
    ['x509_hash', 'post', 'direct_post.jwt', 'A128GCM'],
    ['x509_san_dns', 'get', 'direct_post.jwt', 'A128GCM'],
    ['x509_hash', 'get', 'direct_post', undefined],
  ]) {
    test(`${prefix}, request by ${method}, ${mode} ${enc ?? ''}: exactly what is needed`, async () => {
      const asked = await ask({ prefix, method, mode, enc })
      const answer = await ours.do('present', asked.link, '--yes')
      assert.equal(answer.code, 0, JSON.stringify(answer))
      if (method === 'post') assert.ok(asked.seen.includes('POST /request'))
      if (enc) assert.equal(JSON.parse(Buffer.from(asked.got.form.response.split('.')[0], 'base64url')).enc, enc)
      const claims = await read(asked)
      assert.deepEqual(Object.keys(claims), ['pid'])
      assert.equal(claims.pid.given_name, 'Anna')
      assert.deepEqual(claims.pid.address, { locality: 'Voorbeeld' })
      for (const name of ['family_name', 'nationalities']) {
        assert.ok([undefined, '[]'].includes(claims.pid[name] && JSON.stringify(claims.pid[name])), name)
      }
    })
  }

  test('7. the audience that the peer writes by itself, its request_uri, is taken', async () => {
    const asked = await ask({ audience: null })
    assert.equal(asked.signed.aud, new URL(asked.link).searchParams.get('request_uri'))
    const answer = await ours.do('present', asked.link, '--yes')
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal((await read(asked)).pid.given_name, 'Anna')
  })

  test('the optional part only when it is selected', async () => {
    const asked = await ask()
    const shown = await ours.do('present', asked.link, '--dry-run')
    const set = shown.data.request.optional[0].setId
    const answer = await ours.do('present', asked.link, '--yes', '--select', set)
    assert.equal(answer.code, 0, JSON.stringify(answer))
    const claims = await read(asked)
    assert.deepEqual(Object.keys(claims).sort(), ['extra', 'pid'])
    assert.deepEqual(claims.extra.nationalities, ['NL', 'BE'])
  })

  test('a refusal is an error response the peer understands', async () => {
    const asked = await ask()
    const answer = await ours.do('present', asked.link, '--decline')
    assert.equal(answer.code, 0, JSON.stringify(answer))
    const { form } = asked.got
    const error = form.response
      ? JSON.parse(Buffer.from((await compactDecrypt(form.response, await importJWK(encryption.private, 'ECDH-ES'))).plaintext))
      : form
    assert.equal(error.error, 'access_denied')
    assert.equal(error.vp_token, undefined)
  })

  test('nothing is sent to a service that cannot prove who it is', async () => {
    const stranger = await leaf(await authority('Other CA'), 'City library', ['localhost'])
    for (const [what, options] of [
      ['another authority', { party: stranger }],
      ['somebody else’s certificate', { change: { client_id: `x509_hash:${stranger.hash}` } }],
      ['transaction data', { change: { transaction_data: ['eyJ0eXBlIjoicGF5In0'] } }],
      ['an unknown response mode', { change: { response_mode: 'fragment' } }],
    ]) {
      let asked
      try {
        asked = await ask(options)
      } catch {
        continue // The peer itself does not make such a request.
      }
      const answer = await ours.do('present', asked.link, '--yes', '--select', 'all')
      assert.notEqual(answer.code, 0, what)
      assert.equal(asked.got.form?.vp_token ?? asked.got.form?.response, undefined, what)
    }
  })
})
