// Cards of @sd-jwt (npm) and sd-jwt (PyPI) checked by `assent credential verify`, and what those two let pass.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { join } from 'node:path'

import { b64, bind, instance, issue, now, PID } from '../support/cards.mjs'
import { anchors, authority, leaf } from '../support/pki.mjs'
import { assent, put, PYTHON, run, scratch } from '../support/run.mjs'

const NONCE = 'n-0S6_WzA2Mj-aZ19xKqLw'
const AUDIENCE = 'x509_hash:the-verifier'

describe('cards of others, our verification', () => {
  const folder = scratch()
  let issuer, holder, trusted

  before(async () => {
    const ca = await authority('Card CA')
    issuer = await leaf(ca, 'City of Voorbeeld', ['issuer.example'])
    holder = await leaf(ca, 'nobody', [])
    trusted = put(folder, 'anchors.json', anchors({ issuers: [{ ca, vct: [PID] }] }))
  })

  const verify = (text, flags = ['--nonce', NONCE, '--audience', AUDIENCE]) =>
    assent(['credential', 'verify', '-', '--anchors', trusted, ...flags], { input: text })
  const code = (answer) => (answer.ok ? 'ok' : (answer.data ?? answer).errors?.[0]?.code ?? answer.error?.code)

  async function presented(change = {}) {
    const card = await issue(issuer, holder, change)
    const sdjwt = await instance(issuer, holder)
    const shown = await sdjwt.present(card, { given_name: true, address: { locality: true } })
    return { card, shown }
  }

  test('@sd-jwt issues and presents, we verify exactly what was shown', async () => {
    const { shown } = await presented()
    const answer = await verify(await bind(shown, holder, { nonce: NONCE, aud: AUDIENCE }))
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.equal(answer.data.claims.given_name, 'Anna')
    assert.deepEqual(answer.data.claims.address, { locality: 'Voorbeeld' })
    assert.equal(answer.data.claims.family_name, undefined)
    assert.equal(answer.data.possession_proven, true)
    assert.equal(answer.data.issuer.name, 'City of Voorbeeld')
  })

  test('the whole card with nested and array disclosures', async () => {
    const answer = await verify(await issue(issuer, holder), [])
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.deepEqual(answer.data.claims.nationalities, ['NL', 'BE'])
    assert.deepEqual(answer.warnings.map((warning) => warning.code), ['possession-not-proven'])
  })

  // reference table "where peers are lax": @sd-jwt 0.19.0 accepts each of these, which the test shows first.
  const peerAccepts = async (text) => {
    const sdjwt = await instance(issuer, holder)
    await sdjwt.verify(text, { keyBindingNonce: NONCE, requiredClaimKeys: [] })
  }

  test('1. a disclosure that nothing refers to is refused (RFC 9901 §7.1)', async () => {
    const { shown } = await presented()
    const text = await bind(`${shown}${b64(['c2FsdA', 'role', 'admin'])}~`, holder, { nonce: NONCE, aud: AUDIENCE })
    await peerAccepts(text)
    const answer = await verify(text)
    assert.equal(answer.code, 3)
    assert.equal(code(answer), 'sd-jwt-unreferenced-disclosure')
  })

  test('2. the same disclosure twice is refused', async () => {
    const { shown } = await presented()
    const first = shown.split('~')[1]
    const text = await bind(`${shown}${first}~`, holder, { nonce: NONCE, aud: AUDIENCE })
    await peerAccepts(text)
    const answer = await verify(text)
    assert.equal(answer.code, 3)
    assert.equal(code(answer), 'sd-jwt-duplicate-digest')
  })

  for (const [what, wrong, expected] of [
    ['audience', { aud: 'x509_hash:somebody-else' }, 'audience'],
    ['age', { iat: now() - 3600 }, 'issued-at'],
    ['future', { iat: now() + 3600 }, 'issued-at'],
    ['nonce', { nonce: 'another-nonce-entirely' }, 'nonce'],
    ['type', { typ: 'JWT' }, 'type'],
    ['hash', { hash: 'AAAA' }, 'sd-hash'],
  ]) {
    test(`5. a key binding with a wrong ${what} is refused`, async () => {
      const { shown } = await presented()
      const text = await bind(shown, holder, { nonce: NONCE, aud: AUDIENCE, ...wrong })
      if (['audience', 'age', 'future'].includes(what)) await peerAccepts(text)
      const answer = await verify(text)
      assert.equal(answer.code, 3)
      assert.equal(code(answer), `key-binding-${expected}`)
    })
  }

  test('5. a card with another issuer typ is refused', async () => {
    const text = await issue(issuer, holder, { typ: 'JWT' })
    const answer = await verify(text, [])
    assert.equal(answer.code, 3)
    assert.equal(code(answer), 'sd-jwt-vc-type')
  })

  test('an issuer nobody trusts, and a type it may not issue', async () => {
    const stranger = await leaf(await authority('Other CA'), 'Stranger', ['issuer.example'])
    assert.equal(code(await verify(await issue(stranger, holder), [])), 'certificate-untrusted')
    const other = await issue(issuer, holder, { always: { vct: 'urn:example:degree:1' } })
    assert.equal(code(await verify(other, [])), 'credential-type-not-allowed')
  })

  test('sd-jwt from PyPI issues with decoys, we verify', { skip: PYTHON === '' && 'PEERS_PYTHON is not set' }, async () => {
    const script = join(import.meta.dirname, '../support/sd_jwt_issue.py')
    const request = { key: issuer.privateJwk, holder: holder.publicJwk, x5c: issuer.x5c, vct: PID, exp: now() + 3600 }
    const made = await run(PYTHON, [script], { input: JSON.stringify(request) })
    assert.equal(made.code, 0, made.err)
    const answer = await verify(made.out.trim(), [])
    assert.equal(answer.code, 0, JSON.stringify(answer))
    assert.deepEqual(answer.data.claims.nationalities, ['NL', 'BE'])
    assert.deepEqual(answer.data.claims.address, { locality: 'Voorbeeld', country: 'NL' })
  })
})
