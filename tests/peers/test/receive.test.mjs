// A peer issuer (@openid4vc/openid4vci with @sd-jwt), our wallet.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { PID } from '../support/cards.mjs'
import { startIssuer } from '../support/issuer.mjs'
import { anchors, authority, leaf } from '../support/pki.mjs'
import { put } from '../support/run.mjs'
import { newWallet } from '../support/wallet.mjs'

describe('a peer issuer, our wallet', () => {
  let ca, signer
  const running = []

  before(async () => {
    ca = await authority('Card CA')
    signer = await leaf(ca, 'City of Voorbeeld', ['issuer.example'])
  })
  after(() => Promise.all(running.map((issuer) => issuer.close())))

  const issuer = async (options) => {
    const started = await startIssuer(signer, options)
    running.push(started)
    return started
  }
  const wallet = () => newWallet(anchors({ issuers: [{ ca, vct: [PID] }] }))

  test('a batch of copies, each bound to a key of its own, and a notification', async () => {
    const { offer, log } = await issuer()
    const ours = await wallet()
    const answer = await ours.do('receive', offer, '--yes')
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal(answer.data.cards.length, 1)
    assert.equal(answer.data.cards[0].copiesTotal, 3)
    assert.equal(log.proofs, 3)
    assert.deepEqual(log.notifications.map(({ event }) => event), ['credential_accepted'])
    const cards = await ours.do('cards')
    assert.equal(cards.data.cards[0].vct, PID)
  })

  test('with a transaction code, and not with a wrong one', async () => {
    const { offer } = await issuer({ txCode: '493536' })
    const ours = await wallet()
    const missing = await ours.do('receive', offer, '--yes')
    assert.equal(missing.code, 5)
    assert.equal(missing.error.code, 'tx-code-missing')
    const wrong = await ours.do('receive', offer, '--yes', '--tx-code-file', put(ours.folder, 'wrong', '000000'))
    assert.notEqual(wrong.code, 0)
    const right = await ours.do('receive', offer, '--yes', '--tx-code-file', put(ours.folder, 'right', '493536'))
    assert.equal(right.code, 0, JSON.stringify(right))
  })

  test('a card of an issuer that is not trusted for it is not kept', async () => {
    const stranger = await leaf(await authority('Other CA'), 'Stranger', ['issuer.example'])
    const started = await startIssuer(stranger)
    running.push(started)
    const ours = await wallet()
    const answer = await ours.do('receive', started.offer, '--yes')
    assert.notEqual(answer.code, 0)
    assert.equal((await ours.do('cards')).data.cards.length, 0)
  })

  test('a card with another type than offered is not kept', async () => {
    const { offer } = await issuer({ card: { always: { vct: 'urn:example:other:1' } } })
    const ours = await wallet()
    assert.notEqual((await ours.do('receive', offer, '--yes')).code, 0)
    assert.equal((await ours.do('cards')).data.cards.length, 0)
  })
})
