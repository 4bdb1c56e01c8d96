// Keeping a WatermelonDB database in step with Fieldwarden.
import { Q, tableSchema } from '@nozbe/watermelondb'
import { synchronize } from '@nozbe/watermelondb/sync/index.js'
import { outdatedProgram } from '../history.mjs'
import { answer } from '../session.mjs'

/** tableOf makes a table of a collection: columns by the names of the body's fields. A 'json' column holds the JSON text of a field that
 * is an object or an array. serverVersion says which version of a record a row is, or was edited on top of; seenVersions, while it is unsent, from which
 * other versions columns were taken. They are columns so that they are written with the row, or not at all. */
export const tableOf = (name, columns) => tableSchema({
  name,
  columns: Object.entries({ ...columns, serverVersion: 'number', seenVersions: 'string' }).map(([column, type]) =>
    ({ name: column, type: type === 'json' ? 'string' : type, isOptional: true })),
})

/** sync sends and fetches once; session is signed in. tables: the version of the collection's form by table, as in { tasks: 1 }. refused
 * is told of rows that did not stand, each with a reason. They are taken back by the next sync; with keepRefused they stay as they
 * are, unsent, until somebody changes them. When the server speaks one of the forms no more, what is unsent goes out all the same, for people to
 * decide, and then the Problem is thrown: ask for an update of the program. */
export async function sync({ session, database, tables, refused = () => {}, keepRefused = false, limit = 1000 }) {
  const post = async (path, body) => answer(await session.fetch(`${session.url}/v1/watermelon/${path}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  }))
  const push = async (changes, lastPulledAt, keep) => {
    const result = await post('push', { lastPulledAt, tables, changes, keepRefused: keep, deletedVersions: await versionsOf(database, changes) })
    if (result.refused.length > 0) refused(result.refused)
    return result
  }
  let stale
  await synchronize({
    database,
    sendCreatedAsUpdated: true,
    conflictResolver: (_table, local, remote, resolved) => ({ ...resolved, ...versionsKept(local, remote) }),
    pullChanges: async ({ lastPulledAt, schemaVersion, migration }) => {
      const rows = Object.fromEntries(Object.keys(tables).map((table) => [table, new Map()]))
      let timestamp = lastPulledAt
      let strategy
      for (let page = { more: true }, first = true; page.more; first = false) {
        try {
          page = await post('pull', { lastPulledAt: timestamp ?? null, schemaVersion, migration: first ? migration : null, tables, limit })
        } catch (problem) {
          if (!outdatedProgram(problem)) throw problem
          stale = problem
          return { changes: {}, timestamp: lastPulledAt ?? 1 } // nothing comes, and WatermelonDB goes on to push
        }
        for (const [table, { updated, deleted }] of Object.entries(page.changes)) {
          for (const row of updated) rows[table].set(row.id, row)
          for (const id of deleted) rows[table].set(id, null)
        }
        strategy = page.experimentalStrategy ?? strategy
        timestamp = page.timestamp
      }
      await rescue(database, rows, strategy, (changes) => push(changes, lastPulledAt ?? 0, false))
      const changes = Object.fromEntries(Object.entries(rows).map(([table, byID]) => [table, {
        created: [],
        updated: [...byID.values()].filter((row) => row !== null),
        deleted: [...byID].filter(([, row]) => row === null).map(([id]) => id),
      }]))
      return { changes, timestamp, ...(strategy && { experimentalStrategy: strategy }) }
    },
    pushChanges: async ({ changes, lastPulledAt }) => {
      const ours = Object.fromEntries(Object.entries(changes).filter(([table]) => table in tables))
      const { experimentalRejectedIds } = await push(ours, lastPulledAt, keepRefused)
      return keepRefused ? { experimentalRejectedIds } : undefined
    },
  })
  if (stale) throw stale
}

/** versionsKept says of a row that a pull brings which versions it is of. What is unsent keeps the version it was made on: else the server would take others'
 * newer edits for seen. What it has not changed, the person now sees as the pull brings it, and may set back: so those columns are of the new version. */
function versionsKept(local, remote) {
  if (local._status === 'synced') return { seenVersions: null }
  const kept = new Set(['id', 'serverVersion', ...local._changed.split(',')])
  const taken = Object.keys(remote).filter((column) => !kept.has(column)).map((column) => [column, remote.serverVersion])
  const seenVersions = JSON.stringify({ ...JSON.parse(local.seenVersions || '{}'), ...Object.fromEntries(taken) })
  return { serverVersion: local.serverVersion, seenVersions }
}

/** versionsOf says of deleted rows which version was before the person: WatermelonDB pushes of them an id alone, and pulls before that. What others
 * have changed since is not to go with them. */
async function versionsOf(database, changes) {
  const versions = {}
  for (const [table, { deleted }] of Object.entries(changes)) {
    if (deleted.length === 0) continue
    versions[table] = {}
    for (const id of deleted) {
      const { serverVersion } = (await database.get(table).find(id))._raw
      if (serverVersion > 0) versions[table][id] = serverVersion
    }
  }
  return versions
}

/** rescue sends what is unsent of rows that the pull is about to take away: WatermelonDB would drop it. The server keeps it for
 * people to look at. */
async function rescue(database, rows, strategy, push) {
  const changes = {}
  for (const [table, byID] of Object.entries(rows)) {
    const leaving = (id) => byID.get(id) === null || strategy === 'replacement' && !byID.has(id)
    const unsent = await database.get(table).query(Q.where('_status', Q.oneOf(['created', 'updated']))).fetch()
    const raw = (status, goes) => unsent.filter(({ id, _raw }) => _raw._status === status && goes(id)).map((record) => ({ ...record._raw }))
    const created = raw('created', (id) => byID.get(id) === null) // a replacement leaves those in their place
    const updated = raw('updated', leaving)
    const deleted = (await database.adapter.getDeletedRecords(table)).filter(leaving)
    if (created.length + updated.length + deleted.length > 0) changes[table] = { created, updated, deleted }
  }
  if (Object.keys(changes).length > 0) await push(changes)
}
