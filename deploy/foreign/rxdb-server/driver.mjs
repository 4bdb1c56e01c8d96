import { createRxDatabase } from 'rxdb/plugins/core'
import { getRxStorageLocalstorage } from 'rxdb/plugins/storage-localstorage'
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv'
import { drive, store } from '../driver.mjs'
import { eventSourceOf } from '../events.mjs'
import { steer } from '../steer.mjs'
import { leadOver, replicate } from './replicate.mjs'

await drive(async (session, { folder, batchSize }) => {
  leadOver(session)
  const storage = wrappedValidateAjvStorage({ storage: getRxStorageLocalstorage({ localStorage: store(folder, 'rxdb.ndjson') }) })
  const database = await createRxDatabase({ name: 'fieldwarden', storage, multiInstance: false })
  return steer(database, (collection, live) => replicate({ session, collection, live, batchSize, eventSource: eventSourceOf(session) }))
})
