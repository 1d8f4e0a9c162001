// oidc-provider as an issuer that wants attestations; our wallet with those of our wallet provider.

import assert from 'node:assert/strict'
import { decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { after, before, describe, test } from 'node:test'

import { now, PID } from '../support/cards.mjs'
import { Person, startIssuingProvider } from '../support/login.mjs'
import { signIn } from '../support/person.mjs'
import { anchors, authority, leaf } from '../support/pki.mjs'
import { startServer } from '../support/server.mjs'
import { receiveSignedIn } from '../support/signed-in.mjs'
import { newWallet } from '../support/wallet.mjs'

describe('oidc-provider as an issuer that wants attestations, our wallet and wallet provider', () => {
  let server, provider, signer
  const running = []

  before(async () => {
    const ca = await authority('Card CA')
    signer = await leaf(ca, 'Province of Voorbeeld', ['issuer.example'])
    server = await startServer({ anchors: anchors({ issuers: [{ ca, vct: [PID] }] }) })
    // The provider's certificate, as it would be listed.
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const proof = await new SignJWT({ aud: server.base, iat: now() })
      .setProtectedHeader({ alg: 'ES256', typ: 'assent-provider-proof+jwt', jwk: await exportJWK(publicKey) })
      .sign(privateKey)
    const body = JSON.stringify({ client_id: 'assent-cli', proof })
    const given = await fetch(`${server.base}/v1/wallet-provider/wallet-attestation`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    provider = decodeProtectedHeader((await given.json()).wallet_attestation).x5c[0]
  })
  after(async () => {
    await Promise.all(running.map((peer) => peer.stop()))
    await server?.stop()
  })

  async function issuer(options) {
    const peer = await startIssuingProvider(signer, options)
    running.push(peer)
    return peer
  }
  const browse = (url, back) => new Person().signIn(url, 'anna', back)

  for (const [what, options, kind] of [
    ['of the wallet (attestation-based client authentication, with a challenge)', { walletAttestation: true }, ['jwt']],
    ['of keys, beside a proof', { attested: 'jwt' }, ['jwt', 'key_attestation']],
    ['of keys, alone', { attested: 'attestation' }, ['attestation']],
    ['of both', { walletAttestation: true, attested: 'jwt' }, ['jwt', 'key_attestation']],
  ]) {
    test(what, async () => {
      const peer = await issuer({ ...options, walletProvider: [provider] })
      const ours = await newWallet(undefined, { operator: server.base })
      const answer = await receiveSignedIn(ours, peer.offer, { browse })
      assert.equal(answer.code, 0, JSON.stringify(answer) + peer.trouble())
      assert.equal(answer.data.cards[0].copiesTotal, 4)
      const { credential } = await peer.log()
      assert.deepEqual(credential.map(({ copies, kind }) => [copies, kind]), [[4, kind]])
    })
  }

  test('a provider that the issuer does not know gives nothing', async () => {
    const peer = await issuer({ walletAttestation: true, walletProvider: [] })
    const ours = await newWallet(undefined, { operator: server.base })
    const ended = await ours.do('receive', peer.offer, '--yes', '--elsewhere')
    assert.notEqual(ended.error.code, 'sign-in-needed', JSON.stringify(ended))
  })
})

describe('our own issuer that wants attestations, our wallet', () => {
  let server

  before(async () => {
    server = await startServer({ more: '[issuer]\ndpop = "required"\nencryption = "required"\nclient_attestation = "required"\nattested_keys = ["identity"]\n' })
  })
  after(() => server?.stop())

  for (const [what, wanted] of [
    ['by sign-in', { sign_in: true }],
    ['by sign-in, later', { sign_in: true, later_seconds: 2 }],
    ['by pre-authorised code', {}],
  ]) {
    test(`everything demanded at once: ${what}`, async () => {
      const body = JSON.stringify({ card: 'identity', ...wanted })
      const offered = await fetch(`${server.base}/v1/sandbox/offers`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      const { link } = await offered.json()
      const ours = await newWallet(undefined, { operator: server.base })
      const answer = wanted.sign_in
        ? await receiveSignedIn(ours, link, { browse: (url) => signIn(url), more: ['--wait'] })
        : await ours.do('receive', link, '--yes')
      assert.equal(answer.code, 0, JSON.stringify(answer))
      assert.equal(answer.data.cards[0].copiesTotal, 10)
    })
  }

  test('a wallet without somebody to vouch for it is told so', async () => {
    const body = JSON.stringify({ card: 'identity', sign_in: true })
    const offered = await fetch(`${server.base}/v1/sandbox/offers`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const ours = await newWallet(anchors({}))
    const ended = await ours.do('receive', (await offered.json()).link, '--yes', '--elsewhere')
    assert.equal(ended.code, 5, JSON.stringify(ended))
    assert.notEqual(ended.error.code, 'sign-in-needed')
  })
})
