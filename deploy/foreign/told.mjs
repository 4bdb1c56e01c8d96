// RxDB drops what a pull brings of a document that is changed here: its push will be answered with what the server has. When that answer is lost and the
// person sets the document back, RxDB does not push it, and its news has gone by. So what was told is remembered until RxDB shows it, and asked for again.

const GONE = -1 // of a document that was told gone
const OTHERWISE = 0 // of one that was told in the version that it has here, and otherwise: in another form

const shown = ({ _meta, _rev, _attachments, ...doc }) => doc

/** rememberTold has a replication remember which version of which documents it was told and does not show yet, and ask for those at the end of every pull.
 * ask is given ids and returns the documents as the server has them. What is remembered lies in the checkpoint, so RxDB keeps it over restarts, and never
 * has a checkpoint without it. Call it before the replication has started, as everything does that runs in one go with the making of it. */
export function rememberTold(replication, ask) {
  const { collection, pull } = replication
  const { handler, stream$ } = pull
  const told = new Map()
  let begun = false
  let timer = null

  const here = async (ids) => {
    const docs = await collection.storageInstance.findDocumentsById(ids, true)
    return new Map(docs.map((doc) => [doc.id, shown(doc)]))
  }
  const isShown = (doc, version) =>
    version === GONE ? !doc || doc._deleted : version !== OTHERWISE && doc !== undefined && doc.serverVersion >= version

  const remember = (documents, docs = new Map()) => {
    for (const doc of documents) {
      if (!doc._deleted && !doc.serverVersion) continue // the schema does not declare it
      const mine = docs.get(doc.id)
      const otherwise = mine && !mine._deleted && mine.serverVersion === doc.serverVersion && !collection.conflictHandler.isEqual(mine, doc, 'told')
      told.delete(doc.id) // what is asked for again goes to the end
      told.set(doc.id, doc._deleted ? GONE : otherwise ? OTHERWISE : doc.serverVersion)
    }
    later()
  }
  const bearing = (checkpoint) => ({ ...checkpoint, get told() { return Object.fromEntries(told) } })

  /** missed are the documents whose news RxDB is through with, as its checkpoint says, and does not show. */
  const missed = async () => {
    const through = replication.internalReplicationState.lastCheckpointDoc.down?.checkpointData?.told ?? {}
    const docs = await here(Object.keys(through))
    const out = []
    for (const [id, version] of Object.entries(through)) {
      if (told.get(id) !== version) continue
      if (isShown(docs.get(id), version)) told.delete(id)
      else out.push(id)
    }
    return out
  }

  /** later looks after a while whether anything was missed, while there is something that may be. */
  const later = () => {
    if (!replication.live || timer || told.size === 0) return
    timer = setTimeout(async () => {
      timer = null
      try {
        if (replication.isStopped()) return
        if ((await missed()).length > 0) replication.reSync()
        else later()
      } catch (error) {
        if (!replication.isStopped()) throw error
      }
    }, replication.retryTime)
  }
  replication.onCancel.push(() => clearTimeout(timer))

  pull.handler = async (checkpoint, limit) => {
    if (!begun) Object.entries(checkpoint?.told ?? {}).forEach(([id, version]) => told.set(id, version))
    begun = true
    const page = await handler(checkpoint, limit)
    if (!page.checkpoint) return page // nothing can be pulled any more
    // A page that is full would have RxDB pull on, and ask for the same again. What it shows is forgotten with every page, or a first pull would remember all.
    const room = Math.max(0, limit - 1 - page.documents.length)
    const again = (await missed()).slice(0, room)
    const documents = new Map(page.documents.map((doc) => [doc.id, doc]))
    if (again.length > 0) for (const doc of await ask(again)) documents.set(doc.id, doc)
    remember(documents.values(), await here([...documents.keys()]))
    return { documents: [...documents.values()], checkpoint: bearing(page.checkpoint) }
  }

  // What comes before the first pull is pulled: what was remembered is not known yet.
  const heard = (event) => {
    if (event === 'RESYNC' || !begun) return 'RESYNC'
    remember(event.documents)
    return { ...event, checkpoint: bearing(event.checkpoint) }
  }
  if (stream$) pull.stream$ = { subscribe: (to) => stream$.subscribe({ ...to, next: (event) => to.next(heard(event)) }) }
}

/** question is a row of a push that wants nothing: of a document that is otherwise on the server, the answer holds it as it is there. */
export const question = (id) => ({ assumedMasterState: { id, _deleted: false }, newDocumentState: { id, _deleted: false } })
