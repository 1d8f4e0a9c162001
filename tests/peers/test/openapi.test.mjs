// schemathesis (PyPI) against a running server: does it do what `specs/openapi.json` says, whatever it is sent?

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { withoutPython } from '../support/python.mjs'
import { put, PYTHON, run, scratch, W3C } from '../support/run.mjs'
import { startServer } from '../support/server.mjs'

const SECONDS = 40
const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance'
const DESCRIPTION = join(import.meta.dirname, '../../../specs/openapi.json')
const PID = 'urn:eudi:pid:1'
const QUERY = { credentials: [{ id: 'pid', format: 'dc+sd-jwt', meta: { vct_values: [PID] }, claims: [{ path: ['given_name'] }] }] }

describe('our HTTP interface, schemathesis', { skip: withoutPython }, () => {
  let server

  before(async () => {
    // Limits are tested elsewhere; here they would hide everything behind them.
    const limits = ['address', 'service', 'vault'].map((who) => `per_${who}_per_minute = 1000000\n`).join('')
    server = await startServer({ bridge: W3C || undefined, more: `[limits]\n${limits}` })
  })
  after(() => server?.stop())

  /** A vault with an attachment, and a request to a wallet: endpoints are worth little when nothing is there. */
  async function populate() {
    const token = 'token-of-the-wallet'
    const id = randomBytes(16).toString('base64url')
    const text = (value) => Buffer.from(value).toString('base64url')
    const vault = {
      vault_id: id,
      access_token_sha256: createHash('sha256').update(token).digest('base64url'),
      header: text('header'),
      manifest: text('manifest'),
      put: [{ handle: text('a'), box: text('sealed-a') }],
    }
    const made = await server.fetch(`${server.base}/v1/vaults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(vault),
    })
    assert.equal(made.status, 201, await made.text())
    const content = 'sealed attachment'
    const blobs = `${server.base}/v1/vaults/${id}/blobs`
    const mine = { authorization: `Bearer ${token}` }
    const declared = await server.fetch(blobs, {
      method: 'POST',
      headers: { ...mine, 'content-type': 'application/json' },
      body: JSON.stringify({ size: content.length, parts: [createHash('sha256').update(content).digest('base64url')] }),
    })
    assert.equal(declared.status, 201)
    const { blob } = await declared.json()
    const kept = await server.fetch(`${blobs}/${blob}/parts/0`, { method: 'PUT', headers: mine, body: content })
    assert.equal(kept.status, 204)
    const { body: asked } = await server.api('POST', '/v1/presentations', { dcql_query: QUERY, response_mode: 'direct_post.jwt' })
    const request = new URL(asked.links.cross_device).searchParams.get('request_uri').split('/').at(-1)
    return { id, token, transaction: asked.transaction_id, request, handle: text('a'), blob }
  }

  test(`${SECONDS} seconds of requests, right and wrong: no 5xx, no answer that is not described`, async () => {
    const { id, token, transaction, request, handle, blob } = await populate()
    const key = readFileSync(join(server.data, 'library.key'), 'utf8').trim()
    const operation = (path, settings) => `[[operations]]\ninclude-path = ${JSON.stringify(path)}\n${settings}\n`
    const folder = scratch()
    const config = put(
      folder,
      'schemathesis.toml',
      [
        ...[
          ['changes'],
          ['commits'],
          ['header'],
          ['records/{handle}', 'handle', handle],
          ['blobs'],
          ['blobs/{blob}/content', 'blob', blob],
          ['blobs/{blob}/parts/{number}', 'blob', blob],
        ].map(([end, name, value]) =>
          operation(
            `/v1/vaults/{id}/${end}`,
            `headers = { Authorization = "Bearer ${token}" }\n` +
              `parameters = { "path.id" = "${id}"${name ? `, "path.${name}" = "${value}"` : ''} }`,
          ),
        ),
        operation('/v1/presentations/{transaction_id}', `parameters = { "path.transaction_id" = "${transaction}" }`),
        operation('/vp/requests/{request_id}', `parameters = { "path.request_id" = "${request}" }`),
        operation('/vp/responses/{request_id}', `parameters = { "path.request_id" = "${request}" }`),
      ].join('\n'),
    )
    const { code, out, err } = await run(join(dirname(PYTHON), 'schemathesis'), [
      '--no-color', '--config-file', config, 'run', DESCRIPTION, '--url', server.base,
      '--checks', CHECKS, '--max-time', String(SECONDS), '--workers', '1', '--seed', '1', '--no-shrink',
      '--continue-on-failure', '--warnings', 'off', '--suppress-health-check', 'all', '--header', `Authorization: Bearer ${key}`,
      // Without the bridge it answers 501, as it says; the tests of `w3c` have it.
      ...(W3C ? [] : ['--exclude-path', '/v1/credentials/verify']),
      // One worker: two trip over each other inside it. It keeps its findings in the folder it runs in.
    ], { cwd: folder })
    assert.equal(code, 0, `${out}${err}`)
    // A run that reached nobody would also end well.
    const [, sent] = /(\d+) generated/.exec(out) ?? []
    assert.ok(Number(sent) > 500, out)
    const alive = await server.fetch(`${server.base}/readyz`)
    assert.equal(alive.status, 200)
  })
})
