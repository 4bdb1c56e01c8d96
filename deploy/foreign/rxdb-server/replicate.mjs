// Replicating with Fieldwarden by rxdb-server's own client. It calls the global fetch and cannot be given another, so what goes to
// Fieldwarden is led over the session, which adds token and proof.
import { replicateServer } from 'rxdb-server/plugins/replication-server'

/** leadOver has every fetch to the session's server go through the session, pulls and pushes of one collection one after the other: a
 * pull that overtakes the answer of a push brings a document that RxDB still takes for changed here, and drops. */
export function leadOver(session) {
  const native = globalThis.fetch
  const last = new Map()
  globalThis.fetch = (url, init) => {
    if (!String(url).startsWith(`${session.url}/v1/rxdb/`)) return native(url, init)
    const collection = String(url).replace(/\/[^/]*$/, '')
    const mine = (last.get(collection) ?? Promise.resolve()).then(() => session.fetch(url, init))
    last.set(collection, mine.catch(() => {}))
    return mine
  }
}

/** replicate keeps a collection in step; leadOver has been called. */
export const replicate = ({ session, collection, live = true, batchSize = 200, eventSource }) => replicateServer({
  replicationIdentifier: `fieldwarden-${collection.name}`,
  collection,
  url: `${session.url}/v1/rxdb/${collection.name}/${collection.schema.version}`,
  live,
  eventSource,
  pull: { batchSize },
  push: { batchSize },
})
