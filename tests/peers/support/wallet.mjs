// Our wallet: the `assent` command with a vault in a local file.

import { join } from 'node:path'

import { assent, put, scratch } from './run.mjs'

/**
 * A fresh wallet that trusts `anchors`. With `ca`, the authority of https servers, it is not in sandbox mode. With `operator`
 * its vault is at this server, whose anchors it takes.
 */
export async function newWallet(anchors, { ca, operator } = {}) {
  const folder = scratch()
  const state = ['--state', join(folder, 'wallet.json'), '--passphrase-file', put(folder, 'p', 'correct horse battery staple\n')]
  if (ca) state.push('--ca-file', ca)
  const made = await assent([
    'holder', 'init', ...(operator ? ['--operator', operator] : ['--local', '--anchors', put(folder, 'anchors.json', anchors)]),
    ...(ca ? [] : ['--sandbox']), '--recovery-code-file', join(folder, 'recovery'), ...state,
  ])
  if (made.code !== 0) throw new Error(JSON.stringify(made))
  return { folder, state, do: (verb, ...args) => assent(['holder', verb, ...args, ...state]) }
}
