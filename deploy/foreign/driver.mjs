// Lets a test steer a client from outside: one JSON command a line in, one JSON answer a line out. The folder is what a device keeps
// over restarts, even sudden ones.
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { newKey, Session } from './session.mjs'

/** store is a localStorage that lives in a file. What is changed in one go, without giving way to anything else, is one line of the file:
 * all of it is there after a sudden end, or nothing, as RxDB's storage needs for documents and their index. The line is written before
 * whoever changed something goes on. What a sudden end cut off is dropped, or the next line would be written to its end. */
export function store(folder, name) {
  const path = join(folder, name)
  const items = new Map()
  const apply = ([key, value]) => (value === null ? items.delete(key) : items.set(key, value))
  if (existsSync(path)) {
    const kept = readFileSync(path)
    const whole = kept.subarray(0, kept.lastIndexOf('\n') + 1)
    truncateSync(path, whole.length)
    for (const line of whole.toString('utf8').split('\n').slice(0, -1)) JSON.parse(line).forEach(apply)
  }
  let changes = []
  const write = () => {
    appendFileSync(path, JSON.stringify(changes) + '\n')
    changes = []
  }
  const put = (key, value) => {
    if (changes.length === 0) queueMicrotask(write)
    changes.push([key, value])
    apply([key, value])
  }
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => put(key, String(value)),
    removeItem: (key) => put(key, null),
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
