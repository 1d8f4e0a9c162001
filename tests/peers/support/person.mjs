// A person at the page of our authorization server, with a browser that runs no scripts.

const unescape = (text) => text.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&#x2F;', '/').replaceAll('&#x27;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#x2f;', '/').replaceAll('&amp;', '&')

/** Reads the page at `url`: its form with hidden fields, and the names of its buttons. */
export async function openPage(url, headers = {}) {
  const response = await fetch(url, { redirect: 'manual', headers })
  const text = await response.text()
  const form = /<form[^>]*method="post"[^>]*>([\s\S]*?)<\/form>/i.exec(text)
  const attribute = (tag, name) => unescape(new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
  const action = form && new URL(attribute(form[0], 'action'), url).href
  const hidden = [...(form?.[1] ?? '').matchAll(/<input[^>]*>/g)].map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value')])
  const buttons = [...(form?.[1] ?? '').matchAll(/<button[^>]*>/g)].map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value')])
  return { status: response.status, headers: response.headers, location: response.headers.get('location'), text, action, hidden, buttons }
}

/** Presses the button with this value. Gives status, and where the browser is sent. */
export async function press(page, value, headers = {}) {
  const button = page.buttons.find(([, it]) => it === value)
  if (!button) throw new Error(`no button ${value} on the page: ${page.status} ${page.text}`)
  const response = await fetch(page.action, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.action).origin, 'sec-fetch-site': 'same-origin', ...headers },
    body: String(new URLSearchParams([...page.hidden, button])),
  })
  return { status: response.status, location: response.headers.get('location'), headers: response.headers, text: await response.text() }
}

/** The whole way: page, button, and the address the browser is sent to. */
export async function signIn(url, value = 'continue') {
  const { status, location, text } = await press(await openPage(url), value)
  if (status !== 303 || !location) throw new Error(`the page led nowhere: ${status} ${text}`)
  return location
}
