// Replicating an RxDB collection with Fieldwarden by RxDB's own replication handlers.
import { replicateRxCollection } from 'rxdb/plugins/replication'
import { Subject } from 'rxjs'
import { eventSourceOf } from '../events.mjs'
import { answer } from '../session.mjs'

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

/** replicate keeps a collection in step; session is signed in. */
export function replicate({ session, collection, live = true, batchSize = 200, retryTime = 5000 }) {
  const address = `${session.url}/v1/rxdb/${collection.name}/${collection.schema.version}`
  const turn = inTurn()
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
        return answer(await session.fetch(`${address}/pull?${query}`))
      }),
    },
    push: {
      batchSize,
      handler: (rows) => turn(async () => {
        const headers = { 'Content-Type': 'application/json' }
        return answer(await session.fetch(`${address}/push`, { method: 'POST', headers, body: JSON.stringify(rows) }))
      }),
    },
  })
  if (live) {
    const source = new (eventSourceOf(session))(`${address}/pullStream`)
    source.onopen = () => stream$.next('RESYNC') // the stream begins at the present
    source.onmessage = ({ data }) => stream$.next(JSON.parse(data))
    replication.canceled$.subscribe((canceled) => canceled && source.close())
  }
  return replication
}
