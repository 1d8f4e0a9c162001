// A second issuer (openvc-core with cards of sd-jwt and of openvc-core, over https), our wallet, our verifier.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { PID } from '../support/cards.mjs'
import { anchors, authority, leaf, tlsFiles } from '../support/pki.mjs'
import { startPython, withoutPython } from '../support/python.mjs'
import { put, scratch } from '../support/run.mjs'
import { startServer } from '../support/server.mjs'
import { newWallet } from '../support/wallet.mjs'

const OTHER = 'urn:example:other:1'
const QUERY = {
  credentials: [
    { id: 'pid', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['given_name'] }, { path: ['nationalities', null] }] },
  ],
}

describe('openvc-core as issuer, our wallet', { skip: withoutPython }, () => {
  let tls, ca, signer, server, trusted
  const running = []

  before(async () => {
    tls = await tlsFiles(scratch())
    ca = await authority('Card CA')
    signer = await leaf(await authority('Card CA of Voorbeeld', ca), 'City of Voorbeeld', ['localhost'])
    const issuers = anchors({ issuers: [{ ca, vct: [PID, OTHER] }] })
    server = await startServer({ anchors: issuers, tls })
    // The wallet trusts these cards, and the service that the sandbox made.
    const sandbox = JSON.parse(readFileSync(join(server.data, 'sandbox/anchors.json'), 'utf8'))
    trusted = { ...issuers, access: sandbox.access }
  })
  after(async () => {
    await server?.stop()
    await Promise.all(running.map((peer) => peer.close()))
  })

  async function issuer(options = {}) {
    const started = await startPython('issuer', { tls, vct: PID, key: signer.privateJwk, x5c: signer.x5c, ...options })
    running.push(started)
    return started
  }
  const wallet = () => newWallet(trusted, { ca: tls.ca_file })

  async function present(ours) {
    const { body: asked } = await server.api('POST', '/v1/presentations', { dcql_query: QUERY })
    const answer = await ours.do('present', asked.links.cross_device, '--yes')
    const { body: read } = await server.api('GET', `/v1/presentations/${asked.transaction_id}`)
    return { answer, read }
  }

  for (const [engine, byReference] of [
    ['sd-jwt', false],
    ['openvc', true],
  ]) {
    test(`cards of ${engine}, offered by ${byReference ? 'reference' : 'value'}: received, kept, presented`, async () => {
      const peer = await issuer({ engine, batch: 4 })
      const ours = await wallet()
      const received = await ours.do('receive', await peer.order('offer', { by_reference: byReference }), '--yes')
      assert.equal(received.code, 0, JSON.stringify(received) + peer.trouble())
      assert.equal(received.data.cards[0].copiesTotal, 4)
      const log = await peer.order('log')
      // Four proofs, four keys: openvc-core refuses a key used twice, and so do we here.
      assert.deepEqual(log.proofs.map((keys) => new Set(keys).size), [4])
      assert.deepEqual(log.notifications, ['credential_accepted'])
      assert.deepEqual(log.refused, [])

      const { answer, read } = await present(ours)
      assert.equal(answer.code, 0, JSON.stringify(answer))
      assert.equal(read.state, 'verified', JSON.stringify(read))
      assert.deepEqual(read.credentials[0].claims, { given_name: 'Anna', nationalities: ['NL', 'BE'] })
      assert.equal(read.credentials[0].issuer, 'City of Voorbeeld')
      // Our server fetched the peer's list of ended cards over https.
      assert.ok((await peer.order('seen')).includes('GET /status'))
    })
  }

  for (const enc of ['A128GCM', 'A256GCM']) {
    test(`an issuer that wants its messages encrypted with ${enc}: opened by openvc-core, sealed by jwcrypto`, async () => {
      const peer = await issuer({ encryption: [enc] })
      const ours = await wallet()
      const first = await ours.do('receive', await peer.order('offer'), '--yes')
      assert.equal(first.code, 0, JSON.stringify(first) + peer.trouble())
      assert.equal((await ours.do('receive', await peer.order('offer'), '--yes')).code, 0)
      const log = await peer.order('log')
      assert.deepEqual(log.encrypted, [[enc, 'request-1'], [enc, 'request-1']])
      assert.ok(log.reply_keys.every((jwk) => jwk.alg === 'ECDH-ES' && !jwk.d))
      assert.equal(new Set(log.reply_keys.map(({ x }) => x)).size, 2, 'a key for each answer')
    })
  }

  test('one copy, where the issuer gives no batch', async () => {
    const peer = await issuer({ batch: 1 })
    const ours = await wallet()
    const received = await ours.do('receive', await peer.order('offer'), '--yes')
    assert.equal(received.code, 0, JSON.stringify(received))
    assert.equal(received.data.cards[0].copiesTotal, 1)
  })

  test('with a transaction code: not without, not with a wrong one, and an offer is good once', async () => {
    const peer = await issuer()
    const ours = await wallet()
    const offer = await peer.order('offer', { tx_code: '493536', by_reference: true })
    assert.equal((await ours.do('receive', offer, '--yes')).error.code, 'tx-code-missing')
    const wrong = await ours.do('receive', offer, '--yes', '--tx-code-file', put(ours.folder, 'wrong', '000000'))
    assert.equal(wrong.error.code, 'issuance-code-refused', JSON.stringify(wrong))
    const right = put(ours.folder, 'right', '493536')
    const received = await ours.do('receive', offer, '--yes', '--tx-code-file', right)
    assert.equal(received.code, 0, JSON.stringify(received))
    const again = await ours.do('receive', offer, '--yes', '--tx-code-file', right)
    assert.equal(again.error.code, 'issuance-code-refused', JSON.stringify(again))
    assert.equal((await ours.do('cards')).data.cards.length, 1)
  })

  test('a card that its issuer ended is refused by our verifier', async () => {
    const peer = await issuer()
    const ours = await wallet()
    assert.equal((await ours.do('receive', await peer.order('offer'), '--yes')).code, 0)
    await peer.order('revoke_all')
    const { read } = await present(ours)
    assert.deepEqual(read, { state: 'failed', error: 'credential-revoked' })
  })

  for (const [what, code, options] of [
    ['for another type than offered', 'card-of-other-type', { always: { vct: OTHER } }],
    ['of a type that its issuer may not issue', 'credential-type-not-allowed', { always: { vct: 'urn:example:degree:1' } }],
    ['that is over', 'sd-jwt-vc-expired', { always: { exp: 1_700_000_000 } }],
    // The Python reference does this when it is asked for decoys; nobody can tell them from a status kept back.
    ['with decoys inside its status', 'sd-jwt-vc-must-not-be-disclosable', { decoys_everywhere: true }],
  ]) {
    test(`a card ${what} is not kept`, async () => {
      const peer = await issuer(options)
      const ours = await wallet()
      const answer = await ours.do('receive', await peer.order('offer'), '--yes')
      assert.equal(answer.error?.code, code, JSON.stringify(answer))
      assert.equal((await ours.do('cards')).data.cards.length, 0)
      assert.deepEqual((await peer.order('log')).notifications, ['credential_failure'])
    })
  }
})
