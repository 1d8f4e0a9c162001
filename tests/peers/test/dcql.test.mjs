// A second opinion on DCQL: our engine and npm `dcql` on the same generated queries and cards.

import assert from 'node:assert/strict'
import { DcqlQuery } from 'dcql'
import { describe, test } from 'node:test'

import { assent, put, scratch } from '../support/run.mjs'

/** A small repeatable generator (mulberry32): a failure names its seed. */
function random(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const pick = (list) => list[Math.floor(next() * list.length)]
  return { pick, chance: (p) => next() < p, some: (list, p) => list.filter(() => next() < p) }
}

const VCTS = ['urn:a', 'urn:b']
const CLAIMS = [
  { path: ['name'], values: ['Anna', 'Bo'] },
  { path: ['address', 'city'], values: ['Voorbeeld', 'Elders'] },
  { path: ['tags', null] },
  { path: ['tags', 1], values: ['x', 'y'] },
  { path: ['people', null, 'age'] },
  { path: ['flag'], values: [true] },
  { path: ['count'], values: [1, 2] },
  { path: ['absent'] },
]
const CARD_CLAIMS = {
  name: ['Anna', 'Cas'],
  address: [{ city: 'Voorbeeld' }, { city: 'Nergens' }, {}],
  tags: [['x', 'y'], ['x'], ['y', 'z', 'x']],
  people: [[{ age: 3 }, { age: 4 }], [{}]],
  flag: [true, false],
  count: [1, 7],
}

function generate(seed) {
  const { pick, chance, some } = random(seed)
  const credentials = ['q1', 'q2', 'q3'].slice(0, 1 + Math.floor(seed % 3)).map((id) => {
    let claims = some(CLAIMS, 0.35).map((claim, index) => {
      const out = { id: `c${index}`, path: claim.path }
      if (claim.values && chance(0.4)) out.values = some(claim.values, 0.7)
      if (out.values?.length === 0) delete out.values
      return out
    })
    const query = { id, format: 'dc+sd-jwt', meta: { vct_values: [pick(VCTS)] } }
    if (claims.length > 0) {
      query.claims = claims
      if (claims.length > 1 && chance(0.5)) {
        const ids = claims.map((claim) => claim.id)
        query.claim_sets = [ids.slice(0, 1 + (seed % ids.length)), [pick(ids)]]
      }
    }
    if (chance(0.3)) query.multiple = true
    return query
  })
  const query = { credentials }
  if (chance(0.5)) {
    const ids = credentials.map(({ id }) => id)
    query.credential_sets = [{ options: [[pick(ids)], ids] }, { options: [[pick(ids)]], required: chance(0.5) }]
  }
  const cards = ['k1', 'k2', 'k3'].map((id) => {
    const claims = {}
    for (const [name, values] of Object.entries(CARD_CLAIMS)) if (chance(0.75)) claims[name] = pick(values)
    return { id, vct: pick(VCTS), claims }
  })
  return { query, cards }
}

function theirs({ query, cards }) {
  const parsed = DcqlQuery.parse(query)
  DcqlQuery.validate(parsed)
  const credentials = cards.map(({ vct, claims }) => ({
    credential_format: 'dc+sd-jwt',
    vct,
    claims,
    cryptographic_holder_binding: true,
  }))
  const result = DcqlQuery.query(parsed, credentials)
  const matches = {}
  for (const { id } of query.credentials) {
    const found = result.credential_matches[id]
    const valid = found?.success ? found.valid_credentials : []
    matches[id] = valid.map((match) => cards[match.input_credential_index].id).sort()
  }
  return { canAnswer: result.can_be_satisfied, matches }
}

describe('DCQL, two engines', () => {
  const folder = scratch()

  test('agree on 150 generated queries', async () => {
    let answerable = 0
    for (let seed = 1; seed <= 150; seed++) {
      const both = generate(seed)
      const files = [put(folder, 'q.json', both.query), '--cards', put(folder, 'c.json', both.cards)]
      const ours = await assent(['request', 'simulate', ...files])
      const matches = Object.fromEntries(
        ours.data.queries.map(({ id, matches }) => [id, matches.map(({ card }) => card).sort()]),
      )
      const expected = theirs(both)
      const detail = () => `seed ${seed}: ${JSON.stringify(both)}`
      assert.deepEqual(matches, expected.matches, detail())
      assert.equal(ours.data.can_answer, expected.canAnswer, detail())
      assert.equal(ours.code, expected.canAnswer ? 0 : 5)
      answerable += expected.canAnswer ? 1 : 0
    }
    // A generator that makes only one kind of answer proves nothing.
    assert.ok(answerable > 20 && answerable < 130, `${answerable} of 150 answerable`)
  })

  test('an empty list answers nothing, although npm dcql says it does (OpenID4VP 1.0 §7.1: an empty selection)', async () => {
    const credentials = [{ id: 'q', format: 'dc+sd-jwt', meta: { vct_values: ['urn:a'] }, claims: [{ path: ['tags', null] }] }]
    const both = { query: { credentials }, cards: [{ id: 'k', vct: 'urn:a', claims: { tags: [] } }] }
    assert.equal(theirs(both).canAnswer, true)
    const ours = await assent(['request', 'simulate', put(folder, 'q.json', both.query), '--cards', put(folder, 'c.json', both.cards)])
    assert.equal(ours.data.can_answer, false)
  })

  test('refuse the same malformed queries', async () => {
    const good = { id: 'a', format: 'dc+sd-jwt', meta: { vct_values: ['urn:a'] }, claims: [{ path: ['x'] }] }
    const bad = [
      { credentials: [] },
      { credentials: [{ ...good, id: 'a b' }] },
      { credentials: [good, good] },
      { credentials: [{ ...good, claims: [] }] },
      { credentials: [{ ...good, claims: [{ path: [] }] }] },
      { credentials: [{ ...good, claims: [{ path: [-1] }] }] },
      { credentials: [{ ...good, claims: [{ path: ['x'], values: [] }] }] },
      { credentials: [{ ...good, claim_sets: [['nothing']] }] },
      { credentials: [good], credential_sets: [{ options: [['b']] }] },
      { credentials: [good], credential_sets: [] },
    ]
    const lax = []
    for (const query of bad) {
      const ours = await assent(['request', 'lint', put(folder, 'bad.json', query)])
      assert.equal(ours.code, 3, JSON.stringify(query))
      try {
        DcqlQuery.validate(DcqlQuery.parse(query))
        lax.push(JSON.stringify(query))
      } catch {
        // Refused by both.
      }
    }
    assert.ok(lax.length <= 3, `npm dcql accepts ${lax.length} of ${bad.length}: ${lax.join('\n')}`)
  })
})
