// Files of a vault's contents, read and written by other programs: age by pyrage (the Rust `age` crate), the container by
// `tar`, the EU's exchange format by jose (npm) and jwcrypto (PyPI), data to read by ajv.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { join } from 'node:path'

import { CompactEncrypt, compactDecrypt } from 'jose'

import { assent, put, run, scratch } from '../support/run.mjs'
import { problems } from '../support/schemas.mjs'
import { startPython, withoutPython } from '../support/python.mjs'

const SEAL = 'a passphrase for the file'

/** A wallet, and files in its folder. */
async function newVault() {
  const folder = scratch()
  const at = (name) => join(folder, name)
  const state = ['--state', at('wallet.json'), '--passphrase-file', put(folder, 'p', 'correct horse battery staple\n')]
  const anchors = put(folder, 'anchors.json', { access: [], issuers: [] })
  const init = ['holder', 'init', '--local', '--anchors', anchors, '--recovery-code-file', at('recovery'), ...state]
  const made = await assent(init)
  assert.equal(made.code, 0, JSON.stringify(made))
  const seal = ['--seal-passphrase-file', put(folder, 'seal', SEAL)]
  return { folder, at, seal, state, do: (verb, ...args) => assent(['vault', verb, ...args, ...state]) }
}

describe('sealed backups and age', { skip: withoutPython }, () => {
  let python, vault

  before(async () => {
    python = await startPython('seal', {})
    vault = await newVault()
  })
  after(() => python.close())

  const ask = async (order, content, passphrase = SEAL) =>
    Buffer.from(await python.order(order, { content: content.toString('base64'), passphrase }), 'base64')

  test('pyrage opens our backup, and tar unpacks it', async () => {
    const made = await vault.do('export', vault.at('ours.age'), ...vault.seal)
    assert.equal(made.code, 0, JSON.stringify(made))
    const tar = await ask('age_open', readFileSync(vault.at('ours.age')))
    writeFileSync(vault.at('ours.tar'), tar)
    const listed = await run('tar', ['-tf', vault.at('ours.tar')])
    assert.deepEqual(listed.out.trim().split('\n'), ['manifest.json', 'records/settings/000000.json'], listed.err)
    const shown = await run('tar', ['-xOf', vault.at('ours.tar'), 'records/settings/000000.json'])
    assert.equal(JSON.parse(shown.out).language, 'en')
    const manifest = JSON.parse((await run('tar', ['-xOf', vault.at('ours.tar'), 'manifest.json'])).out)
    assert.equal(manifest.format, 'assent-archive/1')
    // Unsealed with another program, it still comes in.
    const plain = await assent(['vault', 'verify-backup', vault.at('ours.tar')])
    assert.equal(plain.code, 0, JSON.stringify(plain))
  })

  test('pyrage refuses our backup with another passphrase', async () => {
    await assert.rejects(ask('age_open', readFileSync(vault.at('ours.age')), 'something else'))
  })

  test('we open what pyrage seals', async () => {
    const sealed = await ask('age_seal', readFileSync(vault.at('ours.tar')))
    assert.notDeepEqual(sealed, readFileSync(vault.at('ours.age')))
    const checked = await assent(['vault', 'verify-backup', put(vault.folder, 'theirs.age', sealed), ...vault.seal])
    assert.equal(checked.code, 0, JSON.stringify(checked))
    const other = await newVault()
    const brought = await other.do('import', vault.at('theirs.age'), ...vault.seal, '--yes')
    assert.equal(brought.code, 0, JSON.stringify(brought))
  })

  test('pyrage, tar and sha256sum find the documents as they were', async () => {
    const other = await newVault()
    const content = Buffer.alloc(1_300_000, 7)
    const added = await assent(['holder', 'documents', 'add', put(other.folder, 'survey.pdf', content), ...other.state])
    assert.equal(added.code, 0, JSON.stringify(added))
    const made = await other.do('export', other.at('with.age'), ...other.seal)
    assert.equal(made.code, 0, JSON.stringify(made))
    writeFileSync(other.at('with.tar'), await ask('age_open', readFileSync(other.at('with.age'))))
    const unpacked = await run('tar', ['-xf', other.at('with.tar'), '-C', other.folder])
    assert.equal(unpacked.code, 0, unpacked.err)
    assert.deepEqual(readFileSync(other.at('documents/000000.pdf')), content)
    const checked = await run('sh', ['-c', `cd '${other.folder}' && sha256sum -c documents/*.sha256`])
    assert.equal(checked.out.trim(), 'documents/000000.pdf: OK', checked.err)
    // Sealed again with another program, they come in.
    const third = await newVault()
    writeFileSync(third.at('theirs.age'), await ask('age_seal', readFileSync(other.at('with.tar'))))
    const brought = await third.do('import', third.at('theirs.age'), ...third.seal, '--yes')
    assert.equal(brought.data?.documents.brought_in, 1, JSON.stringify(brought))
  })

  test('chunks of 64 KiB end where pyrage ends them', async () => {
    for (const length of [0, 65536, 65537]) {
      // Past the seal it is no archive; a seal that does not open is called damaged.
      const sealed = await ask('age_seal', Buffer.alloc(length, 7))
      const checked = await assent(['vault', 'verify-backup', put(vault.folder, 'chunks.age', sealed), ...vault.seal])
      assert.deepEqual([checked.code, checked.error.code], [3, 'transfer-unknown-file'])
    }
  })
})

