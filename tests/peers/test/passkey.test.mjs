// Passkeys at our vault service and at `@simplewebauthn/server`, an independent relying party: both must say the same of each
// answer. The authenticator is `node:crypto`.

import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'

import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { isoCBOR } from '@simplewebauthn/server/helpers'

import { startServer } from '../support/server.mjs'

const b64 = (bytes) => Buffer.from(bytes).toString('base64url')
const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const [PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED] = [1, 4, 8, 16, 64]

const kinds = {
  ES256: () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    const cose = new Map([[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, 'base64url')], [-3, Buffer.from(y, 'base64url')]])
    return { cose, sign: (data) => sign('sha256', data, privateKey) }
  },
  EdDSA: () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const { x } = publicKey.export({ format: 'jwk' })
    const cose = new Map([[1, 1], [3, -8], [-1, 6], [-2, Buffer.from(x, 'base64url')]])
    return { cose, sign: (data) => sign(null, data, privateKey) }
  },
}

/** Canonical CBOR of CTAP2, for maps whose keys are in its order. */
const canonical = (map) => Buffer.from(isoCBOR.encode(map))

class Passkey {
  constructor(kind, counter) {
    Object.assign(this, kinds[kind](), { id: randomBytes(24), counter })
    this.flags = PRESENT | VERIFIED | ELIGIBLE | BACKED_UP
  }

  data({ flags = this.flags, site = 'localhost', counter = this.counter } = {}) {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(site), Buffer.from([flags]), count])
  }

  made() {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.id.length)
    return Buffer.concat([this.data({ flags: this.flags | ATTESTED }), Buffer.alloc(16), length, this.id, canonical(this.cose)])
  }

  answer(challenge, origin, { client = {}, data = {}, spoil = (bytes) => bytes } = {}) {
    const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false, ...client }))
    const authenticatorData = this.data(data)
    const signature = spoil(this.sign(Buffer.concat([authenticatorData, sha256(clientData)])))
    return { clientData, authenticatorData, signature }
  }
}

describe('passkeys', () => {
  let server
  before(async () => (server = await startServer()))
  after(() => server?.stop())

  async function post(path, body) {
    const response = await fetch(server.base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }

  /** What the peer keeps of a passkey, from its own reading of the registration. */
  async function register(passkey) {
    const challenge = b64(randomBytes(32))
    const clientDataJSON = b64(JSON.stringify({ type: 'webauthn.create', challenge, origin: server.base }))
    const attestation = canonical(new Map([['fmt', 'none'], ['attStmt', new Map()], ['authData', passkey.made()]]))
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id: b64(passkey.id),
        rawId: b64(passkey.id),
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON, attestationObject: b64(attestation) },
      },
      expectedChallenge: challenge,
      expectedOrigin: server.base,
      expectedRPID: 'localhost',
      requireUserVerification: true,
    })
    assert.ok(verified)
    return registrationInfo.credential
  }

  async function vaultOf(passkey) {
    const vault = b64(randomBytes(16))
    const listed = { credential_id: b64(passkey.id), authenticator_data: b64(passkey.made()) }
    const body = { vault_id: vault, access_token_sha256: b64(sha256('t')), header: b64('header'), manifest: b64('m'), passkeys: [listed] }
    assert.equal((await post('/v1/vaults', body)).status, 201)
    return vault
  }

  const theirs = (passkey, credential, challenge, { clientData, authenticatorData, signature }) =>
    verifyAuthenticationResponse({
      response: {
        id: b64(passkey.id),
        rawId: b64(passkey.id),
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: b64(clientData), authenticatorData: b64(authenticatorData), signature: b64(signature) },
      },
      expectedChallenge: challenge,
      expectedOrigin: server.base,
      expectedRPID: 'localhost',
      credential,
      requireUserVerification: true,
    }).then(({ verified }) => verified, () => false)

  const ours = async (passkey, vault, { clientData, authenticatorData, signature }) => {
    const { status, body } = await post('/v1/sign-in/passkey', {
      vault,
      credential_id: b64(passkey.id),
      client_data: b64(clientData),
      authenticator_data: b64(authenticatorData),
      signature: b64(signature),
    })
    if (status === 200) assert.deepEqual(body, { vaults: [{ id: vault, header: b64('header') }] })
    return status === 200
  }

  const wrong = {
    'another type': { client: { type: 'webauthn.create' } },
    'another challenge': { client: { challenge: b64(randomBytes(64)) } },
    'another origin': { client: { origin: 'https://evil.example' } },
    'another port': { client: { origin: 'http://localhost:1' } },
    'another site': { data: { site: 'evil.example' } },
    'nobody there': { data: { flags: VERIFIED | ELIGIBLE | BACKED_UP } },
    'nobody verified': { data: { flags: PRESENT | ELIGIBLE | BACKED_UP } },
    'backed up though it cannot be': { data: { flags: PRESENT | VERIFIED | BACKED_UP } },
    'a counter that does not grow': { data: { counter: 5 } },
    'a cut signature': { spoil: (bytes) => bytes.subarray(0, -1) },
    'a longer signature': { spoil: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]) },
    'another signature': { spoil: (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1) ^ 1])]) },
    'no signature': { spoil: () => Buffer.alloc(0) },
  }

  // The peer reads the signature's two numbers and leaves what follows.
  const lax = { ES256: ['a longer signature'], EdDSA: [] }

  for (const kind of Object.keys(kinds)) {
    test(`${kind}: both believe what is right, and nothing else`, async () => {
      const passkey = new Passkey(kind, 5)
      const credential = await register(passkey)
      const vault = await vaultOf(passkey)
      const challenge = async () => (await post('/v1/sign-in/passkey/challenge', {})).body.challenge
      for (const [name, twist] of Object.entries(wrong)) {
        const fresh = await challenge()
        const { data, ...rest } = twist
        const answer = passkey.answer(fresh, server.base, { ...rest, data: { counter: 6, ...data } })
        assert.deepEqual([await ours(passkey, vault, answer), await theirs(passkey, credential, fresh, answer)], [false, lax[kind].includes(name)], name)
      }
      const impostor = Object.assign(new Passkey(kind, 6), { id: passkey.id })
      const fresh = await challenge()
      const forged = impostor.answer(fresh, server.base)
      assert.deepEqual([await ours(passkey, vault, forged), await theirs(passkey, credential, fresh, forged)], [false, false])
      for (const counter of [6, 7, 4_000_000_000]) {
        const fresh = await challenge()
        const answer = passkey.answer(fresh, server.base, { data: { counter } })
        assert.deepEqual([await ours(passkey, vault, answer), await theirs(passkey, credential, fresh, answer)], [true, true], `${counter}`)
        assert.equal(await ours(passkey, vault, answer), false, 'once')
      }
    })
  }
})
