// Our issuer, a peer wallet client (@openid4vc/openid4vci); the card and its status list read by @sd-jwt.

import { Openid4vciClient } from '@openid4vc/openid4vci'
import { digest, ES256, generateSalt } from '@sd-jwt/crypto-nodejs'
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import assert from 'node:assert/strict'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { exportJWK } from 'jose'
import { after, before, describe, test } from 'node:test'

import { callbacks } from '../support/callbacks.mjs'
import { newKey } from '../support/cards.mjs'
import { startServer } from '../support/server.mjs'

describe('our issuer, a peer wallet', () => {
  let server

  before(async () => {
    server = await startServer()
  })
  after(() => server?.stop())

  async function offer(wanted) {
    const response = await fetch(`${server.base}/v1/sandbox/offers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
    })
    const body = await response.json()
    assert.equal(response.status, 201, JSON.stringify(body))
    return body
  }

  /** The peer's whole flow; `key` signs every proof. */
  async function receive(wanted, { txCode, count = 1 } = {}) {
    const made = await offer(wanted)
    const keys = await Promise.all(Array.from({ length: count }, newKey))
    const plain = new Openid4vciClient({ callbacks: callbacks() })
    const credentialOffer = await plain.resolveCredentialOffer(made.link)
    const issuerMetadata = await plain.resolveIssuerMetadata(credentialOffer.credential_issuer)
    const { accessTokenResponse } = await plain.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer,
      issuerMetadata,
      txCode: txCode === undefined ? made.tx_code : txCode,
    })
    const { c_nonce: nonce } = await plain.requestNonce({ issuerMetadata })
    const [credentialConfigurationId] = credentialOffer.credential_configuration_ids
    const jwt = []
    for (const key of keys) {
      const client = new Openid4vciClient({ callbacks: callbacks({ sign: key.privateJwk }) })
      const proof = await client.createCredentialRequestJwtProof({
        issuerMetadata,
        credentialConfigurationId,
        nonce,
        signer: { method: 'jwk', publicJwk: key.publicJwk, alg: 'ES256' },
      })
      jwt.push(proof.jwt)
    }
    const request = { issuerMetadata, credentialConfigurationId, accessToken: accessTokenResponse.access_token }
    const { credentialResponse } = await plain.retrieveCredentials({ ...request, proofs: { jwt } })
    return { plain, request, keys, jwt, issuerMetadata, credentials: credentialResponse.credentials, credentialResponse }
  }

  async function read(card, key) {
    const header = JSON.parse(Buffer.from(card.split('.')[0], 'base64url'))
    const leaf = new X509Certificate(Buffer.from(header.x5c[0], 'base64'))
    const issuerKey = await exportJWK(createPublicKey(leaf.publicKey.export({ type: 'spki', format: 'pem' })))
    const checker = new SDJwtVcInstance({
      hasher: digest,
      saltGenerator: generateSalt,
      signAlg: 'ES256',
      verifier: await ES256.getVerifier(issuerKey),
    })
    const { payload } = await checker.verify(card, { disableStatusVerification: true })
    const { kty, crv, x, y } = key.publicJwk
    const bound = payload.cnf.jwk
    assert.deepEqual([bound.kty, bound.crv, bound.x, bound.y], [kty, crv, x, y])
    assert.equal(header.typ, 'dc+sd-jwt')
    return payload
  }

  for (const [what, wanted, vct, count] of [
    ['an identity card, by value', { card: 'identity' }, 'urn:eudi:pid:1', 1],
    ['an identity card, by reference, ten copies', { card: 'identity', by_reference: true }, 'urn:eudi:pid:1', 10],
    ['a residence card with a transaction code', { card: 'residence', tx_code: true }, 'urn:assent:residence:1', 2],
  ]) {
    test(what, async () => {
      const { credentials, keys, issuerMetadata } = await receive(wanted, { count })
      assert.equal(issuerMetadata.originalDraftVersion, 'V1')
      assert.equal(credentials.length, count)
      const seen = new Set()
      for (const [index, { credential }] of credentials.entries()) {
        const payload = await read(credential, keys[index])
        assert.equal(payload.vct, vct)
        seen.add(payload.status.status_list.idx)
      }
      // Copies must not be linkable by a shared status index.
      assert.equal(seen.size, count)
    })
  }

  test('the status list is read by @sd-jwt, and says valid', async () => {
    const { credentials, keys } = await receive({ card: 'identity' })
    const { status } = await read(credentials[0].credential, keys[0])
    const response = await fetch(status.status_list.uri, { headers: { accept: 'application/statuslist+jwt' } })
    assert.equal(response.headers.get('content-type').split(';')[0], 'application/statuslist+jwt')
    const list = getListFromStatusListJWT(await response.text())
    assert.equal(list.getStatus(status.status_list.idx), 0)
  })

  test('a wrong transaction code, a used proof and an eleventh copy are refused', async () => {
    await assert.rejects(receive({ card: 'residence', tx_code: true }, { txCode: '000000x' }))
    const { plain, request, jwt } = await receive({ card: 'identity' })
    await assert.rejects(plain.retrieveCredentials({ ...request, proofs: { jwt } }))
    await assert.rejects(receive({ card: 'identity' }, { count: 11 }))
  })

  test('the notification is taken', async () => {
    const { plain, request, issuerMetadata, credentialResponse } = await receive({ card: 'identity' })
    const sent = await plain.sendNotification({
      issuerMetadata,
      accessToken: request.accessToken,
      notification: { notificationId: credentialResponse.notification_id, event: 'credential_accepted' },
    })
    assert.ok(sent.response.ok)
  })
})
