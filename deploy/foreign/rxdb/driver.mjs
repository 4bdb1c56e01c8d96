import { addRxPlugin, createRxDatabase } from 'rxdb/plugins/core'
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema'
import { getRxStorageLocalstorage } from 'rxdb/plugins/storage-localstorage'
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv'
import { drive, store } from '../driver.mjs'
import { steer } from '../steer.mjs'
import { replicate } from './replicate.mjs'

addRxPlugin(RxDBMigrationSchemaPlugin)

await drive(async (session, { folder, batchSize, forms }) => {
  const storage = wrappedValidateAjvStorage({ storage: getRxStorageLocalstorage({ localStorage: store(folder, 'rxdb.ndjson') }) })
  const database = await createRxDatabase({ name: 'fieldwarden', storage, multiInstance: false })
  return steer(session, database, forms, (collection, live, told) => replicate({ session, collection, live, ...told, batchSize, retryTime: 500 }))
})
