// An issuer behind a sign-in, built on @openid4vc/openid4vci and @openid4vc/oauth2: pushed requests, PKCE, DPoP with nonces,
// `iss`, refresh tokens, cards that come later, encrypted messages (jose). `wrong` makes it misbehave in one place.

import { Oauth2AuthorizationServer, Oauth2ResourceServer } from '@openid4vc/oauth2'
import { Openid4vciIssuer } from '@openid4vc/openid4vci'
import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, compactDecrypt, CompactEncrypt, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from 'jose'

import { callbacks } from './callbacks.mjs'
import { issue, now, pidConfiguration } from './cards.mjs'
import { serve } from './http.mjs'

/** An answer that ends a handler at once. */
class Refusal extends Error {
  constructor(status, body, headers = {}) {
    super(body.error)
    this.answer = { status, body, headers }
  }
}

/**
 * Starts it.
 * - `dpop`: 'required', 'offered' or nothing; `nonces`: each proof must carry the last nonce, and each answer brings a new one,
 *   apart for the authorization server and the issuer.
 * - `par`: whether requests must be pushed (then the address has nothing but `request_uri`), or cannot be.
 * - `later`: how often a card is not ready yet; `encryption`: 'offered' or 'required'; `attested`: key attestations are demanded.
 * - `wrong`: functions {metadata, server, answer, token, credential, deferred} that change what is about to be sent.
 */
