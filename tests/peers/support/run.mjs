// Where the programs under test are, and how to run them.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const built = join(root, 'target/debug')

/** The `assent` command. */
export const ASSENT = process.env.ASSENT_CLI ?? join(built, 'assent')
/** The server. */
export const SERVER = process.env.ASSENT_SERVER ?? join(built, 'assent-server')
/** The bridge to W3C credentials, from a workspace of its own; empty when nobody said where it is. */
export const W3C = process.env.ASSENT_W3C ?? ''
/** Python with requirements.txt installed; empty to skip what needs it. */
export const PYTHON = process.env.PEERS_PYTHON ?? ''

const endings = []
process.on('exit', () => endings.forEach((end) => end()))

/** Does `end` when this process ends. */
export const atEnd = (end) => endings.push(end)

/** A folder that is gone when the process ends. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'assent-peers-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a file into `folder` and returns its path. */
export function put(folder, name, content) {
  const path = join(folder, name)
  const isText = typeof content === 'string' || Buffer.isBuffer(content)
  writeFileSync(path, isText ? content : JSON.stringify(content), { mode: 0o600 })
  return path
}

/** Runs a program to its end. */
export function run(program, args, { input = '', env = {}, cwd } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd, env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env } })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('error', fail)
    child.on('close', (code) => done({ code, out, err }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Runs `assent --json …`: the exit code and the object it printed. */
export async function assent(args, options) {
  const { code, out, err } = await run(ASSENT, ['--json', ...args], options)
  try {
    return { code, ...JSON.parse(out) }
  } catch {
    throw new Error(`assent ${args.join(' ')} ended with ${code} and no JSON: ${out}${err}`)
  }
}
