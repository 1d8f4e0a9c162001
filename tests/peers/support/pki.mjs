// Test certificate authorities and leaves on P-256, made fresh for every run.

import * as asn1js from 'asn1js'
import { createHash, webcrypto } from 'node:crypto'
import * as pkijs from 'pkijs'

import { put } from './run.mjs'

pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }))

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
let serial = 1

function name(values) {
  const types = { CN: '2.5.4.3', O: '2.5.4.10', C: '2.5.4.6' }
  // One set for each, as in every real certificate; pkijs would put all of them into one.
  const sets = Object.entries(values).map(([short, text]) => {
    const value = short === 'C' ? new asn1js.PrintableString({ value: text }) : new asn1js.Utf8String({ value: text })
    const pair = new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: types[short] }), value] })
    return new asn1js.Set({ value: [pair] })
  })
  return pkijs.RelativeDistinguishedNames.fromBER(new asn1js.Sequence({ value: sets }).toBER())
}

function extension(extnID, critical, value) {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER(false), parsedValue: value })
}

async function keyId(publicKey) {
  const raw = await webcrypto.subtle.exportKey('raw', publicKey)
  return new asn1js.OctetString({ valueHex: createHash('sha1').update(Buffer.from(raw)).digest() })
}

async function certificate(subject, keys, { issuer, ca = false, dns = [] }) {
  const cert = new pkijs.Certificate()
  cert.version = 2
  cert.serialNumber = new asn1js.Integer({ value: serial++ })
  cert.subject = name(subject)
  cert.issuer = issuer ? issuer.cert.subject : cert.subject
  cert.notBefore.value = new Date(Date.now() - 3600_000)
  cert.notAfter.value = new Date(Date.now() + 30 * 86400_000)
  await cert.subjectPublicKeyInfo.importKey(keys.publicKey)
  const usage = new asn1js.BitString({ valueHex: new Uint8Array([ca ? 0x06 : 0x80]).buffer, unusedBits: ca ? 1 : 7 })
  const signerKeys = issuer ? issuer.keys : keys
  cert.extensions = [
    extension('2.5.29.19', true, new pkijs.BasicConstraints(ca ? { cA: true } : {}).toSchema()),
    extension('2.5.29.15', true, usage),
    extension('2.5.29.14', false, await keyId(keys.publicKey)),
    extension(
      '2.5.29.35',
      false,
      new pkijs.AuthorityKeyIdentifier({ keyIdentifier: await keyId(signerKeys.publicKey) }).toSchema(),
    ),
  ]
  if (dns.length > 0) {
    const names = dns.map((value) => new pkijs.GeneralName({ type: 2, value }))
    cert.extensions.push(extension('2.5.29.17', false, new pkijs.GeneralNames({ names }).toSchema()))
  }
  await cert.sign(signerKeys.privateKey, 'SHA-256')
  const der = Buffer.from(cert.toSchema(true).toBER(false))
  // What goes with a leaf in `x5c` and in a TLS handshake: everything between it and the anchor.
  const between = issuer && ca ? [...issuer.between, der.toString('base64')] : []
  return { cert, keys, der, base64: der.toString('base64'), between }
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

/** A certification authority, self-signed or under `issuer`. */
export async function authority(commonName, issuer) {
  return certificate({ CN: commonName, C: 'NL' }, await newKeys(), { issuer, ca: true })
}

/** An authority that exists already, from its certificate and its private key in PEM. */
export async function existingAuthority(certificatePem, keyPem) {
  const der = (pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const cert = pkijs.Certificate.fromBER(der(certificatePem))
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der(keyPem), ALGORITHM, true, ['sign'])
  const publicKey = await cert.getPublicKey()
  return { cert, keys: { privateKey, publicKey }, der: der(certificatePem), base64: der(certificatePem).toString('base64'), between: [] }
}

/** An end-entity certificate of `issuer`, with its private key as JWK. */
export async function leaf(issuer, organization, dns) {
  const keys = await newKeys()
  const made = await certificate({ CN: organization, O: organization, C: 'NL' }, keys, { issuer, dns })
  const { kty, crv, x, y, d } = await webcrypto.subtle.exportKey('jwk', keys.privateKey)
  return {
    ...made,
    privateJwk: { kty, crv, x, y, d },
    publicJwk: { kty, crv, x, y },
    x5c: [made.base64, ...issuer.between.toReversed()],
    hash: createHash('sha256').update(made.der).digest('base64url'),
  }
}

const pem = (label, base64) => `-----BEGIN ${label}-----\n${base64.match(/.{1,64}/g).join('\n')}\n-----END ${label}-----\n`

/** Files for a https server on this machine, under an authority of its own with one more between them. */
export async function tlsFiles(folder) {
  const root = await authority('Test TLS root')
  const server = await leaf(await authority('Test TLS authority', root), 'localhost', ['localhost'])
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', server.keys.privateKey)).toString('base64')
  return {
    certificate_file: put(folder, 'tls.pem', server.x5c.map((one) => pem('CERTIFICATE', one)).join('')),
    key_file: put(folder, 'tls.key.pem', pem('PRIVATE KEY', key)),
    ca_file: put(folder, 'tls-root.pem', pem('CERTIFICATE', root.base64)),
  }
}

/** Trust anchors in the form every program of ours reads. */
export function anchors({ access = [], issuers = [], walletProviders = [] }) {
  return {
    access: access.map((ca) => ({ name: 'Access CA', certificate: ca.base64 })),
    issuers: issuers.map(({ ca, vct }) => ({ name: 'Card CA', certificate: ca.base64, vct })),
    status: [],
    ...(walletProviders.length > 0 ? { wallet_providers: walletProviders.map((ca) => ({ name: 'Wallet CA', certificate: ca.base64 })) } : {}),
  }
}