/** A log of another wallet, in the flat form of the example in TS10. */
const LOG = {
  transactionLog: [{
    transactionIdentifier: 'theirs-1', time: '2026-11-20T09:30:00', transactionType: 'Presentation', transactionResult: 'Completed',
    interactingPartyName: 'Library', interactingPartyIdentifier: { type: 'EUID', identifier: 'NL.1' }, isIntermediary: 'FALSE',
    purpose: 'Lenen', privacyPolicy: ['https://library.example/privacy'],
    listOfClaimsRequested: [{ credentialIdentifier: 'urn:eudi:pid:1', claims: ['family_name'] }],
    listOfClaimsPresented: [{ credentialIdentifier: 'urn:eudi:pid:1', claims: ['family_name'] }],
  }, { transactionIdentifier: 'theirs-2', time: '2026-11-20T09:31:00', transactionType: 'SigningSealing', transactionResult: 'Completed' }],
  listOfCredentials: [{
    credentialIdentifier: 'urn:eudi:pid:1', format: 'dc+sd-jwt', issuerIdentifier: 'https://state.example', issuerType: 'PIDProvider',
    issuerName: 'State', supplyPointURL: 'https://state.example/pid',
  }],
  nonDeviceBoundCredentials: [],
}

const password = new TextEncoder().encode(SEAL)

describe('the exchange format and JWE', () => {
  let vault

  before(async () => (vault = await newVault()))

  const bringIn = async (name, sealed) => {
    const other = await newVault()
    const file = put(other.folder, name, sealed)
    const brought = await other.do('import', file, ...other.seal, '--yes')
    assert.equal(brought.code, 0, JSON.stringify(brought))
    return { brought, other }
  }

  const isTheirs = ({ brought }) => {
    const entries = brought.data.records.find((kind) => kind.kind === 'entry')
    assert.equal(entries.new, 1)
    assert.deepEqual(brought.data.cards.map((card) => [card.fate, card.issuer, card.again]), [
      ['again', 'State', 'https://state.example/pid'],
    ])
    assert.ok(brought.warnings.some((warning) => warning.code === 'log-class-not-kept'))
  }

  const exported = async (name, ...more) => {
    const made = await vault.do('export', vault.at(name), ...more)
    assert.equal(made.code, 0, JSON.stringify(made))
    return readFileSync(vault.at(name), 'utf8')
  }

  test('jose opens what we seal', async () => {
    const sealed = await exported('ours.jwe', '--format', 'exchange', ...vault.seal)
    const options = { keyManagementAlgorithms: ['PBES2-HS256+A128KW'], contentEncryptionAlgorithms: ['A128GCM'], maxPBES2Count: 600_000 }
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, password, options)
    assert.ok(protectedHeader.p2c >= 600_000)
    const data = JSON.parse(new TextDecoder().decode(plaintext))
    assert.deepEqual(Object.keys(data).sort(), ['listOfCredentials', 'nonDeviceBoundCredentials', 'transactionLog'])
    await assert.rejects(compactDecrypt(sealed, new TextEncoder().encode('something else'), options))
  })

  test('we open what jose seals, and say what cannot come in', async () => {
    const text = new TextEncoder().encode(JSON.stringify(LOG))
    const sealed = await new CompactEncrypt(text)
      .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM' })
      .setKeyManagementParameters({ p2c: 210_000 })
      .encrypt(password)
    isTheirs(await bringIn('jose.jwe', sealed))
    const wrong = put(vault.folder, 'seal-wrong', 'something else')
    const refused = await assent(['vault', 'verify-backup', put(vault.folder, 'jose.jwe', sealed), '--seal-passphrase-file', wrong])
    assert.deepEqual([refused.code, refused.error.code], [5, 'transfer-wrong-passphrase'])
  })

  test('jose may ask for other algorithms and for more work than anybody should do: refused', async () => {
    const text = new TextEncoder().encode(JSON.stringify(LOG))
    for (const [alg, enc, expected] of [
      ['PBES2-HS512+A256KW', 'A128GCM', 'transfer-other-seal'],
      ['PBES2-HS256+A128KW', 'A256GCM', 'transfer-other-seal'],
    ]) {
      const sealed = await new CompactEncrypt(text).setProtectedHeader({ alg, enc }).encrypt(password)
      const file = put(vault.folder, 'other.jwe', sealed)
      assert.equal((await assent(['vault', 'verify-backup', file, ...vault.seal])).error.code, expected)
    }
    const sealed = await new CompactEncrypt(text).setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM' }).encrypt(password)
    const [header, ...rest] = sealed.split('.')
    const bomb = { ...JSON.parse(Buffer.from(header, 'base64url')), p2c: 2 ** 31 }
    const file = put(vault.folder, 'bomb.jwe', [Buffer.from(JSON.stringify(bomb)).toString('base64url'), ...rest].join('.'))
    assert.equal((await assent(['vault', 'verify-backup', file, ...vault.seal])).error.code, 'transfer-too-much-work')
  })

  test('data to read fit the published schema, and ajv says so', async () => {
    const data = JSON.parse(await exported('mine.json', '--format', 'json'))
    assert.deepEqual(problems('my-data', data), [])
    const page = await exported('mine.html', '--format', 'html', '--language', 'nl')
    assert.match(page, /<html lang="nl">/)
    assert.doesNotMatch(page, /<script/)
  })

  test('jwcrypto opens what we seal, and we what it seals', { skip: withoutPython }, async () => {
    const python = await startPython('seal', {})
    const ask = async (order, content) =>
      Buffer.from(await python.order(order, { content: Buffer.from(content).toString('base64'), passphrase: SEAL }), 'base64')
    const opened = await ask('jwe_open', await exported('ours2.jwe', '--format', 'exchange', ...vault.seal))
    assert.ok('transactionLog' in JSON.parse(opened))
    isTheirs(await bringIn('jwcrypto.jwe', await ask('jwe_seal', JSON.stringify(LOG))))
    await python.close()
  })
})
