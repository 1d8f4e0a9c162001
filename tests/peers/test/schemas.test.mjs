// Our JSON Schemas and examples, read by ajv: a second opinion beside the reader in core's own tests.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { names, payload, problems, read } from '../support/schemas.mjs'

/** The part of an example file that its schema describes. */
const content = (name) => {
  const file = read(`examples/${name}.json`)
  return file.signed ? payload(file.signed) : file
}

const set = (value, pointer, to) => {
  const steps = pointer.split('/').slice(1)
  const last = steps.pop()
  const parent = steps.reduce((at, step) => at[step], value)
  assert.ok(last in parent || to !== undefined, `${pointer} is not there`)
  if (to === undefined) delete parent[last]
  else parent[last] = to
  return value
}

describe('schemas by ajv', () => {
  for (const name of names) {
    test(`${name}: the schema is one, its example fits, and without any member that it needs it does not`, () => {
      assert.deepEqual(problems(name, content(name)), [])
      const { required } = read(`${name}.schema.json`)
      assert.ok(required.length > 0)
      for (const member of required) {
        assert.notDeepEqual(problems(name, set(content(name), `/${member}`)), [], member)
      }
      for (const other of [null, [], 'text', 1, {}]) assert.notDeepEqual(problems(name, other), [])
    })
  }

  test('what must not be is refused', () => {
    for (const [name, pointer, value] of [
      ['consent-terms', '/retention', 30],
      ['consent-terms', '/required/0', { vct: 'x' }],
      ['consent-terms', '/typing_error', true],
      ['consent-request', '/consent/legal_basis', 'because'],
      ['consent-request', '/dcql_query_sha256', 'short'],
      ['consent-receipt', '/record/processing', []],
      // No claim value, anywhere (DASH_03a).
      ['consent-receipt', '/record/processing/0/pii_information/0/pii_attribute_id/value', true],
      ['consent-receipt', '/evidence/credentials/0/value', 'x'],
      ['consent-receipt', '/linkability/level', 'anonymous'],
      ['countersignature', '/receipt_sha256', 1],
      ['consent-event', '/seq', 0],
      ['consent-event', '/event_state', 'Maybe'],
      ['consent-withdrawal', '/event_state', 'ConsentGiven'],
      ['consent-withdrawal-ack', '/accepted', 'yes'],
      ['receipt-bundle', '/format', 'x'],
    ]) {
      assert.notDeepEqual(problems(name, set(content(name), pointer, value)), [], `${name} accepts ${pointer}`)
    }
  })
})
