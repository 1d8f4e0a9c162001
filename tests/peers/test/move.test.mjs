// A vault with documents moves from one real server to another with the command, also when the other one is killed on the
// way or has too little room.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { assent, put, scratch } from '../support/run.mjs'
import { startServer } from '../support/server.mjs'

const PASSPHRASE = 'correct horse battery staple'
const contents = { 'film.bin': randomBytes(5_000_000), 'empty.txt': Buffer.alloc(0), 'scan.png': randomBytes(300_000) }

/** A vault at a server. */
async function newVault(server) {
  const folder = scratch()
  const at = (name) => join(folder, name)
  const state = ['--state', at('wallet.json'), '--passphrase-file', put(folder, 'p', `${PASSPHRASE}\n`)]
  const made = await assent(['holder', 'init', '--sandbox', '--operator', server.base, '--recovery-code-file', at('recovery'), ...state])
  assert.equal(made.code, 0, JSON.stringify(made))
  const seal = ['--seal-passphrase-file', put(folder, 'seal', 'a passphrase for the file')]
  const documents = (...args) => assent(['holder', 'documents', ...args, ...state])
  return { folder, at, seal, documents, do: (verb, ...args) => assent(['vault', verb, ...args, ...state]) }
}

async function has(vault, ids) {
  for (const [name, id] of Object.entries(ids)) {
    const out = vault.at(`out-${name}-${Math.random()}`)
    const got = await vault.documents('get', '--out', out, id)
    assert.equal(got.code, 0, JSON.stringify(got))
    assert.ok(readFileSync(out).equals(contents[name]), name)
  }
}

describe('moving documents between servers', () => {
  let here, there, small, old, backup
  const ids = {}

  before(async () => {
    ;[here, there, small] = await Promise.all([startServer(), startServer(), startServer({ more: '[vault.blobs]\nmax_bytes = 2000000\n' })])
    old = await newVault(here)
    for (const [name, content] of Object.entries(contents)) {
      const added = await old.documents('add', put(old.folder, name, content))
      assert.equal(added.code, 0, JSON.stringify(added))
      ids[name] = added.data.document.id
    }
    backup = old.at('backup.tar.age')
    const made = await old.do('export', backup, ...old.seal)
    assert.equal(made.code, 0, JSON.stringify(made))
    assert.deepEqual(made.data.documents, { files: 3, bytes: 5_300_000, missing: [] })
    const checked = await old.do('verify-backup', backup, ...old.seal)
    assert.equal(checked.code, 0, JSON.stringify(checked))
  })
  after(() => Promise.all([here, there].map((server) => server.stop())))

  test('everything is the same there, and twice adds nothing', async () => {
    const vault = await newVault(there)
    const plan = await vault.do('import', backup, ...old.seal, '--dry-run')
    assert.deepEqual([plan.data.documents.count, plan.data.documents.bytes], [3, 5_300_000], JSON.stringify(plan))
    assert.ok(plan.data.documents.room > 1_000_000_000)
    const done = await vault.do('import', backup, ...old.seal, '--yes')
    assert.equal(done.data?.documents.brought_in, 3, JSON.stringify(done))
    await has(vault, ids)
    const again = await vault.do('import', backup, ...old.seal, '--yes')
    assert.equal(again.data?.documents.brought_in, 0, JSON.stringify(again))
    const stats = await vault.do('stats')
    assert.equal(stats.data.documents.files, 3)
  })

  test('too little room is said before, and what fits comes in', async () => {
    const vault = await newVault(small)
    const plan = await vault.do('import', backup, ...old.seal, '--dry-run')
    assert.ok(plan.warnings.some((warning) => warning.code === 'vault-quota-exceeded'), JSON.stringify(plan))
    const done = await vault.do('import', backup, ...old.seal, '--yes')
    assert.deepEqual([done.code, done.error.code], [5, 'vault-quota-exceeded'])
    assert.match(done.error.message, /film\.bin$/)
    await has(vault, { 'empty.txt': ids['empty.txt'], 'scan.png': ids['scan.png'] })
  })

  test('a server that cannot be reached leaves no file', async () => {
    const vault = await newVault(small)
    await vault.documents('add', put(vault.folder, 'scan.png', contents['scan.png']))
    await small.stop()
    const made = await vault.do('export', vault.at('none.age'), ...vault.seal)
    assert.deepEqual([made.code, existsSync(vault.at('none.age')), existsSync(vault.at('.none.age.unfinished'))], [6, false, false])
  })
})
