// Our command against our server, as an operator would try it: vault at the server, card, consent, receipt, withdrawal.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { join } from 'node:path'

import { payload, problems } from '../support/schemas.mjs'
import { startServer } from '../support/server.mjs'
import { assent, put, scratch } from '../support/run.mjs'

const CONSENT = {
  purpose: { en: 'Lend films for 16 and over', nl: 'Films uitlenen vanaf 16 jaar' },
  purpose_type: 'dpv:ServiceProvision',
  legal_basis: 'eu-gdpr:A6-1-a',
  required: [{ vct: 'urn:eudi:pid:1', path: ['address', 'locality'] }],
  optional: [{ vct: 'urn:eudi:pid:1', path: ['given_name'], purpose: { en: 'Greet you', nl: 'U begroeten' } }],
  retention: 'P30D',
  recipients: [],
  storage_locations: ['NL'],
  jurisdiction: 'NL',
  controller: { name: 'City library', contact: 'privacy@library.example', address: 'Voorbeeld 1' },
  privacy_policy: 'http://localhost:8471/privacy',
  rights_contact: 'privacy@library.example',
  authority: { name: 'Autoriteit Persoonsgegevens', url: 'https://autoriteitpersoonsgegevens.nl' },
  language: 'en',
}

describe('our command, our server', () => {
  const folder = scratch()
  const state = ['--state', join(folder, 'wallet.json'), '--passphrase-file', put(folder, 'p', 'correct horse battery staple\n')]
  const holder = (verb, ...args) => assent(['holder', verb, ...args, ...state])
  let server

  before(async () => {
    server = await startServer()
  })
  after(() => server?.stop())

  test('the whole way', async () => {
    const made = await holder('init', '--operator', server.base, '--sandbox', '--recovery-code-file', join(folder, 'recovery'))
    assert.equal(made.code, 0, JSON.stringify(made))
    put(folder, 'address', JSON.stringify(made.data.vault_address))
    const doctor = await assent(['doctor', '--server', server.base])
    assert.equal(doctor.code, 0, JSON.stringify(doctor))

    const offer = await (
      await fetch(`${server.base}/v1/sandbox/offers`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ card: 'identity' }),
      })
    ).json()
    const received = await holder('receive', offer.link, '--yes')
    assert.equal(received.code, 0, JSON.stringify(received))

    const asked = await server.api('POST', '/v1/presentations', { consent_request: CONSENT })
    assert.equal(asked.status, 201, JSON.stringify(asked))
    const shared = await holder('present', asked.body.links.cross_device, '--yes')
    assert.equal(shared.code, 0, JSON.stringify(shared))
    assert.equal(shared.data.result.countersigned, true)
    const read = await server.api('GET', `/v1/presentations/${asked.body.transaction_id}`)
    assert.equal(read.body.state, 'verified')
    assert.equal(read.body.consent?.state, 'active', JSON.stringify(read.body))
    assert.equal(JSON.stringify(read.body.credentials).includes('given_name'), false)

    // The receipt convinces anybody who has only the file and the anchors.
    const anchors = put(folder, 'anchors.json', await (await fetch(`${server.base}/v1/registry/anchors`)).text())
    const file = join(folder, 'receipt.json')
    const saved = await holder('receipt', shared.data.result.receiptId, '--output', file)
    assert.equal(saved.code, 0, JSON.stringify(saved))
    const verified = await assent(['receipt', 'verify', file, '--anchors', anchors, '--sandbox'])
    assert.equal(verified.code, 0, JSON.stringify(verified))
    assert.ok(verified.data.countersigned_at > 0)

    const [sharing] = (await holder('sharing')).data.sharing
    const stopped = await holder('withdraw', sharing.id, '--yes')
    assert.equal(stopped.code, 0, JSON.stringify(stopped))
    assert.equal(stopped.data.item.state, 'stopped')
    // The service can no longer read what it got; the consent stays as a record.
    const gone = await server.api('GET', `/v1/presentations/${asked.body.transaction_id}`)
    assert.equal(gone.status, 404)
    const consent = await server.api('GET', `/v1/consents/${read.body.consent.consent_id}`)
    assert.equal(consent.body.state, 'withdrawn', JSON.stringify(consent.body))
    assert.ok((await holder('history')).data.entries.length >= 3)

    // What real programs wrote fits the published schemas, says ajv.
    const after = join(folder, 'receipt-after.json')
    assert.equal((await holder('receipt', shared.data.result.receiptId, '--output', after)).code, 0)
    const bundle = JSON.parse(readFileSync(after, 'utf8'))
    const withdrawn = bundle.events.map((event) => ['consent-withdrawal', event])
    assert.ok(withdrawn.length === 1 && bundle.acknowledgements.length === 1, Object.keys(bundle).join())
    assert.deepEqual(problems('receipt-bundle', bundle), [])
    for (const [name, jwt] of [
      ['consent-receipt', bundle.receipt],
      ['consent-request', bundle.consent_request],
      ['countersignature', bundle.countersignature],
      ...withdrawn,
      ...bundle.acknowledgements.map((acknowledgement) => ['consent-withdrawal-ack', acknowledgement]),
    ]) {
      assert.deepEqual(problems(name, payload(jwt)), [], name)
    }
    assert.deepEqual(problems('consent-terms', CONSENT), [])
  })

  test('the same vault on a second machine', async () => {
    const other = scratch()
    const again = await holder('init', '--operator', server.base, '--sandbox', '--address', 'x')
    assert.equal(again.error.code, 'wallet-exists', 'never over a wallet that is there')
    const mine = (await holder('cards')).data.cards
    const where = JSON.parse(readFileSync(join(folder, 'address')))
    const init = (address, passphrase) =>
      assent([
        'holder', 'init', '--operator', server.base, '--sandbox', '--address', address,
        '--state', join(other, 'wallet.json'), '--passphrase-file', put(other, 'p', `${passphrase}\n`),
      ])
    const nobody = `${where.replace(/[^/]+$/, '')}AAAAAAAAAAAAAAAAAAAAAA`
    for (const [address, passphrase, code] of [
      [where, 'not the passphrase', /^vault-wrong-secret$/],
      // Made-up unlock slots answer for a vault that is not there, of whatever kinds: nobody finds out which ones are.
      [nobody, 'correct horse battery staple', /^vault-(wrong-secret|no-such-unlock-method)$/],
      ['https://somewhere.example', 'correct horse battery staple', /^vault-address-malformed$/],
    ]) {
      const refused = await init(address, passphrase)
      assert.notEqual(refused.code, 0)
      assert.match(refused.error.code, code)
      assert.equal(existsSync(join(other, 'wallet.json')), false, 'nothing is kept of a vault that did not open')
    }
    const opened = await init(where, 'correct horse battery staple')
    assert.equal(opened.code, 0, JSON.stringify(opened))
    assert.equal(opened.data.vault_address, where)
    const there = ['--state', join(other, 'wallet.json'), '--passphrase-file', join(other, 'p')]
    assert.deepEqual((await assent(['holder', 'cards', ...there])).data.cards, mine)
    assert.equal((await assent(['holder', 'sharing', ...there])).data.sharing[0].state, 'stopped')
  })
})
