// W3C credentials made without any library of the bridge: a JWT, and a Data Integrity proof whose canonical RDF
// (RDFC-1.0) is written out by hand. Every node has a name, so its canonical form is just the sorted statements.

import { createHash, generateKeyPairSync, sign } from 'node:crypto'

import { b64 } from './cards.mjs'

const FROM = '2026-01-01T00:00:00Z'

/** An issuer with a P-256 key in a did:jwk. */
export function jwkIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const did = `did:jwk:${b64({ kty, crv, x, y })}`
  return { did, privateKey }
}

/** A VC-JOSE-COSE credential (`vc+jwt`), ES256. `change` replaces members; `kid` names another key. */
export function jwtCredential({ did, privateKey }, { change = {}, kid = `${did}#0` } = {}) {
  const payload = {
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    type: ['VerifiableCredential'],
    issuer: did,
    validFrom: FROM,
    credentialSubject: { id: 'did:example:reader', name: 'Anna' },
    ...change,
  }
  const input = `${b64({ alg: 'ES256', typ: 'vc+jwt', kid })}.${b64(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** Multibase base58btc. */
function base58(bytes) {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  let number = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (; number > 0n; number /= 58n) text = alphabet[Number(number % 58n)] + text
  return `z${'1'.repeat(bytes.findIndex((byte) => byte !== 0))}${text}`
}

const sha256 = (text) => createHash('sha256').update(text).digest()

/** A credential with an `eddsa-rdfc-2022` proof of a fresh did:key (vc-di-eddsa §3.2). */
export function integrityCredential({ validUntil } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url')
  const key = base58(Buffer.concat([Buffer.from([0xed, 0x01]), raw]))
  const did = `did:key:${key}`
  const method = `${did}#${key}`
  const id = 'urn:uuid:7a4c1f3e-5b1d-4a57-9c55-0d1c1d9f0f42'
  const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type'
  const date = (text) => `"${text}"^^<http://www.w3.org/2001/XMLSchema#dateTime>`
  const vocabulary = 'https://www.w3.org/2018/credentials#'
  const security = 'https://w3id.org/security#'

  const document = [
    `<did:example:reader> <https://schema.org/name> "Anna" .\n`,
    `<${id}> <${rdf}> <${vocabulary}VerifiableCredential> .\n`,
    `<${id}> <${vocabulary}credentialSubject> <did:example:reader> .\n`,
    `<${id}> <${vocabulary}issuer> <${did}> .\n`,
    `<${id}> <${vocabulary}validFrom> ${date(FROM)} .\n`,
    ...(validUntil ? [`<${id}> <${vocabulary}validUntil> ${date(validUntil)} .\n`] : []),
  ]
  const options = [
    `_:c14n0 <http://purl.org/dc/terms/created> ${date(FROM)} .\n`,
    `_:c14n0 <${rdf}> <${security}DataIntegrityProof> .\n`,
    `_:c14n0 <${security}cryptosuite> "eddsa-rdfc-2022"^^<${security}cryptosuiteString> .\n`,
    `_:c14n0 <${security}proofPurpose> <${security}assertionMethod> .\n`,
    `_:c14n0 <${security}verificationMethod> <${method}> .\n`,
  ]
  const hashes = [options, document].map((statements) => sha256(statements.sort().join('')))
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    id,
    type: ['VerifiableCredential'],
    issuer: did,
    validFrom: FROM,
    ...(validUntil ? { validUntil } : {}),
    credentialSubject: { id: 'did:example:reader', name: 'Anna' },
    proof: {
      type: 'DataIntegrityProof',
      cryptosuite: 'eddsa-rdfc-2022',
      created: FROM,
      proofPurpose: 'assertionMethod',
      verificationMethod: method,
      proofValue: base58(sign(null, Buffer.concat(hashes), privateKey)),
    },
  }
}
