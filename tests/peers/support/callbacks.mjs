// The cryptography that the @openid4vc packages leave to their caller, on `jose`.

import { clientAuthenticationAnonymous, setGlobalConfig } from '@openid4vc/oauth2'
import { createHash, createPublicKey, randomBytes, X509Certificate } from 'node:crypto'
import {
  compactDecrypt,
  CompactEncrypt,
  decodeProtectedHeader,
  exportJWK,
  importJWK,
  jwtVerify,
  SignJWT,
} from 'jose'

setGlobalConfig({ allowInsecureUrls: true })

async function signerJwk(signer) {
  if (signer.method === 'jwk') return signer.publicJwk
  if (signer.method === 'x5c') {
    return exportJWK(createPublicKey(new X509Certificate(Buffer.from(signer.x5c[0], 'base64')).publicKey.export({ type: 'spki', format: 'pem' })))
  }
  if (signer.method === 'did') {
    const [, method, id] = signer.didUrl.split('#')[0].split(':')
    if (method === 'jwk') return JSON.parse(Buffer.from(id, 'base64url').toString())
  }
  throw new Error(`no key for a signer of method ${signer.method}`)
}

/** Callbacks that sign with `sign` (a private JWK) and decrypt with `decrypt`. */
export function callbacks({ sign, decrypt } = {}) {
  return {
    hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
    generateRandom: (length) => randomBytes(length),
    clientAuthentication: clientAuthenticationAnonymous(),
    signJwt: async (signer, { header, payload }) => {
      const key = await importJWK(sign, header.alg)
      const jwt = await new SignJWT(payload).setProtectedHeader(header).sign(key)
      return { jwt, signerJwk: await signerJwk(signer) }
    },
    verifyJwt: async (signer, { compact }) => {
      const jwk = await signerJwk(signer)
      try {
        await jwtVerify(compact, await importJWK(jwk, decodeProtectedHeader(compact).alg), { clockTolerance: 60 })
        return { verified: true, signerJwk: jwk }
      } catch {
        return { verified: false }
      }
    },
    encryptJwe: async ({ publicJwk, alg, enc, apu, apv }, data) => {
      const encrypt = new CompactEncrypt(Buffer.from(data)).setProtectedHeader({ alg, enc, kid: publicJwk.kid })
      if (apu || apv) {
        encrypt.setKeyManagementParameters({
          apu: apu && Buffer.from(apu, 'base64url'),
          apv: apv && Buffer.from(apv, 'base64url'),
        })
      }
      return { jwe: await encrypt.encrypt(await importJWK(publicJwk, alg)), encryptionJwk: publicJwk }
    },
    decryptJwe: async (jwe) => {
      try {
        const { plaintext } = await compactDecrypt(jwe, await importJWK(decrypt, 'ECDH-ES'))
        return { decrypted: true, decryptionJwk: decrypt, payload: Buffer.from(plaintext).toString() }
      } catch {
        return { decrypted: false }
      }
    },
    getX509CertificateMetadata: (certificate) => {
      const names = new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName ?? ''
      const pick = (kind) => [...names.matchAll(new RegExp(`${kind}:([^,]+)`, 'g'))].map((match) => match[1].trim())
      return { sanDnsNames: pick('DNS'), sanUriNames: pick('URI') }
    },
  }
}
