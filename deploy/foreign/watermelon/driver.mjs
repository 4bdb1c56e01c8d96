import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { appSchema, Database, Model } from '@nozbe/watermelondb'
import LokiJSAdapterModule from '@nozbe/watermelondb/adapters/lokijs/index.js'
import { addColumns, schemaMigrations } from '@nozbe/watermelondb/Schema/migrations/index.js'
import { drive } from '../driver.mjs'
import { outdatedProgram } from '../history.mjs'
import { Session } from '../session.mjs'
import { sync, tableOf } from './sync.mjs'

const LokiJSAdapter = LokiJSAdapterModule.default ?? LokiJSAdapterModule

const columns = {
  subjects: { kind: 'string', name: 'string', uscc: 'string', idNumber: 'string', representative: 'string', address: 'string', phone: 'string', unit: 'string', place: 'json' },
  tasks: { title: 'string', unit: 'string', subject: 'string', kind: 'string', items: 'json', officers: 'json', due: 'string', state: 'string' },
  conflicts: { collection: 'string', record: 'string', version: 'number', ours: 'string', theirs: 'string', author: 'string', unit: 'string', fields: 'json',
    state: 'string', resolution: 'json', resolvedBy: 'string', reason: 'string' },
}
const tables = { subjects: 1, tasks: 1, conflicts: 1 }

// Programs of other years have forms of their own. Each year's database has the columns of the year before, and fresh ones.
const migrations = (version, forms) => schemaMigrations({ migrations: Array.from({ length: version - 1 }, (_, n) => ({
  toVersion: n + 2,
  steps: n + 2 < version ? [] : Object.entries(forms).map(([table, { fields, fresh }]) =>
    addColumns({ table, columns: tableOf(table, fields).columnArray.filter(({ name }) => fresh.includes(name)) })),
})) })

const flat = (table, body) => Object.fromEntries(Object.entries(body).map(([name, value]) =>
  [name, columns[table][name] === 'json' && value !== null ? JSON.stringify(value) : value]))

const raised = (table, raw) => Object.fromEntries(Object.entries(raw)
  .filter(([name, value]) => value !== null && !['_status', '_changed', 'seenVersions'].includes(name))
  .map(([name, value]) => [name, columns[table][name] === 'json' ? JSON.parse(value) : value]))

// Loki writes its database whole; the file changes at once or not at all.
const file = {
  loadDatabase: (path, done) => done(existsSync(path) ? readFileSync(path, 'utf8') : null),
  saveDatabase: (path, text, done) => {
    writeFileSync(path + '.new', text)
    renameSync(path + '.new', path)
    done(null)
  },
  deleteDatabase: (path, done) => {
    rmSync(path, { force: true })
    done()
  },
}

await drive(async (session, { folder, forms = {} }) => {
  for (const [name, { schema, fields }] of Object.entries(forms)) [columns[name], tables[name]] = [fields, schema]
  const version = Math.max(...Object.values(tables))
  const adapter = new LokiJSAdapter({
    migrations: migrations(version, forms),
    schema: appSchema({ version, tables: Object.entries(columns).map(([name, of]) => tableOf(name, of)) }),
    dbName: join(folder, 'watermelon.db'),
    useWebWorker: false,
    useIncrementalIndexedDB: true,
    _testLokiAdapter: file,
    extraLokiOptions: { autosaveInterval: 50 },
  })
  const models = Object.keys(columns).map((name) => class extends Model { static table = name })
  const database = new Database({ adapter, modelClasses: models })
  await database.get('subjects').query().fetchCount() // it is set up
  const saved = () => new Promise((done, failed) => adapter._driver.loki.saveDatabase((error) => error ? failed(error) : done()))
  const refused = []
  return {
    insert: async ({ collection, docs }) => {
      await database.write(() => database.batch(docs.map(({ id, ...body }) => database.get(collection).prepareCreate((record) => {
        record._raw.id = id
        for (const [column, value] of Object.entries(flat(collection, body))) record._setRaw(column, value)
      }))))
      await saved()
    },
    patch: async ({ collection, id, patch }) => {
      const record = await database.get(collection).find(id)
      await database.write(() => record.update(() => {
        for (const [column, value] of Object.entries(flat(collection, patch))) record._setRaw(column, value)
      }))
      await saved()
    },
    remove: async ({ collection, id }) => {
      const record = await database.get(collection).find(id)
      await database.write(() => record.markAsDeleted())
      await saved()
    },
    dump: async ({ collection }) => (await database.get(collection).query().fetch()).map((record) => raised(collection, record._raw)),
    // noted is what the rows say of versions besides serverVersion.
    noted: async ({ collection }) => Object.fromEntries((await database.get(collection).query().fetch())
      .filter(({ _raw }) => _raw.seenVersions).map(({ id, _raw }) => [id, JSON.parse(_raw.seenVersions)])),
    sync: async ({ keepRefused, rounds = 2 }) => {
      refused.length = 0
      // What was made by a sync itself comes with the one after it.
      let outdated = []
      for (let round = 0; round < rounds; round++) {
        try {
          await sync({ session, database, tables, keepRefused, limit: 400, refused: (rows) => refused.push(...rows) })
        } catch (problem) {
          if (!outdatedProgram(problem)) throw problem
          outdated = [problem.problem.field.replace('tables/', '')]
        }
      }
      await saved()
      return { errors: [], refused, outdated }
    },
    // deaf sends and does not hear what came of it.
    deaf: async () => {
      session.fetch = async (address, options) => {
        const reply = await Session.prototype.fetch.call(session, address, options)
        if (address.endsWith('/push')) throw new TypeError('the line is cut')
        return reply
      }
      await sync({ session, database, tables }).catch(() => {})
      delete session.fetch
      await saved()
    },
  }
})
