// A second client of our issuer, and a third wallet at our verifier: openvc-core and jwcrypto, over https.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { now } from '../support/cards.mjs'
import { tlsFiles } from '../support/pki.mjs'
import { startPython, withoutPython } from '../support/python.mjs'
import { scratch } from '../support/run.mjs'
import { startServer } from '../support/server.mjs'

const PID = 'urn:eudi:pid:1'

describe('our issuer and verifier, a wallet on openvc-core', { skip: withoutPython }, () => {
  let server, wallet

  before(async () => {
    const tls = await tlsFiles(scratch())
    server = await startServer({ tls })
    const anchors = JSON.parse(readFileSync(join(server.data, 'sandbox/anchors.json'), 'utf8'))
    const of = (role) => anchors[role].map(({ certificate }) => certificate)
    wallet = await startPython('holder', { ca_file: tls.ca_file, card_anchors: of('issuers'), access_anchors: of('access') })
  })
  after(async () => {
    await wallet?.close()
    await server?.stop()
  })

  async function offer(wanted) {
    const response = await server.fetch(`${server.base}/v1/sandbox/offers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
    })
    const body = await response.json()
    assert.equal(response.status, 201, JSON.stringify(body))
    return body
  }
  const receive = async (wanted, options = {}) => {
    const { link, tx_code: code } = await offer(wanted)
    return wallet.order('receive', { link, ...(code ? { tx_code: code } : {}), ...options })
  }

  for (const [what, wanted, vct, count] of [
    ['an identity card, by value', { card: 'identity' }, PID, 1],
    ['an identity card, by reference, ten copies', { card: 'identity', by_reference: true }, PID, 10],
    ['a residence card with a transaction code', { card: 'residence', tx_code: true }, 'urn:assent:residence:1', 3],
  ]) {
    test(`${what}: metadata, token, nonce, cards and their status pass every check of openvc-core`, async () => {
      const got = await receive(wanted, { count })
      assert.equal(got.copies, count)
      assert.equal(got.batch_size, 10)
      assert.equal(got.notified, true)
      assert.equal(got.claims.vct, vct)
      assert.equal(got.claims.iss, `${server.base}/issuer`)
    })
  }

  for (const enc of ['A128GCM', 'A256GCM']) {
    test(`credential request and answer encrypted with ${enc}: sealed by jwcrypto, opened by openvc-core`, async () => {
      const got = await receive({ card: 'identity' }, { count: 3, enc })
      assert.equal(got.copies, 3)
    })
  }

  for (const [what, answer, options] of [
    ['for another issuer', '400 invalid_proof', { change: { claims: { aud: 'https://issuer.example' } } }],
    ['from an hour ago', '400 invalid_proof', { change: { claims: { iat: now() - 3600 } } }],
    ['from the future', '400 invalid_proof', { change: { claims: { iat: now() + 3600 } } }],
    ['of another type', '400 invalid_proof', { change: { header: { typ: 'JWT' } } }],
    ['with a nonce of nobody', '400 invalid_nonce', { change: { claims: { nonce: 'made-up' } } }],
    ['with two names for its key', '400 invalid_proof', { change: { header: { kid: 'another' } } }],
    ['for the same key twice', '400 invalid_proof', { count: 2, same_key: true }],
    ['for more copies than offered', '400 invalid_proof', { count: 11 }],
    ['that was used', '400 invalid_nonce', { spend_nonce: true }],
  ]) {
    test(`refused: a key proof ${what}`, async () => {
      await assert.rejects(receive({ card: 'identity' }, options), new RegExp(`Refused: ${answer}`))
    })
  }

  test('refused: no transaction code, a wrong one, one that nobody asked for, and a code that was used', async () => {
    const { link, tx_code: code } = await offer({ card: 'residence', tx_code: true })
    await assert.rejects(wallet.order('receive', { link }), /Refused: 400 invalid_(request|grant)/)
    const wrong = code.replace(/./g, (digit) => (digit === '0' ? '1' : '0'))
    await assert.rejects(wallet.order('receive', { link, tx_code: wrong }), /Refused: 400 invalid_grant/)
    await wallet.order('receive', { link, tx_code: code })
    await assert.rejects(wallet.order('receive', { link, tx_code: code }), /Refused: 400 invalid_grant/)
    const open = await offer({ card: 'identity' })
    await assert.rejects(wallet.order('receive', { link: open.link, tx_code: '1234' }), /Refused: 400 invalid_request/)
  })

  const QUERY = { credentials: [{ id: 'pid', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['given_name'] }] }] }
  for (const [what, asking, answering] of [
    ['by GET, with state', { request_uri_method: 'get' }, {}],
    ['by POST, with A128GCM', { request_uri_method: 'post' }, { enc: 'A128GCM' }],
    ['with A256GCM and no state', {}, { enc: 'A256GCM', state: false }],
    ['unencrypted', { response_mode: 'direct_post' }, {}],
  ]) {
    test(`presented to our verifier ${what}`, async () => {
      await receive({ card: 'identity' })
      const options = { client_id_prefix: 'x509_hash', response_mode: 'direct_post.jwt', ...asking }
      const { status, body: asked } = await server.api('POST', '/v1/presentations', { dcql_query: QUERY, ...options })
      assert.equal(status, 201, JSON.stringify(asked))
      await wallet.order('present', { link: asked.links.cross_device, names: ['given_name'], query_id: 'pid', ...answering })
      const { body: read } = await server.api('GET', `/v1/presentations/${asked.transaction_id}`)
      assert.equal(read.state, 'verified', JSON.stringify(read))
      assert.deepEqual(Object.keys(read.credentials[0].claims), ['given_name'])
    })
  }
})
