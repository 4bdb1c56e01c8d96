import { createRxDatabase } from 'rxdb/plugins/core'
import { getRxStorageLocalstorage } from 'rxdb/plugins/storage-localstorage'
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv'
import { drive, store } from '../driver.mjs'
import { steer } from '../steer.mjs'
import { replicate } from './replicate.mjs'

await drive(async (session, { folder, batchSize }) => {
  const storage = wrappedValidateAjvStorage({ storage: getRxStorageLocalstorage({ localStorage: store(folder, 'rxdb.ndjson') }) })
  const database = await createRxDatabase({ name: 'fieldwarden', storage, multiInstance: false })
  return steer(database, (collection, live) => replicate({ session, collection, live, batchSize, retryTime: 500 }))
})
