// An issuer and authorization server in a process of its own: `oidc-provider` with its OpenID4VCI, pushed requests, DPoP with
// required nonces and attestation-based client authentication, on loopback. Its cards are of @sd-jwt.
// Arguments: port, and JSON settings {signer, attested?, walletAttestation?, walletProvider?}: which proofs want a key
// attestation ('jwt' or 'attestation'), whether clients must show a wallet attestation, and the certificates of wallet providers.

import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, importX509 } from 'jose'
import { Provider } from 'oidc-provider'

import { issue, pidConfiguration } from './cards.mjs'

const [port, settings] = [Number(process.argv[2]), JSON.parse(process.argv[3])]
const { signer, attested, walletAttestation } = settings
const base = `http://127.0.0.1:${port}`
const pair = await generateKeyPair('ES256', { extractable: true })
const secret = Buffer.alloc(32, 7)
const log = { credential: [] }

/** The key of an attestation: of its first certificate. That this is one of the wallet provider is settled by whole bytes. */
async function attester(header) {
  const [leaf] = header.x5c ?? []
  if (!settings.walletProvider?.includes(leaf)) throw new Error('not a wallet provider that is known here')
  return importX509(`-----BEGIN CERTIFICATE-----\n${leaf}\n-----END CERTIFICATE-----`, header.alg)
}

const proofTypes = {
  jwt: { proof_signing_alg_values_supported: ['ES256'], ...(attested === 'jwt' ? { key_attestations_required: {} } : {}) },
}
const provider = new Provider(base, {
  clients: [
    {
      client_id: 'assent-cli',
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/'],
      token_endpoint_auth_method: walletAttestation ? 'attest_jwt_client_auth' : 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
    },
  ],
  clientAuthMethods: [walletAttestation ? 'attest_jwt_client_auth' : 'none'],
  jwks: { keys: [{ ...(await exportJWK(pair.privateKey)), alg: 'ES256', use: 'sig', kid: 'one' }] },
  cookies: { keys: ['a key of this test run'] },
  scopes: ['openid', 'offline_access', 'pid'],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  features: {
    devInteractions: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    dPoP: { enabled: true, nonceSecret: secret, requireNonce: () => true },
    ...(walletAttestation ? { attestClientAuth: { enabled: true, ack: 'draft-12', challengeSecret: secret, getAttestationSignaturePublicKey: (_, header) => attester(header) } } : {}),
    resourceIndicators: {
      enabled: true,
      defaultResource: () => base,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'pid', audience: base, accessTokenFormat: 'opaque', accessTokenTTL: 3600 }),
    },
    openid4vci: {
      enabled: true,
      ack: 'experimental-01',
      nonceSecret: secret,
      metadata: {
        batch_credential_issuance: { batch_size: 4 },
        display: [{ name: 'Province of Voorbeeld', locale: 'en' }],
      },
      credentialConfigurationsSupported: {
        pid: pidConfiguration(attested === 'attestation' ? { attestation: { proof_signing_alg_values_supported: ['ES256'], key_attestations_required: {} } } : proofTypes),
      },
      credentialEndpointExpectedAudience: () => base,
      getKeyAttestationSignaturePublicKey: (_, iss, header) => attester(header),
      issueCredential: async (_, { proofs, accessToken }) => {
        // With an attestation beside one proof, a card for each of its keys (appendix F.1 with D).
        const attestedBeside = proofs.key_attestation?.attestedKeys
        const named = () => proofs.jwt.map((jwt) => JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url')).jwk)
        const keys = attestedBeside ?? proofs.attestation?.attestedKeys ?? named()
        log.credential.push({ copies: keys.length, jkt: accessToken.jkt, kind: Object.keys(proofs) })
        return { credentials: await Promise.all(keys.map(async (publicJwk) => ({ credential: await issue(signer, { publicJwk }) }))) }
      },
    },
  },
})
const handle = provider.callback()
createServer((request, response) => {
  if (request.url === '/log') return response.end(JSON.stringify(log))
  return handle(request, response)
}).listen(port, '127.0.0.1', () => console.log('ready'))
