// Key and wallet attestations (OpenID4VCI 1.0 appendices D, E and F): ours read by @openid4vc and jose; those of a peer wallet
// provider (@openid4vc, jose) at our issuer.

import { Oauth2AuthorizationServer } from '@openid4vc/oauth2'
import { Openid4vciIssuer, Openid4vciWalletProvider } from '@openid4vc/openid4vci'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose'
import { after, before, describe, test } from 'node:test'

import { callbacks } from '../support/callbacks.mjs'
import { now } from '../support/cards.mjs'
import { Client } from '../support/oauth-client.mjs'
import { signIn } from '../support/person.mjs'
import { anchors, authority, leaf } from '../support/pki.mjs'
import { startServer } from '../support/server.mjs'

async function newKey() {
  const pair = await generateKeyPair('ES256', { extractable: true })
  return { ...pair, jwk: await exportJWK(pair.publicKey) }
}
const sign = (key, header, claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(key)
const post = (url, body, headers = {}) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })

describe('our wallet provider, peer readers', () => {
  let server, provider

  before(async () => {
    server = await startServer()
    const all = JSON.parse(readFileSync(join(server.data, 'sandbox/anchors.json'), 'utf8'))
    provider = new X509Certificate(Buffer.from(all.wallet_providers[0].certificate, 'base64'))
  })
  after(() => server?.stop())

  const prove = (key, claims = {}) => sign(key.privateKey, { typ: 'assent-provider-proof+jwt', jwk: key.jwk }, { aud: server.base, iat: now(), ...claims })
  /** The chain of an attestation, checked by node: the leaf is under the anchor, and the anchor is not inside (HAIP 1.0 §4.1). */
  function chained(header) {
    const [first, ...between] = header.x5c.map((one) => new X509Certificate(Buffer.from(one, 'base64')))
    assert.ok(first.verify((between[0] ?? provider).publicKey) && first.checkIssued(between[0] ?? provider))
    assert.ok(![first, ...between].some((one) => one.raw.equals(provider.raw)))
    return first.publicKey
  }

  test('a wallet attestation and its proof of possession are taken by @openid4vc/oauth2 and jose', async () => {
    const instance = await newKey()
    const response = await post(`${server.base}/v1/wallet-provider/wallet-attestation`, { client_id: 'assent-cli', proof: await prove(instance) })
    const { wallet_attestation: attestation } = await response.json()
    const { payload, protectedHeader } = await jwtVerify(attestation, chained(decodeProtectedHeader(attestation)), {
      typ: 'oauth-client-attestation+jwt', algorithms: ['ES256'], requiredClaims: ['sub', 'exp', 'cnf'],
    })
    assert.equal(payload.sub, 'assent-cli')
    assert.ok(payload.exp - now() < 86400, 'TS3: less than a day')
    assert.equal(await calculateJwkThumbprint(payload.cnf.jwk), await calculateJwkThumbprint(instance.jwk))
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'typ', 'x5c'])
    const peer = new Oauth2AuthorizationServer({ callbacks: callbacks() })
    const issuer = 'https://issuer.example'
    const pop = await sign(instance.privateKey, { typ: 'oauth-client-attestation-pop+jwt' }, { iss: 'assent-cli', aud: issuer, jti: crypto.randomUUID(), iat: now(), exp: now() + 60 })
    const read = await peer.verifyClientAttestation({ authorizationServer: issuer, clientAttestationJwt: attestation, clientAttestationPopJwt: pop })
    assert.equal(read.clientAttestation.payload.sub, 'assent-cli')
  })

  test('a key attestation is taken by @openid4vc/openid4vci, alone and beside a proof', async () => {
    const keys = await Promise.all([newKey(), newKey(), newKey()])
    const proofs = await Promise.all(keys.map((key) => prove(key, { nonce: 'of-the-issuer' })))
    const { key_attestation: attestation } = await (await post(`${server.base}/v1/wallet-provider/key-attestation`, { proofs })).json()
    const header = decodeProtectedHeader(attestation)
    const { payload } = await jwtVerify(attestation, chained(header), { typ: 'key-attestation+jwt', algorithms: ['ES256'], requiredClaims: ['iat', 'exp', 'attested_keys'] })
    assert.deepEqual(payload.attested_keys.map(({ x }) => x), keys.map(({ jwk }) => jwk.x))
    assert.ok(payload.attested_keys.every((jwk) => !jwk.d))
    assert.deepEqual([payload.key_storage, payload.user_authentication, payload.certification], [['iso_18045_basic'], ['iso_18045_basic'], undefined])
    const peer = new Openid4vciIssuer({ callbacks: callbacks() })
    const issuerMetadata = { credentialIssuer: { credential_issuer: 'https://issuer.example' } }
    const alone = await peer.verifyCredentialRequestAttestationProof({ issuerMetadata, keyAttestationJwt: attestation, expectedNonce: 'of-the-issuer' })
    assert.equal(alone.payload.attested_keys.length, 3)
    await assert.rejects(peer.verifyCredentialRequestAttestationProof({ issuerMetadata, keyAttestationJwt: attestation, expectedNonce: 'another' }))
    const claims = { aud: 'https://issuer.example', iat: now(), nonce: 'of-the-issuer' }
    const beside = (key) => sign(key.privateKey, { typ: 'openid4vci-proof+jwt', jwk: key.jwk, key_attestation: attestation }, claims)
    const read = await peer.verifyCredentialRequestJwtProof({ issuerMetadata, jwt: await beside(keys[0]), expectedNonce: 'of-the-issuer' })
    assert.equal(read.keyAttestation.payload.attested_keys.length, 3)
    await assert.rejects(peer.verifyCredentialRequestJwtProof({ issuerMetadata, jwt: await beside(await newKey()), expectedNonce: 'of-the-issuer' }))
  })
})

