// The published JSON Schemas, compiled by ajv: no draft but 2020-12, and no keyword it does not know.

import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** `specs/formats`. */
export const FORMATS = join(import.meta.dirname, '../../../specs/formats')

/** Reads a JSON file of `specs/formats`. */
export const read = (path) => JSON.parse(readFileSync(join(FORMATS, path), 'utf8'))

/** Names of all schemas. */
export const names = readdirSync(FORMATS)
  .filter((file) => file.endsWith('.schema.json'))
  .map((file) => file.replace('.schema.json', ''))

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
addFormats.default(ajv)
const schemas = new Map(names.map((name) => [name, read(`${name}.schema.json`)]))
for (const schema of schemas.values()) ajv.addSchema(schema)

/** What is wrong with `value` by the schema `name`; empty when nothing is. */
export function problems(name, value) {
  const validate = ajv.getSchema(schemas.get(name).$id)
  return validate(value) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** The payload of a JWT, unverified; of an SD-JWT, its issuer-signed part. */
export const payload = (jwt) => JSON.parse(Buffer.from(jwt.split('~')[0].split('.')[1], 'base64url'))