export async function startCodeIssuer(signer, options = {}) {
  const { dpop, nonces = false, par = true, later = 0, interval = 1, encryption, attested, batch = 3, wrong = {}, card = {}, expiresIn } = options
  const routes = {}
  const web = await serve(routes)
  const url = web.base
  const calls = callbacks({ sign: signer.privateJwk })
  const issuer = new Openid4vciIssuer({ callbacks: calls })
  const oauth = new Oauth2AuthorizationServer({ callbacks: calls })
  const resources = new Oauth2ResourceServer({ callbacks: calls })
  const signing = { method: 'jwk', alg: 'ES256', publicJwk: signer.publicJwk }
  const log = { pushed: [], authorized: [], tokens: [], proofs: [], dpop: [], credential: [], deferred: 0, notifications: [], encrypted: 0, retries: 0, clients: [] }

  const pair = await generateKeyPair('ECDH-ES', { extractable: true })
  const sealing = { kid: 'enc-1', alg: 'ECDH-ES', use: 'enc', ...(await exportJWK(pair.publicKey)) }
  const required = encryption === 'required'
  const jwtProof = { proof_signing_alg_values_supported: ['ES256'], ...(attested ? { key_attestations_required: attested } : {}) }
  const credentialIssuer = issuer.createCredentialIssuerMetadata({
    credential_issuer: url,
    credential_endpoint: `${url}/credential`,
    deferred_credential_endpoint: `${url}/deferred`,
    nonce_endpoint: `${url}/nonce`,
    notification_endpoint: `${url}/notification`,
    ...(batch > 1 ? { batch_credential_issuance: { batch_size: batch } } : {}),
    ...(encryption
      ? {
          credential_request_encryption: { jwks: { keys: [sealing] }, enc_values_supported: ['A128GCM', 'A256GCM'], encryption_required: required },
          credential_response_encryption: { alg_values_supported: ['ECDH-ES'], enc_values_supported: ['A128GCM', 'A256GCM'], encryption_required: required },
        }
      : {}),
    display: [{ name: 'City of Voorbeeld', locale: 'en' }],
    credential_configurations_supported: {
      pid: pidConfiguration({ jwt: jwtProof }),
    },
  })
  wrong.metadata?.(credentialIssuer)
  const metadata = oauth.createAuthorizationServerMetadata({
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/jwks`,
    ...(par ? { pushed_authorization_request_endpoint: `${url}/par`, require_pushed_authorization_requests: true } : {}),
    grant_types_supported: ['authorization_code', 'refresh_token'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    authorization_response_iss_parameter_supported: true,
    ...(dpop ? { dpop_signing_alg_values_supported: ['ES256'] } : {}),
  })
  wrong.server?.(metadata)
  const issuerMetadata = {
    credentialIssuer,
    authorizationServers: [metadata],
    originalDraftVersion: 'V1',
    knownCredentialConfigurations: credentialIssuer.credential_configurations_supported,
  }

  // RFC 9449 §8, §9: nonces of the two servers, each changed with every answer.
  const fresh = { server: randomUUID(), resource: randomUUID() }
  const jtis = new Set()
  const says = (which) => (nonces ? { 'dpop-nonce': (fresh[which] = randomUUID()) } : {})
  /** What @openid4vc/oauth2 leaves to its caller: the nonce, the time, and that no proof comes twice. */
  function checkProof(jwt, which) {
    if (!jwt) return
    const { nonce, iat, jti } = decodeJwt(jwt)
    const refuse = (error) =>
      which === 'server'
        ? new Refusal(400, { error }, says(which))
        : new Refusal(401, { error }, { 'www-authenticate': `DPoP error="${error}"`, ...says(which) })
    if (jtis.has(jti) || Math.abs(now() - iat) > 60 || Object.hasOwn(decodeProtectedHeader(jwt).jwk, 'd')) throw refuse('invalid_dpop_proof')
    jtis.add(jti)
    if ((nonces && nonce !== fresh[which]) || options.endless === which) {
      log.retries += 1
      throw refuse('use_dpop_nonce')
    }
    log.dpop.push({ which, jwt, nonce })
  }
  const asking = (path, { headers, method = 'POST' }) => ({ headers: new Headers(headers), method, url: `${url}${path}` })
  const guarded = (which, handler) => async (http) => {
    try {
      const answer = await handler(http)
      return { ...answer, headers: { 'cache-control': 'no-store', ...says(which), ...answer.headers } }
    } catch (error) {
      if (error instanceof Refusal) return error.answer
      if (error.errorResponse) return { status: 400, body: error.errorResponse, headers: says(which) }
      throw error
    }
  }

  const requests = new Map()
  const codes = new Map()
  const tokens = new Map()
  const deferred = new Map()
  const offered = { issuerState: randomUUID() }
  let cNonce

  routes['GET /.well-known/openid-credential-issuer'] = () => ({ body: credentialIssuer })
  routes['GET /.well-known/oauth-authorization-server'] = () => ({ body: metadata })
  routes['GET /jwks'] = () => ({ body: { keys: [{ ...signer.publicJwk, alg: 'ES256', use: 'sig' }] } })

  routes['POST /par'] = guarded('server', async ({ body, headers }) => {
    const request = asking('/par', { headers })
    const form = Object.fromEntries(new URLSearchParams(body))
    const parsed = await oauth.parsePushedAuthorizationRequest({ authorizationRequest: form, request })
    checkProof(parsed.dpop?.jwt, 'server')
    const verified = await oauth.verifyPushedAuthorizationRequest({ ...parsed, request, authorizationServerMetadata: metadata, dpop: parsed.dpop && { ...parsed.dpop, allowedSigningAlgs: ['ES256'] } })
    if (options.refusePush) throw new Refusal(400, { error: options.refusePush })
    const reference = `urn:ietf:params:oauth:request_uri:${randomUUID()}`
    requests.set(reference, { ...form, jkt: verified.dpop?.jwkThumbprint ?? form.dpop_jkt })
    log.pushed.push({ form, attested: headers['oauth-client-attestation'] })
    const { pushedAuthorizationResponse } = oauth.createPushedAuthorizationResponse({ requestUri: reference, expiresInSeconds: 60 })
    return { status: 201, body: pushedAuthorizationResponse }
  })

  /** The person's browser: nobody is asked anything here. */
  routes['GET /authorize'] = ({ url: asked }) => {
    const query = Object.fromEntries(asked.searchParams)
    log.authorized.push(query)
    const request = par ? requests.get(query.request_uri) : query
    requests.delete(query.request_uri)
    if (!request || request.client_id !== query.client_id) return { status: 400, body: { error: 'invalid_request_uri' } }
    const code = randomUUID()
    codes.set(code, request)
    const answer = new URLSearchParams({ code, state: request.state, iss: url })
    const changed = wrong.answer?.(answer, request) ?? answer
    return { status: 303, headers: { location: `${request.redirect_uri}?${changed}` }, body: '' }
  }

  routes['POST /token'] = guarded('server', async ({ body, headers }) => {
    const request = asking('/token', { headers })
    const form = Object.fromEntries(new URLSearchParams(body))
    const parsed = oauth.parseAccessTokenRequest({ request, accessTokenRequest: form })
    checkProof(parsed.dpop?.jwt, 'server')
    const common = { ...parsed, request, authorizationServerMetadata: metadata }
    const proof = (jkt) => (dpop && (parsed.dpop || dpop === 'required') ? { ...parsed.dpop, required: dpop === 'required', allowedSigningAlgs: ['ES256'], expectedJwkThumbprint: jkt } : undefined)
    let granted
    if (parsed.grant.grantType === 'refresh_token') {
      granted = [...tokens.values()].find((token) => token.refresh === form.refresh_token)
      if (!granted) throw new Refusal(400, { error: 'invalid_grant' })
      granted.refresh = undefined
      granted.verified = await oauth.verifyRefreshTokenAccessTokenRequest({ ...common, expectedRefreshToken: form.refresh_token, dpop: proof(granted.jkt) })
    } else {
      const asked = codes.get(form.code)
      codes.delete(form.code)
      if (!asked || form.redirect_uri !== asked.redirect_uri || form.client_id !== asked.client_id) throw new Refusal(400, { error: 'invalid_grant' })
      const verified = await oauth.verifyAuthorizationCodeAccessTokenRequest({
        ...common,
        expectedCode: form.code,
        pkce: { codeVerifier: parsed.pkceCodeVerifier, codeChallenge: asked.code_challenge, codeChallengeMethod: asked.code_challenge_method },
        dpop: proof(asked.jkt),
      })
      granted = { client: asked.client_id, verified }
    }
    const bound = granted.verified.dpop
    const refresh = bound && randomUUID()
    const answer = await oauth.createAccessTokenResponse({
      audience: url,
      authorizationServer: url,
      clientId: granted.client,
      subject: 'anna',
      expiresInSeconds: expiresIn ?? (bound ? 3600 : 300),
      signer: signing,
      dpop: bound && { jwk: bound.jwk },
      refreshToken: refresh,
    })
    wrong.token?.(answer)
    tokens.set(answer.access_token, { client: granted.client, jkt: bound?.jwkThumbprint, refresh })
    log.tokens.push({ grant: parsed.grant.grantType, type: answer.token_type, attested: headers['oauth-client-attestation'] })
    return { body: answer }
  })

  routes['POST /nonce'] = () => {
    cNonce = randomUUID()
    return { body: { c_nonce: cNonce }, headers: { 'cache-control': 'no-store', ...says('resource') } }
  }

  /** The token of a request, checked by the peer; and its body, opened. */
  async function resource(path, { body, headers }) {
    const request = asking(path, { headers })
    checkProof(headers.dpop, 'resource')
    const verified = await resources
      .verifyResourceRequest({ request, resourceServer: url, authorizationServers: [metadata], allowedAuthenticationSchemes: ['DPoP', 'Bearer'] })
      .catch((error) => {
        throw new Refusal(401, { error: 'invalid_token', error_description: String(error) }, { 'www-authenticate': 'DPoP error="invalid_token"' })
      })
    const known = tokens.get(verified.accessToken)
    if (known.jkt && verified.scheme !== 'DPoP') throw new Refusal(401, { error: 'invalid_token' }, { 'www-authenticate': 'DPoP error="invalid_token"' })
    if (headers['content-type'] !== 'application/jwt') {
      if (required) throw new Refusal(400, { error: 'invalid_encryption_parameters' })
      return { known, json: JSON.parse(body) }
    }
    const { plaintext, protectedHeader } = await compactDecrypt(body, pair.privateKey)
    if (protectedHeader.kid !== sealing.kid || protectedHeader.zip) throw new Refusal(400, { error: 'invalid_encryption_parameters' })
    log.encrypted += 1
    // The peer knows this member with `alg`, as drafts had it; here it has done its work before the peer looks.
    const { credential_response_encryption: reply, ...json } = JSON.parse(Buffer.from(plaintext).toString())
    return { known, json, reply }
  }
  async function sealed(body, reply) {
    if (!reply) return { body }
    const { alg, kid, ...jwk } = reply.jwk
    const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(body))).setProtectedHeader({ alg, enc: reply.enc, ...(kid ? { kid } : {}) }).encrypt(await importJWK(jwk, alg))
    return { type: 'application/jwt', body: wrong.sealed?.(jwe) ?? jwe }
  }
  const copies = (keys) => Promise.all(keys.map(async (publicJwk) => ({ credential: await issue(signer, { publicJwk }, card) })))

  routes['POST /credential'] = guarded('resource', async (http) => {
    const { known, json, reply } = await resource('/credential', http)
    const parsed = issuer.parseCredentialRequest({ issuerMetadata, credentialRequest: json })
    log.credential.push(json)
    const keys = []
    for (const jwt of parsed.proofs.jwt ?? []) {
      const proof = await issuer.verifyCredentialRequestJwtProof({ issuerMetadata, jwt, expectedNonce: cNonce, clientId: known.client })
      log.proofs.push({ jwt, attestation: proof.keyAttestation })
      keys.push(proof.signer.publicJwk)
    }
    for (const keyAttestationJwt of parsed.proofs.attestation ?? []) {
      const proof = await issuer.verifyCredentialRequestAttestationProof({ issuerMetadata, keyAttestationJwt, expectedNonce: cNonce })
      log.proofs.push({ attestation: proof })
      keys.push(...proof.payload.attested_keys)
    }
    let answer
    if (later > 0) {
      const transactionId = randomUUID()
      deferred.set(transactionId, { keys, left: later })
      answer = issuer.createCredentialResponse({ credentialRequest: parsed, transactionId, interval })
    } else {
      answer = issuer.createCredentialResponse({ credentialRequest: parsed, credentials: await copies(keys), notificationId: 'n-1' })
    }
    wrong.credential?.(answer)
    return { status: later > 0 ? 202 : 200, ...(await sealed(answer, wrong.plain ? undefined : reply)) }
  })

  routes['POST /deferred'] = guarded('resource', async (http) => {
    const { json, reply } = await resource('/deferred', http)
    const { deferredCredentialRequest } = issuer.parseDeferredCredentialRequest({ deferredCredentialRequest: json })
    log.deferred += 1
    const id = deferredCredentialRequest.transaction_id
    const waiting = deferred.get(id)
    if (!waiting) throw new Refusal(400, { error: 'invalid_transaction_id' })
    if (options.denyLater) throw new Refusal(400, { error: 'credential_request_denied' })
    waiting.left -= 1
    if (waiting.left > 0) {
      const answer = issuer.createDeferredCredentialResponse({ transactionId: id, interval })
      wrong.deferred?.(answer)
      return { status: 202, ...(await sealed(answer, reply)) }
    }
    deferred.delete(id)
    const answer = issuer.createDeferredCredentialResponse({ credentials: await copies(waiting.keys) })
    // Not through the peer, which takes no notification id beside credentials.
    return sealed({ ...answer, notification_id: 'n-2' }, reply)
  })

  routes['POST /notification'] = guarded('resource', async ({ body, headers }) => {
    await resource('/notification', { body, headers }).catch((error) => {
      if (!required) throw error
    })
    log.notifications.push(JSON.parse(body))
    return { status: 204, body: '' }
  })

  const { credentialOffer } = await issuer.createCredentialOffer({
    issuerMetadata,
    credentialConfigurationIds: ['pid'],
    grants: { authorization_code: { issuer_state: offered.issuerState } },
  })
  return { offer: credentialOffer, issuerState: offered.issuerState, log, url, seen: web.seen, close: web.close, jkt: (jwt) => calculateJwkThumbprint(decodeProtectedHeader(jwt).jwk) }
}
