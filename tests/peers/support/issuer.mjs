// An issuer built on @openid4vc/openid4vci, issuing cards of @sd-jwt.

import { Oauth2AuthorizationServer } from '@openid4vc/oauth2'
import { Openid4vciIssuer } from '@openid4vc/openid4vci'
import { randomUUID } from 'node:crypto'

import { callbacks } from './callbacks.mjs'
import { issue, pidConfiguration } from './cards.mjs'
import { serve } from './http.mjs'

/** Starts it. `txCode` demands a transaction code; `batch` is the batch size; `card` changes what is issued. */
export async function startIssuer(signer, { txCode, batch = 3, card = {} } = {}) {
  const routes = {}
  const server = await serve(routes)
  const url = server.base
  const issuer = new Openid4vciIssuer({ callbacks: callbacks({ sign: signer.privateJwk }) })
  const authorizationServer = new Oauth2AuthorizationServer({ callbacks: callbacks({ sign: signer.privateJwk }) })
  const credentialIssuer = issuer.createCredentialIssuerMetadata({
    credential_issuer: url,
    credential_endpoint: `${url}/credential`,
    nonce_endpoint: `${url}/nonce`,
    notification_endpoint: `${url}/notification`,
    batch_credential_issuance: { batch_size: batch },
    display: [{ name: 'City of Voorbeeld', locale: 'en' }],
    credential_configurations_supported: {
      pid: pidConfiguration({ jwt: { proof_signing_alg_values_supported: ['ES256'] } }),
    },
  })
  const metadata = authorizationServer.createAuthorizationServerMetadata({
    issuer: url,
    token_endpoint: `${url}/token`,
    grant_types_supported: ['urn:ietf:params:oauth:grant-type:pre-authorized_code'],
    'pre-authorized_grant_anonymous_access_supported': true,
  })
  const issuerMetadata = {
    credentialIssuer,
    authorizationServers: [metadata],
    originalDraftVersion: 'V1',
    knownCredentialConfigurations: credentialIssuer.credential_configurations_supported,
  }
  const log = { notifications: [], proofs: 0 }
  const code = randomUUID()
  let token
  let nonce

  routes['GET /.well-known/openid-credential-issuer'] = () => ({ body: credentialIssuer })
  routes['GET /.well-known/oauth-authorization-server'] = () => ({ body: metadata })
  routes['POST /nonce'] = () => {
    nonce = randomUUID()
    return { body: { c_nonce: nonce }, headers: { 'cache-control': 'no-store' } }
  }
  routes['POST /token'] = async ({ body, headers }) => {
    const request = { headers: new Headers(headers), method: 'POST', url: `${url}/token` }
    const parsed = authorizationServer.parseAccessTokenRequest({
      request,
      accessTokenRequest: Object.fromEntries(new URLSearchParams(body)),
    })
    try {
      await authorizationServer.verifyPreAuthorizedCodeAccessTokenRequest({
        accessTokenRequest: parsed.accessTokenRequest,
        expectedPreAuthorizedCode: code,
        expectedTxCode: txCode,
        grant: parsed.grant,
        request,
        authorizationServerMetadata: metadata,
      })
    } catch (error) {
      return { status: 400, body: error.errorResponse ?? { error: 'invalid_grant' } }
    }
    token = randomUUID()
    return { body: { access_token: token, token_type: 'Bearer', expires_in: 300 }, headers: { 'cache-control': 'no-store' } }
  }
  routes['POST /credential'] = async ({ body, headers }) => {
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { error: 'invalid_token' } }
    const parsed = issuer.parseCredentialRequest({ issuerMetadata, credentialRequest: JSON.parse(body) })
    const credentials = []
    for (const jwt of parsed.proofs.jwt) {
      const proof = await issuer.verifyCredentialRequestJwtProof({ issuerMetadata, jwt, expectedNonce: nonce })
      log.proofs += 1
      credentials.push({ credential: await issue(signer, { publicJwk: proof.signer.publicJwk }, card) })
    }
    return {
      body: issuer.createCredentialResponse({
        credentialRequest: parsed,
        credentials,
        notificationId: 'n-1',
      }),
    }
  }
  routes['POST /notification'] = ({ body }) => {
    log.notifications.push(JSON.parse(body))
    return { status: 204, body: '' }
  }

  const { credentialOffer } = await issuer.createCredentialOffer({
    issuerMetadata,
    credentialConfigurationIds: ['pid'],
    grants: {
      'urn:ietf:params:oauth:grant-type:pre-authorized_code': {
        'pre-authorized_code': code,
        ...(txCode ? { tx_code: { input_mode: 'numeric', length: txCode.length } } : {}),
      },
    },
  })
  return { offer: credentialOffer, log, url, seen: server.seen, close: server.close }
}
