// A second verifier (openvc-core, over https), our wallet in its strict mode.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { PID } from '../support/cards.mjs'
import { startIssuer } from '../support/issuer.mjs'
import { anchors, authority, leaf, tlsFiles } from '../support/pki.mjs'
import { startPython, withoutPython } from '../support/python.mjs'
import { scratch } from '../support/run.mjs'
import { newWallet } from '../support/wallet.mjs'

const QUERY = {
  credentials: [
    { id: 'pid', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['given_name'] }, { path: ['address', 'locality'] }] },
    { id: 'extra', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['nationalities', null] }] },
  ],
  credential_sets: [{ options: [['pid']] }, { options: [['extra']], required: false }],
}

const METADATA = { vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'] } } }

describe('openvc-core as verifier, our wallet', { skip: withoutPython }, () => {
  let tls, trusted, ours, issuer, verifier, party, access
  const running = []

  before(async () => {
    tls = await tlsFiles(scratch())
    const cards = await authority('Card CA')
    const signer = await leaf(cards, 'City of Voorbeeld', ['localhost'])
    // The access certificate hangs two below its anchor, as those of real registrars do.
    access = await authority('Access CA')
    party = await leaf(await authority('Access CA for libraries', access), 'City library', ['localhost'])
    trusted = anchors({ access: [access], issuers: [{ ca: cards, vct: [PID] }] })
    ours = await newWallet(trusted, { ca: tls.ca_file })
    issuer = await startPython('issuer', { tls, vct: PID, key: signer.privateJwk, x5c: signer.x5c, batch: 10 })
    verifier = await startPython('verifier', { tls, key: party.privateJwk, x5c: party.x5c, anchors: [cards.base64] })
    running.push(issuer, verifier)
    const received = await ours.do('receive', await issuer.order('offer'), '--yes')
    assert.equal(received.code, 0, JSON.stringify(received) + issuer.trouble())
  })
  after(() => Promise.all(running.map((peer) => peer.close())))

  const ask = (options = {}) => verifier.order('ask', { query: QUERY, ...options })
  const result = (asked, wait = true) => verifier.order('result', { id: asked.id, wait })

  for (const [prefix, method, mode, enc] of [
    ['x509_hash', 'get', 'direct_post.jwt', 'A256GCM'],
    ['x509_hash', 'post', 'direct_post.jwt', 'A128GCM'],
    ['x509_san_dns', 'get', 'direct_post.jwt', 'A128GCM'],
    ['x509_san_dns', 'post', 'direct_post', undefined],
  ]) {
    test(`${prefix}, request by ${method}, ${mode} ${enc ?? ''}: exactly what is needed`, async () => {
      const asked = await ask({ prefix, method, mode, ...(enc ? { enc } : {}) })
      const answer = await ours.do('present', asked.link, '--yes')
      assert.equal(answer.code, 0, JSON.stringify(answer) + verifier.trouble())
      const { presentations, wallet_metadata: metadata, ...rest } = await result(asked)
      assert.deepEqual(rest, {})
      assert.deepEqual(Object.keys(presentations), ['pid'])
      const { claims, key_bound: bound, status } = presentations.pid
      assert.equal(bound, true)
      assert.equal(status, 0)
      assert.equal(claims.given_name, 'Anna')
      assert.deepEqual(claims.address, { locality: 'Voorbeeld' })
      for (const name of ['family_name', 'nationalities']) assert.equal(claims[name], undefined, name)
      if (method === 'post') assert.ok(metadata.vp_formats_supported['dc+sd-jwt'], JSON.stringify(metadata))
    })
  }

  test('the optional part only when it is selected, on a copy of its own', async () => {
    const asked = await ask()
    const shown = await ours.do('present', asked.link, '--dry-run')
    const answer = await ours.do('present', asked.link, '--yes', '--select', shown.data.request.optional[0].setId)
    assert.equal(answer.code, 0, JSON.stringify(answer))
    const { presentations } = await result(asked)
    assert.deepEqual(presentations.extra.claims.nationalities, ['NL', 'BE'])
    assert.equal(presentations.extra.claims.given_name, undefined)
    assert.equal(presentations.pid.claims.nationalities, undefined)
  })

  test('a refusal arrives as an error with the state, and with nothing else', async () => {
    for (const mode of ['direct_post.jwt', 'direct_post']) {
      const asked = await ask({ mode })
      const answer = await ours.do('present', asked.link, '--decline')
      assert.equal(answer.code, 0, JSON.stringify(answer))
      const got = await result(asked)
      assert.deepEqual([got.refused, got.vp_token], ['access_denied', null], JSON.stringify(got))
    }
  })

  test('a verifier that names the request_uri as audience is answered (it is what @openid4vc does)', async () => {
    const own = await ask({ aud: 'request_uri' })
    assert.equal((await ours.do('present', own.link, '--yes')).code, 0)
    assert.ok((await result(own)).presentations)
    // The request_uri of another transaction is not this one.
    const wrong = await ask({ change: { aud: new URL(own.link).searchParams.get('request_uri') } })
    assert.equal((await ours.do('present', wrong.link, '--yes')).error.code, 'request-audience')
    assert.deepEqual(await result(wrong, false), { wallet_metadata: null })
  })

  test('nothing is sent to who cannot prove to be the one that asks', async () => {
    const stranger = await leaf(await authority('Other CA'), 'City library', ['localhost'])
    const elsewhere = await leaf(access, 'City library', ['library.example'])
    const cases = [
      ['request-certificate-mismatch', { change: { client_id: `x509_hash:${stranger.hash}` } }],
      ['certificate-untrusted', { header: { x5c: stranger.x5c }, change: { client_id: `x509_hash:${stranger.hash}` } }],
      // The part of the chain in between is left out.
      ['certificate-untrusted', { header: { x5c: party.x5c.slice(0, 1) } }],
      // A certificate of the same authority, but the key of another.
      ['request-signature', { header: { x5c: elsewhere.x5c }, change: { client_id: `x509_hash:${elsewhere.hash}` } }],
      ['request-type', { header: { typ: 'JWT' } }],
      ['request-response-uri-mismatch', { prefix: 'x509_san_dns', change: { response_uri: 'https://library.example/answer' } }],
      ['request-no-encryption-key', { change: { client_metadata: METADATA } }],
      ['request-transaction-data', { change: { transaction_data: ['eyJ0eXBlIjoicGF5In0'] } }],
    ]
    for (const [code, options] of cases) {
      const asked = await ask(options)
      const answer = await ours.do('present', asked.link, '--yes', '--select', 'all')
      assert.equal(answer.error?.code, code, JSON.stringify(answer))
      const { presentations, error } = await result(asked, false)
      assert.deepEqual([presentations, error], [undefined, undefined], code)
    }
  })

  test('an https server under an authority that nobody named is not talked to', async () => {
    const without = await newWallet(trusted)
    const asked = await ask()
    const answer = await without.do('present', asked.link, '--yes')
    assert.equal(answer.error?.code, 'service-unreachable', JSON.stringify(answer))
    assert.deepEqual(await result(asked, false), { wallet_metadata: null })
    const seen = await verifier.order('seen')
    assert.ok(!seen.includes(`GET /request/${asked.id}`))
  })
})