describe('a peer wallet provider, our issuer', () => {
  let server, provider, stranger, issuer

  before(async () => {
    const [ca, other] = [await authority('Wallet CA'), await authority('Wallet CA')]
    provider = await leaf(ca, 'Wallet maker', ['wallet.example'])
    stranger = await leaf(other, 'Wallet maker', ['wallet.example'])
    server = await startServer({ anchors: anchors({ walletProviders: [ca] }), more: '[issuer]\nattested_keys = ["residence"]\n' })
    issuer = `${server.base}/issuer`
  })
  after(() => server?.stop())

  async function granted() {
    const offered = await (await post(`${server.base}/v1/sandbox/offers`, { card: 'residence' })).json()
    const code = JSON.parse(new URL(offered.link).searchParams.get('credential_offer')).grants['urn:ietf:params:oauth:grant-type:pre-authorized_code']['pre-authorized_code']
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:pre-authorized_code', 'pre-authorized_code': code })
    const { access_token: token } = await (await fetch(`${issuer}/token`, { method: 'POST', body: form })).json()
    assert.ok(token)
    return token
  }
  const newNonce = async () => (await (await fetch(`${issuer}/nonce`, { method: 'POST' })).json()).c_nonce
  async function ask(proofs, token) {
    const response = await post(`${issuer}/credential`, { credential_configuration_id: 'residence', proofs }, { authorization: `Bearer ${token ?? (await granted())}` })
    return { status: response.status, body: await response.json() }
  }
  const attest = async (keys, claims = {}, { by = provider, header = {} } = {}) =>
    sign(await importJWK(by.privateJwk, 'ES256'), { typ: 'key-attestation+jwt', x5c: by.x5c, ...header }, {
      iat: now(), exp: now() + 300, attested_keys: keys.map(({ jwk }) => jwk), key_storage: ['iso_18045_moderate'], user_authentication: ['iso_18045_basic'], ...claims,
    })
  const prove = (key, nonce, attestation, header = {}) =>
    sign(key.privateKey, { typ: 'openid4vci-proof+jwt', jwk: key.jwk, key_attestation: attestation, ...header }, { aud: issuer, iat: now(), nonce })
  const copies = ({ status, body }, keys) => {
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual(body.credentials.map(({ credential }) => decodeJwt(credential.split('~')[0]).cnf.jwk.x), keys.map(({ jwk }) => jwk.x))
  }

  test('made by @openid4vc, which still writes the type of a draft: taken, alone and beside a proof', async () => {
    const keys = await Promise.all([newKey(), newKey()])
    const peer = new Openid4vciWalletProvider({ callbacks: callbacks({ sign: provider.privateJwk }) })
    const made = (use, nonce) =>
      peer.createKeyAttestationJwt({
        signer: { method: 'x5c', alg: 'ES256', x5c: provider.x5c }, use, nonce, issuedAt: new Date(), expiresAt: new Date(Date.now() + 300_000),
        attestedKeys: keys.map(({ jwk }) => jwk), keyStorage: ['iso_18045_basic'], userAuthentication: ['iso_18045_basic'],
      })
    const alone = await made('proof_type.attestation', await newNonce())
    assert.equal(decodeProtectedHeader(alone).typ, 'keyattestation+jwt')
    copies(await ask({ attestation: [alone] }), keys)
    const nonce = await newNonce()
    copies(await ask({ jwt: [await prove(keys[0], nonce, await made('proof_type.jwt', nonce))] }), keys)
  })

  test('made by jose: one copy for each attested key; the key named by kid, by index, or in full', async () => {
    const keys = await Promise.all([newKey(), newKey(), newKey()])
    for (const header of [{}, { jwk: undefined, kid: '0' }]) {
      const nonce = await newNonce()
      copies(await ask({ jwt: [await prove(keys[0], nonce, await attest(keys, { nonce }), header)] }), keys)
    }
  })

  test('everything that can be wrong', async () => {
    const keys = await Promise.all([newKey(), newKey()])
    const spare = await newKey()
    const { d } = await exportJWK(keys[0].privateKey)
    const jwks = keys.map(({ jwk }) => jwk)
    for (const [what, claims, how] of [
      ['of a wallet provider nobody knows', {}, { by: stranger }],
      ['signed by another key than the certificate’s', {}, { by: { ...stranger, x5c: provider.x5c } }],
      ['without certificates', {}, { header: { x5c: undefined } }],
      ['with a key in place of certificates', {}, { header: { x5c: undefined, jwk: provider.publicJwk } }],
      ['of another type', {}, { header: { typ: 'JWT' } }],
      ['that is over', { iat: now() - 900, exp: now() - 600 }],
      ['from the future', { iat: now() + 3600, exp: now() + 7200 }],
      ['without a time', { iat: undefined }],
      ['of no keys', { attested_keys: [] }],
      ['without keys', { attested_keys: undefined }],
      ['of one key twice', { attested_keys: [jwks[0], jwks[0]] }],
      ['of a symmetric key', { attested_keys: [{ kty: 'oct', k: 'AAAA' }] }],
      ['with a private key', { attested_keys: [{ ...jwks[0], d }] }],
      ['of a point off the curve', { attested_keys: [{ ...jwks[0], y: jwks[0].x }] }],
      ['of more keys than a batch has', { attested_keys: (await Promise.all(Array.from({ length: 11 }, newKey))).map(({ jwk }) => jwk) }],
    ]) {
      const nonce = await newNonce()
      const attestation = await attest(keys, { nonce, ...claims }, how)
      const alone = await ask({ attestation: [attestation] })
      assert.deepEqual([alone.status, alone.body.error], [400, 'invalid_proof'], `alone, ${what}`)
      const beside = await ask({ jwt: [await prove(keys[0], nonce, attestation)] })
      assert.deepEqual([beside.status, beside.body.error], [400, 'invalid_proof'], `beside a proof, ${what}`)
    }
    const nonce = await newNonce()
    const good = await attest(keys, { nonce })
    for (const [what, proofs, error] of [
      ['a proof by a key that is not attested', { jwt: [await prove(spare, nonce, good)] }, 'invalid_proof'],
      ['a kid that names nobody', { jwt: [await prove(keys[0], nonce, good, { jwk: undefined, kid: '7' })] }, 'invalid_proof'],
      ['a kid of another attested key', { jwt: [await prove(keys[0], nonce, good, { jwk: undefined, kid: '1' })] }, 'invalid_proof'],
      ['two names for the key', { jwt: [await prove(keys[0], nonce, good, { kid: '0' })] }, 'invalid_proof'],
      ['a proof without an attestation', { jwt: [await prove(keys[0], nonce, undefined)] }, 'invalid_proof'],
      ['an attestation without an end beside a proof', { jwt: [await prove(keys[0], nonce, await attest(keys, { nonce, exp: undefined }))] }, 'invalid_proof'],
      ['two attestations', { attestation: [good, await attest([spare], { nonce })] }, /invalid_(proof|credential_request)/],
      ['both kinds of proof', { attestation: [good], jwt: [await prove(keys[0], nonce, good)] }, /invalid_(proof|credential_request)/],
      ['no nonce', { attestation: [await attest(keys)] }, /invalid_(proof|nonce)/],
      ['a nonce of nobody', { attestation: [await attest(keys, { nonce: 'made-up' })] }, 'invalid_nonce'],
    ]) {
      const { status, body } = await ask(proofs)
      assert.equal(status, 400, what)
      assert.match(body.error, error instanceof RegExp ? error : new RegExp(`^${error}$`), what)
    }
    // What was refused used nothing up: the same attestation still works, once.
    copies(await ask({ attestation: [good] }), keys)
    assert.equal((await ask({ attestation: [good] })).body.error, 'invalid_nonce')
  })
})

