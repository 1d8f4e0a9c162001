// W3C credentials made here by hand, checked by the real bridge: through the command and through the server.

import assert from 'node:assert/strict'
import { accessSync, constants } from 'node:fs'
import { after, before, beforeEach, describe, test } from 'node:test'

import { assent, W3C } from '../support/run.mjs'
import { startServer } from '../support/server.mjs'
import { integrityCredential, jwkIssuer, jwtCredential } from '../support/w3c.mjs'

const EXPIRED = '2026-02-01T00:00:00Z'

/** What goes in, and what must come out: a verdict's format and suite, or the code of its refusal. */
function cases() {
  const [issuer, stranger] = [jwkIssuer(), jwkIssuer()]
  const jwt = jwtCredential(issuer)
  const other = jwtCredential(issuer, { change: { credentialSubject: { id: 'did:example:reader', name: 'Bo' } } })
  const [head, , signature] = jwt.split('.')
  const proven = integrityCredential()
  const changed = structuredClone(proven)
  changed.credentialSubject.name = 'Bo'
  const wider = structuredClone(proven)
  wider.credentialSubject.librarian = true
  const promoted = structuredClone(proven)
  promoted.proof.proofPurpose = 'authentication'
  const stolen = { ...structuredClone(proven), issuer: integrityCredential().issuer }
  return {
    good: [
      ['a JWT', jwt, { format: 'vc+jwt', suite: 'ES256', issuer: issuer.did }],
      ['a Data Integrity proof', proven, { format: 'data_integrity', suite: 'eddsa-rdfc-2022', issuer: proven.issuer }],
    ],
    bad: [
      ['a JWT with another payload', [head, other.split('.')[1], signature].join('.'), 'w3c-signature'],
      ['a JWT with the key of somebody else', jwtCredential({ ...stranger, did: issuer.did }), 'w3c-signature'],
      ['a JWT that names the key of somebody else', jwtCredential({ ...stranger, did: issuer.did }, { kid: `${stranger.did}#0` }), 'w3c-issuer-mismatch'],
      ['an expired JWT', jwtCredential(issuer, { change: { validUntil: EXPIRED } }), 'w3c-expired'],
      ['a proof over another name', changed, 'w3c-signature'],
      ['a term that the proof does not cover', wider, 'w3c-undefined-term'],
      ['a proof for another purpose', promoted, 'w3c-proof-purpose'],
      ['a proof under the name of another issuer', stolen, 'w3c-issuer-mismatch'],
      ['an expired credential with a proof', integrityCredential({ validUntil: EXPIRED }), 'w3c-expired'],
    ],
  }
}

describe('W3C credentials through the bridge', () => {
  let server

  before(async () => {
    if (W3C) server = await startServer({ bridge: W3C })
  })
  beforeEach(() => {
    assert.ok(W3C, 'set ASSENT_W3C to the assent-w3c program (`cargo build` in interop/ makes it)')
    accessSync(W3C, constants.X_OK)
  })
  after(() => server?.stop())

  const command = (credential) =>
    assent(['credential', 'verify', '-', '--bridge', W3C], {
      input: typeof credential === 'string' ? credential : JSON.stringify(credential),
    })
  const ask = (at, credential) => at.api('POST', '/v1/credentials/verify', { credential })

  function verified(verdict, expected) {
    assert.equal(verdict.verified, true, JSON.stringify(verdict))
    assert.deepEqual({ format: verdict.format, suite: verdict.suite, issuer: verdict.issuer }, expected)
    assert.deepEqual(verdict.subject, [{ id: 'did:example:reader', name: 'Anna' }])
    assert.deepEqual(verdict.types, ['VerifiableCredential'])
    assert.equal(verdict.valid_from, '2026-01-01T00:00:00Z')
    assert.deepEqual(verdict.errors, [])
  }
  function refused(verdict, code) {
    assert.equal(verdict.verified, false)
    assert.equal(verdict.errors[0].code, code, JSON.stringify(verdict))
    // Nobody gets claims that were not verified.
    assert.deepEqual(verdict.subject, [])
    assert.equal(verdict.issuer, null)
  }

  const { good, bad } = cases()
  for (const [what, credential, expected] of good) {
    test(`the command accepts ${what}`, async () => {
      const { code, ...answer } = await command(credential)
      assert.equal(code, 0, JSON.stringify(answer))
      verified(answer.data, expected)
    })
    test(`the server accepts ${what}`, async () => {
      const { status, body } = await ask(server, credential)
      assert.equal(status, 200, JSON.stringify(body))
      verified(body, expected)
    })
  }
  for (const [what, credential, reason] of bad) {
    test(`the command refuses ${what}`, async () => {
      const { code, ...answer } = await command(credential)
      assert.equal(code, 3, JSON.stringify(answer))
      refused(answer.data, reason)
    })
    test(`the server refuses ${what}`, async () => {
      const { status, body } = await ask(server, credential)
      assert.equal(status, 200, JSON.stringify(body))
      refused(body, reason)
    })
  }

  test('the time of --at counts', async () => {
    const [, credential] = bad.at(-1)
    const early = await assent(['credential', 'verify', '-', '--bridge', W3C, '--at', '1768435200'], {
      input: JSON.stringify(credential),
    })
    assert.equal(early.code, 0, JSON.stringify(early))
    assert.equal(early.data.valid_until, EXPIRED)
  })

  test('only services may ask', async () => {
    const response = await fetch(`${server.base}/v1/credentials/verify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ credential: good[0][1] }),
    })
    assert.equal(response.status, 401)
  })

  test('a server without a bridge says so', async () => {
    const without = await startServer()
    try {
      const { status, body } = await ask(without, good[0][1])
      assert.equal(status, 501)
      assert.equal(body.code, 'w3c-bridge-not-configured')
    } finally {
      await without.stop()
    }
  })
})
