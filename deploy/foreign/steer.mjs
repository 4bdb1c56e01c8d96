// The commands by which a test steers an RxDB client, of whatever version.
import { schemaOf } from './schema.mjs'

const object = { type: 'object', additionalProperties: true }
const text = { type: 'string' }
const list = { type: 'array', items: {} }

const schemas = {
  subjects: schemaOf({ kind: text, name: text, uscc: text, idNumber: text, representative: text, address: text, phone: text, unit: text, place: object }),
  tasks: schemaOf({ title: text, unit: text, subject: text, kind: text, items: list, officers: object, due: text, state: text }),
  conflicts: schemaOf({ collectionField: text, record: text, version: { type: 'number' }, ours: text, theirs: text, author: text, unit: text,
    fields: object, state: text, resolution: object, resolvedBy: text, reason: text }),
}

export async function steer(database, replicate) {
  const collections = await database.addCollections(Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, { schema }])))
  const errors = []
  const running = []
  const begin = (name, live) => {
    const replication = replicate(collections[name], live)
    replication.error$.subscribe((error) => errors.push(String(error.message) + JSON.stringify(error.parameters?.errors ?? '')))
    return replication
  }
  const doc = async (collection, id) => {
    const found = await collections[collection].findOne(id).exec()
    if (!found) throw new Error(`${collection} ${id} is not here`)
    return found
  }
  return {
    insert: async ({ collection, docs }) => void (await collections[collection].bulkInsert(docs)),
    patch: async ({ collection, id, patch }) => void (await (await doc(collection, id)).incrementalPatch(patch)),
    remove: async ({ collection, id }) => void (await (await doc(collection, id)).incrementalRemove()),
    dump: async ({ collection }) => (await collections[collection].find().exec()).map((found) => found.toJSON()),
    sync: async ({ names = Object.keys(schemas) }) => {
      errors.length = 0
      for (const name of names) {
        const replication = begin(name, false)
        await replication.awaitInitialReplication()
        await replication.cancel()
      }
      return { errors }
    },
    live: async ({ names = Object.keys(schemas) }) => {
      errors.length = 0
      for (const name of names) running.push(begin(name, true))
      for (const replication of running) await replication.awaitInSync()
    },
    settled: async () => {
      for (const replication of running) await replication.awaitInSync()
      return { errors }
    },
    still: async () => {
      for (const replication of running.splice(0)) await replication.cancel()
    },
  }
}
