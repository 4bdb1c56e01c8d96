// Replicating an RxDB collection with Fieldwarden by RxDB's own replication handlers.
import { replicateRxCollection } from 'rxdb/plugins/replication'
import { Subject } from 'rxjs'
import { eventSourceOf } from '../events.mjs'
import { lostHistory, outdatedProgram } from '../history.mjs'
import { knownTo } from '../schema.mjs'
import { answer } from '../session.mjs'
import { question, rememberTold } from '../told.mjs'

/** inTurn lets one thing happen at a time. A pull that overtakes the answer of a push brings a document that RxDB still takes for
 * changed here, and drops. */
export function inTurn() {
  let last = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}

/** replicate keeps a collection in step; session is signed in. lost is told when the server has begun another history: then nothing more is
 * pulled, and what is unsent goes out. Once it has (awaitInSync), remove the collection, add it again and replicate anew. outdated is told when
 * the server speaks the schema's version no more: then too nothing more is pulled, and what is unsent goes out, for people to decide; once it
 * has, cancel and ask for an update of the program. To fail the pull instead would not do: RxDB tries it again for ever, pushes nothing
 * meanwhile, and its cancel() waits for that. */
export function replicate({ session, collection, live = true, lost = () => {}, outdated = () => {}, batchSize = 200, retryTime = 5000 }) {
  const address = `${session.url}/v1/rxdb/${collection.name}/${collection.schema.version}`
  const [turn, known] = [inTurn(), knownTo(collection)]
  const push = (rows) => turn(async () => {
    const headers = { 'Content-Type': 'application/json' }
    return known(await answer(await session.fetch(`${address}/push`, { method: 'POST', headers, body: JSON.stringify(rows) })))
  })
  const stream$ = new Subject()
  const replication = replicateRxCollection({
    replicationIdentifier: `fieldwarden-${collection.name}`,
    collection,
    live,
    retryTime,
    pull: {
      batchSize,
      stream$: stream$.asObservable(),
      handler: (checkpoint, limit) => turn(async () => {
        const query = new URLSearchParams({ id: checkpoint?.id ?? '', lwt: checkpoint?.lwt ?? 0, limit })
        try {
          return known(await answer(await session.fetch(`${address}/pull?${query}`)))
        } catch (problem) {
          if (outdatedProgram(problem)) outdated(problem)
          else if (lostHistory(problem)) lost()
          else throw problem
          return { documents: [], checkpoint: null }
        }
      }),
    },
    push: { batchSize, handler: push },
  })
  rememberTold(replication, (ids) => push(ids.map(question)))
  if (live) {
    const source = new (eventSourceOf(session))(`${address}/pullStream`)
    source.onopen = () => stream$.next('RESYNC') // the stream begins at the present
    source.onmessage = ({ data }) => stream$.next(known(JSON.parse(data)))
    replication.canceled$.subscribe((canceled) => canceled && source.close())
  }
  return replication
}
