// A login provider in a process of its own: `oidc-provider` with its own pages for people, on loopback.
// Arguments: port, and a JSON list of clients {client_id, client_secret, redirect_uris, alg}.

import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'

import { Provider } from 'oidc-provider'

const [port, clients] = [Number(process.argv[2]), JSON.parse(process.argv[3])]

function key(alg) {
  const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg }
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: clients.map(({ alg, ...client }) => ({
    ...client,
    grant_types: ['authorization_code'],
    response_types: ['code'],
    id_token_signed_response_alg: alg,
  })),
  jwks: { keys: [key('ES256'), key('RS256')] },
  cookies: { keys: ['a key of this test run'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
})
createServer(provider.callback()).listen(port, '127.0.0.1', () => console.log('ready'))
