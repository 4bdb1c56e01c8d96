// The commands by which a test steers an RxDB client, of whatever version.
import { schemaOf } from './schema.mjs'
import { Session } from './session.mjs'

const object = { type: 'object', additionalProperties: true }
const text = { type: 'string' }
const list = { type: 'array', items: {} }

// The newest forms that this program was written against; a program of another year has forms of its own.
const usual = {
  subjects: schemaOf({ kind: text, name: text, uscc: text, idNumber: text, representative: text, address: text, phone: text, unit: text, place: object }),
  tasks: schemaOf({ title: text, unit: text, subject: text, kind: text, items: list, officers: object, due: text, state: text }),
  conflicts: schemaOf({ collectionField: text, record: text, version: { type: 'number' }, ours: text, theirs: text, author: text, unit: text,
    fields: object, state: text, resolution: object, resolvedBy: text, reason: text }),
}

/** strategies keep of a document of the program's earlier year what its schema still knows: the rest comes by the pull. */
const strategies = ({ version, properties }) => Object.fromEntries(Array.from({ length: version }, (_, n) =>
  [n + 1, (doc) => Object.fromEntries(Object.entries(doc).filter(([name]) => name in properties || name.startsWith('_')))]))

export async function steer(session, database, forms = {}, replicate) {
  const schemas = { ...usual }
  for (const [name, { schema, fields }] of Object.entries(forms)) {
    schemas[name] = schemaOf(Object.fromEntries(Object.entries(fields).map(([field, kind]) => [field, kind === 'json' ? object : text])), schema - 1)
  }
  const added = (names) => database.addCollections(Object.fromEntries(names.map((name) =>
    [name, { schema: schemas[name], migrationStrategies: strategies(schemas[name]) }])))
  const collections = await added(Object.keys(schemas))
  const errors = []
  const running = []
  const begin = (name, live, told = {}) => {
    const replication = replicate(collections[name], live, { lost: () => {}, outdated: () => {}, ...told })
    replication.error$.subscribe((error) => errors.push(String(error.message) + JSON.stringify(error.parameters?.errors ?? '')))
    return replication
  }
  const doc = async (collection, id) => {
    const found = await collections[collection].findOne(id).exec()
    if (!found) throw new Error(`${collection} ${id} is not here`)
    return found
  }
  // A history that is lost takes with it what was pulled of it.
  const anew = async (name) => {
    await collections[name].remove()
    Object.assign(collections, await added([name]))
  }
  return {
    insert: async ({ collection, docs }) => void (await collections[collection].bulkInsert(docs)),
    patch: async ({ collection, id, patch }) => void (await (await doc(collection, id)).incrementalPatch(patch)),
    remove: async ({ collection, id }) => void (await (await doc(collection, id)).incrementalRemove()),
    dump: async ({ collection }) => (await collections[collection].find().exec()).map((found) => found.toJSON()),
    sync: async ({ names = Object.keys(schemas) }) => {
      errors.length = 0
      const outdated = new Set()
      for (const name of names) {
        for (let lost = true; lost;) {
          lost = false
          const replication = begin(name, false, { lost: () => { lost = true }, outdated: () => outdated.add(name) })
          await replication.awaitInitialReplication()
          await replication.cancel()
          if (lost) await anew(name)
        }
      }
      return { errors, outdated: [...outdated] }
    },
    live: async ({ names = Object.keys(schemas) }) => {
      errors.length = 0
      for (const name of names) running.push(begin(name, true))
      for (const replication of running) await replication.awaitInSync()
    },
    // deaf pulls, and sends and does not hear what came of it. It stays so, until hearing or the end of the process.
    deaf: async ({ collection, live = false }) => {
      let sent = false
      session.fetch = async (address, options) => {
        const reply = await Session.prototype.fetch.call(session, address, options)
        if (!address.endsWith('/push')) return reply
        sent = true
        throw new TypeError('the line is cut')
      }
      const replication = begin(collection, live)
      if (live) running.push(replication)
      const pulled = () => replication.internalReplicationState?.firstSyncDone.down.getValue()
      while (!sent || !pulled()) await new Promise((done) => setTimeout(done, 20))
      await replication.internalReplicationState.checkpointQueue
    },
    hearing: async () => void delete session.fetch,
    settled: async () => {
      for (const replication of running) await replication.awaitInSync()
      return { errors }
    },
    still: async () => {
      for (const replication of running.splice(0)) await replication.cancel()
    },
  }
}
