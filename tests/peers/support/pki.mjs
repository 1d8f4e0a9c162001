// Test certificate authorities and leaves on P-256, made fresh for every run.

import * as asn1js from 'asn1js'
import { createHash, webcrypto } from 'node:crypto'
import * as pkijs from 'pkijs'

pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }))

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
let serial = 1

function name(values) {
  const types = { CN: '2.5.4.3', O: '2.5.4.10', C: '2.5.4.6' }
  const typesAndValues = Object.entries(values).map(
    ([short, value]) =>
      new pkijs.AttributeTypeAndValue({
        type: types[short],
        value: short === 'C' ? new asn1js.PrintableString({ value }) : new asn1js.Utf8String({ value }),
      }),
  )
  return new pkijs.RelativeDistinguishedNames({ typesAndValues })
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
  return { cert, keys, der, base64: der.toString('base64') }
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

/** A certification authority. */
export async function authority(commonName) {
  return certificate({ CN: commonName, C: 'NL' }, await newKeys(), { ca: true })
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
    x5c: [made.base64],
    hash: createHash('sha256').update(made.der).digest('base64url'),
  }
}

/** Trust anchors in the form every program of ours reads. */
export function anchors({ access = [], issuers = [] }) {
  return {
    access: access.map((ca) => ({ name: 'Access CA', certificate: ca.base64 })),
    issuers: issuers.map(({ ca, vct }) => ({ name: 'Card CA', certificate: ca.base64, vct })),
    status: [],
  }
}
