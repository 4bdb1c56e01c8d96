import { addRxPlugin, createRxDatabase } from 'rxdb/plugins/core'
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema'
import { getRxStorageLocalstorage } from 'rxdb/plugins/storage-localstorage'
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv'
import { drive, store } from '../driver.mjs'
import { eventSourceOf } from '../events.mjs'
import { steer } from '../steer.mjs'
import { leadOver, replicate } from './replicate.mjs'

addRxPlugin(RxDBMigrationSchemaPlugin)

await drive(async (session, { folder, batchSize, forms }) => {
  const whom = new Map() // to tell, by collection
  leadOver(session, (name) => whom.get(name).lost(), (name) => whom.get(name).outdated())
  const storage = wrappedValidateAjvStorage({ storage: getRxStorageLocalstorage({ localStorage: store(folder, 'rxdb.ndjson') }) })
  const database = await createRxDatabase({ name: 'fieldwarden', storage, multiInstance: false })
  return steer(session, database, forms, (collection, live, told) => {
    whom.set(collection.name, told)
    return replicate({ session, collection, live, batchSize, eventSource: eventSourceOf(session) })
  })
})
