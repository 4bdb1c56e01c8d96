/** knownTo lets of a page, or of a list of documents, pass what a collection's schema declares. Newer programs and newer servers write fields that it does not,
 * and RxDB takes no document with one of them. Nothing is lost by it: an edit is what has changed between two documents, and names none of these. */
export const knownTo = ({ schema }) => {
  const declared = schema.jsonSchema.properties
  const lessen = (doc) => Object.fromEntries(Object.entries(doc).filter(([name]) => name in declared))
  return (given) => Array.isArray(given) ? given.map(lessen) : { ...given, documents: given.documents.map(lessen) }
}

/** schemaOf makes the schema of an RxDB collection: the body's fields, and what Fieldwarden adds. Only the id may be required: a
 * document that is gone comes as its id and nothing else. */
export const schemaOf = (properties, version = 0) => ({
  version,
  primaryKey: 'id',
  type: 'object',
  properties: { id: { type: 'string', maxLength: 36 }, serverVersion: { type: 'integer' }, ...properties },
  required: ['id'],
})
