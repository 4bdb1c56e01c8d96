// Lets a test steer a client from outside: one JSON command a line in, one JSON answer a line out. The folder is what a device keeps
// over restarts, even sudden ones.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { newKey, Session } from './session.mjs'

/** store is a localStorage that lives in a file: each change is appended before it counts. */
export function store(folder, name) {
  const path = join(folder, name)
  const items = new Map()
  if (existsSync(path)) {
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
      const [key, value] = JSON.parse(line)
      value === null ? items.delete(key) : items.set(key, value)
    }
  }
  const put = (key, value) => appendFileSync(path, JSON.stringify([key, value]) + '\n')
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => { put(key, String(value)); items.set(key, String(value)) },
    removeItem: (key) => { put(key, null); items.delete(key) },
    key: (n) => [...items.keys()][n] ?? null,
    get length() { return items.size },
  }
}

/** signedIn is a session of the device whose key is in the folder; a new device is enrolled. */
async function signedIn({ url, folder, code, account, password }) {
  const path = join(folder, 'device.json')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  let session
  if (existsSync(path)) {
    const kept = JSON.parse(readFileSync(path, 'utf8'))
    const key = {
      privateKey: await crypto.subtle.importKey('jwk', kept.privateKey, algorithm, true, ['sign']),
      publicKey: await crypto.subtle.importKey('jwk', kept.publicKey, algorithm, true, ['verify']),
    }
    session = new Session({ url, key, device: kept.device })
  } else {
    const key = await newKey()
    session = new Session({ url, key })
    await session.enrol(code, 'foreign client')
    const jwk = (half) => crypto.subtle.exportKey('jwk', half)
    writeFileSync(path, JSON.stringify({ device: session.device, privateKey: await jwk(key.privateKey), publicKey: await jwk(key.publicKey) }))
  }
  await session.signIn(account, password)
  return session
}

/** drive runs commands until the input ends. open gets the session, the folder and the settings of the first command, "open"; what it
 * returns has a function for each further command. */
export async function drive(open) {
  let client
  for await (const line of createInterface({ input: process.stdin })) {
    const { n, command, ...args } = JSON.parse(line)
    let out
    try {
      if (command === 'open') {
        const session = await signedIn(args)
        client = await open(session, args)
        out = { device: session.device }
      } else {
        out = await client[command](args)
      }
      console.log(JSON.stringify({ n, out }))
    } catch (error) {
      console.log(JSON.stringify({ n, error: String(error?.stack ?? error) }))
    }
  }
  process.exit(0)
}
