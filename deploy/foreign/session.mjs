// Signing in to Fieldwarden from JavaScript. A client is a device: it has a key of its own, enrolled once by a code, and proves
// it with every request (DPoP, RFC 9449). It needs nothing but what browsers and Node have: fetch and Web Crypto.

const nativeFetch = globalThis.fetch
const octets = (text) => new TextEncoder().encode(text)
const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
const part = (value) => base64url(octets(JSON.stringify(value)))

/** newKey makes the key of a device. In a browser keep it in IndexedDB, and pass false so that no script can read it out. */
export const newKey = (extractable = true) =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, extractable, ['sign', 'verify'])

/** Problem is what the server says instead of an answer; branch on code. */
export class Problem extends Error {
  constructor(status, body) {
    super(`${status} ${body.code}: ${body.detail}`)
    Object.assign(this, { status, code: body.code, problem: body })
  }
}

/** answer reads a JSON answer, or throws its Problem. */
export async function answer(response) {
  const body = await response.json()
  if (!response.ok) throw new Problem(response.status, body)
  return body
}

export class Session {
  /** url without a slash at the end; key of newKey; device of enrol. */
  constructor({ url, key, device }) {
    Object.assign(this, { url, key, device, tokens: null, renewing: null })
  }

  /** enrol makes the device known by a code that a leader has made, and returns its id: keep it beside the key. */
  async enrol(code, name) {
    const publicKey = await this.publicKey()
    const { id } = await this.bare('/v1/devices', { code, name, publicKey })
    return (this.device = id)
  }

  async signIn(account, password) {
    this.tokens = null
    this.tokens = await this.bare('/v1/sessions', { account, password, device: this.device })
  }

  /** fetch is fetch with the token, and a proof made for this very request. A token that has run out is renewed once. */
  async fetch(url, init = {}) {
    for (let tries = 1; ; tries++) {
      const used = this.tokens
      const headers = new Headers(init.headers)
      headers.set('Authorization', `DPoP ${used.accessToken}`)
      headers.set('DPoP', await this.proof(init.method ?? 'GET', url, used))
      const response = await nativeFetch(url, { ...init, headers })
      if (response.status !== 401 || tries === 2) return response
      await this.renew(used)
    }
  }

  async renew(used) {
    if (this.tokens !== used) return // somebody else has
    this.renewing ??= this.bare('/v1/sessions/refresh', { refreshToken: used.refreshToken }).finally(() => (this.renewing = null))
    this.tokens = await this.renewing
  }

  async bare(path, body) {
    const url = this.url + path
    const headers = { 'Content-Type': 'application/json', DPoP: await this.proof('POST', url) }
    return answer(await nativeFetch(url, { method: 'POST', headers, body: JSON.stringify(body) }))
  }

  async publicKey() {
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', this.key.publicKey)
    return { kty, crv, x, y }
  }

  async proof(method, url, tokens) {
    const claims = { jti: crypto.randomUUID(), htm: method, htu: url.split(/[?#]/)[0], iat: Math.floor(Date.now() / 1000) }
    if (tokens) claims.ath = base64url(await crypto.subtle.digest('SHA-256', octets(tokens.accessToken)))
    const signed = `${part({ typ: 'dpop+jwt', alg: 'ES256', jwk: await this.publicKey() })}.${part(claims)}`
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, this.key.privateKey, octets(signed))
    return `${signed}.${base64url(signature)}`
  }
}
