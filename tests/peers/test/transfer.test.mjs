// Files of a vault's contents, read and written by other programs: age by pyrage (the Rust `age` crate), the container by
// `tar`.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { join } from 'node:path'

import { assent, put, run, scratch } from '../support/run.mjs'
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
  return { folder, at, seal, do: (verb, ...args) => assent(['vault', verb, ...args, ...state]) }
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

  test('chunks of 64 KiB end where pyrage ends them', async () => {
    for (const length of [0, 65536, 65537]) {
      // Past the seal it is no archive; a seal that does not open is called damaged.
      const sealed = await ask('age_seal', Buffer.alloc(length, 7))
      const checked = await assent(['vault', 'verify-backup', put(vault.folder, 'chunks.age', sealed), ...vault.seal])
      assert.deepEqual([checked.code, checked.error.code], [3, 'transfer-unknown-file'])
    }
  })
})
