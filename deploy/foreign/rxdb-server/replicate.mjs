// Replicating with Fieldwarden by rxdb-server's own client. It calls the global fetch and cannot be given another, so what goes to
// Fieldwarden is led over the session, which adds token and proof.
import { lostHistory, outdatedProgram } from '../history.mjs'
import { knownTo } from '../schema.mjs'
import { question, rememberTold } from '../told.mjs'
import { replicateServer } from 'rxdb-server/plugins/replication-server'

const passes = new Map() // by the address of a collection, what its schema knows of documents

/** leadOver has every fetch to the session's server go through the session, pulls and pushes of one collection one after the other: a
 * pull that overtakes the answer of a push brings a document that RxDB still takes for changed here, and drops. lost is told a collection's
 * name when the server has begun another history: its pull ends there, and what is unsent goes out. Then remove the collection, add it
 * again and replicate anew. outdated is told a collection's name when the server speaks its schema's version no more: its pull ends there too,
 * where rxdb-server's client would give up and push nothing. */
export function leadOver(session, lost = () => {}, outdated = () => {}) {
  const native = globalThis.fetch
  const last = new Map()
  globalThis.fetch = (url, init) => {
    if (!String(url).startsWith(`${session.url}/v1/rxdb/`)) return native(url, init)
    const collection = String(url).replace(/\/[^/]*$/, '')
    const mine = (last.get(collection) ?? Promise.resolve()).then(async () => {
      const response = await session.fetch(url, init)
      if (response.ok) return Response.json(passes.get(collection)(await response.json()))
      if (!/[/]pull[?]/.test(url)) return response
      const problem = await response.clone().json()
      if (outdatedProgram(problem)) outdated(collection.split('/').at(-2))
      else if (lostHistory(problem)) lost(collection.split('/').at(-2))
      else return response
      return Response.json({ documents: [], checkpoint: null })
    })
    last.set(collection, mine.catch(() => {}))
    return mine
  }
}

/** hears is an EventSource that tells of documents what is known. */
const hears = (EventSource, known) => class extends EventSource {
  set onmessage(take) { this.told = ({ data }) => take({ data: JSON.stringify(known(JSON.parse(data))) }) }
  get onmessage() { return this.told }
}

/** replicate keeps a collection in step; leadOver has been called. */
export function replicate({ session, collection, live = true, batchSize = 200, eventSource }) {
  const url = `${session.url}/v1/rxdb/${collection.name}/${collection.schema.version}`
  passes.set(url, knownTo(collection))
  const replication = replicateServer({
    replicationIdentifier: `fieldwarden-${collection.name}`,
    collection,
    url,
    live,
    eventSource: eventSource && hears(eventSource, passes.get(url)),
    pull: { batchSize },
    push: { batchSize },
  })
  rememberTold(replication, (ids) => replication.push.handler(ids.map(question)))
  return replication
}
