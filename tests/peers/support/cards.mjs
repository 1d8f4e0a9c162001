// Cards made by @sd-jwt, an independent implementation, signed under a test authority.

import { digest, ES256, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { createHash } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'

export const PID = 'urn:eudi:pid:1'
/** What metadata of an issuer says of the PID. */
export const pidConfiguration = (proofTypes) => ({
  format: 'dc+sd-jwt',
  vct: PID,
  scope: 'pid',
  cryptographic_binding_methods_supported: ['jwk'],
  credential_signing_alg_values_supported: ['ES256'],
  proof_types_supported: proofTypes,
  credential_metadata: { display: [{ name: 'Identity card', locale: 'en' }] },
})
export const now = () => Math.floor(Date.now() / 1000)
export const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A key of a wallet. */
export async function newKey() {
  const pair = await generateKeyPair('ES256', { extractable: true })
  return { privateJwk: await exportJWK(pair.privateKey), publicJwk: await exportJWK(pair.publicKey) }
}

/** The instance of @sd-jwt for an issuer, and optionally a holder. */
export async function instance(issuer, holder) {
  return new SDJwtVcInstance({
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
    signAlg: 'ES256',
    signer: await ES256.getSigner(issuer.privateJwk),
    verifier: await ES256.getVerifier(issuer.publicJwk),
    ...(holder
      ? {
          kbSignAlg: 'ES256',
          kbSigner: await ES256.getSigner(holder.privateJwk),
          kbVerifier: await ES256.getVerifier(holder.publicJwk),
        }
      : {}),
  })
}

/** A PID of @sd-jwt, bound to `holder`; every claim can be left out. */
export async function issue(issuer, holder, { claims = {}, typ = 'dc+sd-jwt', always = {} } = {}) {
  const sdjwt = await instance(issuer)
  const details = {
    given_name: 'Anna',
    family_name: 'Jansen',
    address: { locality: 'Voorbeeld', country: 'NL' },
    nationalities: ['NL', 'BE'],
    ...claims,
  }
  const payload = {
    vct: PID,
    iss: 'https://issuer.example',
    iat: now() - 60,
    exp: now() + 86400,
    cnf: { jwk: holder.publicJwk },
    ...always,
    ...details,
  }
  const frame = { _sd: Object.keys(details), address: { _sd: ['locality', 'country'] }, nationalities: { _sd: [0, 1] } }
  return sdjwt.issue(payload, frame, { header: { typ, x5c: issuer.x5c } })
}

/** Signs a key binding JWT over `sdJwt` by hand, so that tests can get it wrong. */
export async function bind(sdJwt, holder, { nonce, aud, iat = now(), typ = 'kb+jwt', hash } = {}) {
  const sdHash = hash ?? createHash('sha256').update(sdJwt).digest('base64url')
  const key = await importJWK(holder.privateJwk, 'ES256')
  const jwt = await new SignJWT({ nonce, aud, iat, sd_hash: sdHash }).setProtectedHeader({ alg: 'ES256', typ }).sign(key)
  return sdJwt + jwt
}
