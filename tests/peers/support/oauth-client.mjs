// A strict OAuth client (oauth4webapi) for our authorization server, and proofs made by hand with jose where a test must be able
// to get them wrong.

import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'

import { now } from './cards.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }

/** One call, once more when it wants another nonce. */
async function withNonce(call) {
  try {
    return await call()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return call()
  }
}

export class Client {
  /** Reads the metadata of `issuer`; fails unless it names itself so. */
  static async of(issuer, clientId = 'assent-cli', redirectUri = 'http://127.0.0.1:4711/') {
    const self = new Client()
    const url = new URL(issuer)
    self.as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure }))
    const parts = new URL(issuer)
    const at = `${parts.origin}/.well-known/openid-credential-issuer${parts.pathname.replace(/\/$/, '')}`
    self.metadata = await (await fetch(at)).json()
    Object.assign(self, { issuer, client: { client_id: clientId }, redirectUri, auth: oauth.None() })
    return self
  }

  /** A key for proofs of possession. */
  async bound() {
    const keys = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(keys.publicKey)
    return { keys, jwk, jkt: await calculateJwkThumbprint(jwk), handle: oauth.DPoP(this.client, keys) }
  }

  /** Pushes a request. `change` is laid over the parameters; undefined takes one away. */
  async push(change = {}, dpop) {
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const parameters = {
      response_type: 'code',
      redirect_uri: this.redirectUri,
      state,
      scope: 'identity',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...change,
    }
    const given = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined))
    const pushed = await withNonce(async () => {
      const response = await oauth.pushedAuthorizationRequest(this.as, this.client, this.auth, given, { DPoP: dpop?.handle, ...insecure })
      return oauth.processPushedAuthorizationResponse(this.as, this.client, response)
    })
    const query = new URLSearchParams({ client_id: this.client.client_id, request_uri: pushed.request_uri })
    return { ...pushed, verifier, state, url: `${this.as.authorization_endpoint}?${query}` }
  }

  /** What came back, after every check of the client: state, `iss`, no error. */
  answer(location, state) {
    return oauth.validateAuthResponse(this.as, this.client, new URL(location), state)
  }

  async redeem(answer, verifier, dpop, redirectUri = this.redirectUri) {
    return withNonce(async () => {
      const response = await oauth.authorizationCodeGrantRequest(this.as, this.client, this.auth, answer, redirectUri, verifier, { DPoP: dpop?.handle, ...insecure })
      return oauth.processAuthorizationCodeResponse(this.as, this.client, response)
    })
  }

  async refresh(token, dpop) {
    return withNonce(async () => {
      const response = await oauth.refreshTokenGrantRequest(this.as, this.client, this.auth, token, { DPoP: dpop?.handle, ...insecure })
      return oauth.processRefreshTokenResponse(this.as, this.client, response)
    })
  }

  /** A request with the token; the answer as it is. */
  async ask(url, token, dpop, body, type = 'application/json') {
    const headers = new Headers({ 'content-type': type })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return withNonce(() => oauth.protectedResourceRequest(token, 'POST', new URL(url), headers, text, { DPoP: dpop?.handle, ...insecure }))
  }

  async nonce() {
    return (await (await fetch(this.metadata.nonce_endpoint, { method: 'POST' })).json()).c_nonce
  }

  /** Key proofs in the name of the client, for so many fresh keys. */
  async proofs(count = 1, change = {}) {
    const nonce = await this.nonce()
    const keys = await Promise.all(Array.from({ length: count }, () => generateKeyPair('ES256', { extractable: true })))
    const jwt = await Promise.all(
      keys.map(async ({ privateKey, publicKey }) =>
        new SignJWT({ aud: this.issuer, iat: now(), nonce, iss: this.client.client_id, ...change })
          .setProtectedHeader({ alg: 'ES256', typ: 'openid4vci-proof+jwt', jwk: await exportJWK(publicKey) })
          .sign(privateKey),
      ),
    )
    return { jwt, jwks: await Promise.all(keys.map(({ publicKey }) => exportJWK(publicKey))) }
  }
}

/** A DPoP proof made by hand; `header` and `claims` are laid over what is right. */
export async function proof({ keys, jwk }, htm, htu, { token, nonce, header = {}, claims = {}, key } = {}) {
  const ath = token && createHash('sha256').update(token).digest('base64url')
  const all = { htm, htu, iat: now(), jti: randomUUID(), ...(ath ? { ath } : {}), ...(nonce ? { nonce } : {}), ...claims }
  return new SignJWT(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)))
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(key ?? keys.privateKey)
}
