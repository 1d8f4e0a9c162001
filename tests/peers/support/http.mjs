// A small HTTP server for the peers that play a server, and requests to servers with a certificate of our own.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'

/** `fetch`, or as much of it as tests need for https under the authority in the file `ca`. */
export function requester(ca) {
  if (!ca) return globalThis.fetch
  const authority = readFileSync(ca)
  return (url, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((done, fail) => {
      const sent = request(url, { method, headers, ca: authority, agent: false }, async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        const { statusCode: status } = response
        done({ status, ok: status < 300, text: async () => text, json: async () => JSON.parse(text) })
      })
      sent.on('error', fail)
      sent.end(body)
    })
}

/** Serves `routes` ("METHOD /path" → handler({body, headers, url}) → {status, type, body}) on a free port. */
export async function serve(routes) {
  const seen = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const url = new URL(request.url, 'http://localhost')
    seen.push(`${request.method} ${url.pathname}`)
    const handler = routes[`${request.method} ${url.pathname}`]
    try {
      const answer = handler ? await handler({ body, headers: request.headers, url }) : { status: 404, body: {} }
      const type = answer.type ?? 'application/json'
      response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    } catch (error) {
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: 'server_error', error_description: String(error) }))
    }
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const base = `http://localhost:${server.address().port}`
  return { base, seen, close: () => new Promise((done) => server.close(done) && server.closeAllConnections()) }
}