describe('a peer wallet that shows who it is, our authorization server', () => {
  let server, provider, stranger

  before(async () => {
    const [ca, other] = [await authority('Wallet CA'), await authority('Wallet CA')]
    provider = await leaf(ca, 'Wallet maker', ['wallet.example'])
    stranger = await leaf(other, 'Wallet maker', ['wallet.example'])
    server = await startServer({ anchors: anchors({ walletProviders: [ca] }), more: '[issuer]\nclient_attestation = "required"\n' })
  })
  after(() => server?.stop())

  const challenge = async () => (await (await fetch(`${server.base}/issuer/challenge`, { method: 'POST' })).json()).attestation_challenge
  /** A client (oauth4webapi) whose every request carries an attestation and a new proof, made by jose; parts can be wrong. */
  async function wallet({ instance, by = provider, header = {}, claims = {}, pop = {}, popHeader = {}, popKey, twice = false } = {}) {
    const client = await Client.of(`${server.base}/issuer`)
    const key = instance ?? (await newKey())
    client.auth = async (as, { client_id: clientId }, body, headers) => {
      body.set('client_id', clientId)
      const attestation = await sign(await importJWK(by.privateJwk, 'ES256'), { typ: 'oauth-client-attestation+jwt', x5c: by.x5c, ...header }, {
        iss: 'https://wallet.example', sub: clientId, iat: now(), exp: now() + 3600, cnf: { jwk: key.jwk }, ...claims,
      })
      const all = { iss: clientId, aud: as.issuer, jti: crypto.randomUUID(), iat: now(), challenge: await challenge(), ...pop }
      const proof = await sign((popKey ?? key).privateKey, { typ: 'oauth-client-attestation-pop+jwt', ...popHeader }, all)
      headers.set('oauth-client-attestation', attestation)
      headers.set('oauth-client-attestation-pop', twice ? (client.last ??= proof) : proof)
    }
    return client
  }
  const refused = async (attempt, error, what) => {
    const failed = await attempt.then((value) => assert.fail(`${what}: not refused: ${JSON.stringify(value)}`), (failed) => failed)
    assert.equal(failed.error ?? (await failed.response?.json())?.error, error, `${what}: ${failed}`)
  }

  test('attested at PAR, at the token and at refresh, by the same instance', async () => {
    const client = await wallet()
    assert.deepEqual(client.as.token_endpoint_auth_methods_supported, ['attest_jwt_client_auth'])
    assert.ok(client.as.client_attestation_signing_alg_values_supported.includes('ES256'))
    assert.equal(client.as.challenge_endpoint, `${server.base}/issuer/challenge`)
    const bound = await client.bound()
    const pushed = await client.push({}, bound)
    const answer = client.answer(await signIn(pushed.url), pushed.state)
    const granted = await client.redeem(answer, pushed.verifier, bound)
    const { jwt } = await client.proofs(1)
    const got = await client.ask(client.metadata.credential_endpoint, granted.access_token, bound, { credential_configuration_id: 'identity', proofs: { jwt } })
    assert.equal(got.status, 200, await got.text())
    await client.refresh(granted.refresh_token, bound)
    const copy = await wallet()
    await refused(copy.refresh(granted.refresh_token, bound), 'invalid_grant', 'another instance')
    await client.refresh(granted.refresh_token, bound)
  })

  test('who does not show it, or wrongly, gets no further than the first request', async () => {
    const plain = await Client.of(`${server.base}/issuer`)
    await refused(plain.push(), 'invalid_client', 'no attestation')
    const another = await newKey()
    for (const [what, how, error] of [
      ['of a wallet provider nobody knows', { by: stranger }, 'invalid_client'],
      ['signed by another key than the certificate’s', { by: { ...stranger, x5c: provider.x5c } }, 'invalid_client'],
      ['for another wallet', { claims: { sub: 'other' } }, 'invalid_client'],
      ['that is over', { claims: { iat: now() - 7200, exp: now() - 3600 } }, 'invalid_client'],
      ['without an end', { claims: { exp: undefined } }, 'invalid_client'],
      ['without a key', { claims: { cnf: undefined } }, 'invalid_client'],
      ['of another type', { header: { typ: 'JWT' } }, 'invalid_client'],
      ['with a proof by another key', { popKey: another }, 'invalid_client'],
      ['with a proof for another server', { pop: { aud: 'https://issuer.example' } }, 'invalid_client'],
      ['with a proof by another wallet', { pop: { iss: 'other' } }, 'invalid_client'],
      ['with an old proof', { pop: { iat: now() - 3600 } }, 'invalid_client'],
      ['with a proof without a name', { pop: { jti: undefined } }, 'invalid_client'],
      ['with a proof of another type', { popHeader: { typ: 'JWT' } }, 'invalid_client'],
      ['without a challenge', { pop: { challenge: undefined } }, 'use_attestation_challenge'],
      ['with a challenge of nobody', { pop: { challenge: 'made-up' } }, 'use_attestation_challenge'],
    ]) {
      await refused((await wallet(how)).push(), error, what)
    }
    const again = await wallet({ twice: true })
    await again.push()
    await refused(again.push(), 'invalid_client', 'a proof that was used')
  })

  test('a code is for the instance that asked', async () => {
    const client = await wallet()
    const bound = await client.bound()
    const pushed = await client.push({}, bound)
    const answer = client.answer(await signIn(pushed.url), pushed.state)
    const thief = await Client.of(`${server.base}/issuer`)
    await refused(thief.redeem(answer, pushed.verifier, bound), 'invalid_client', 'nobody')
    await client.redeem(answer, pushed.verifier, bound)
  })
})
