/** schemaOf makes the schema of an RxDB collection: the body's fields, and what Fieldwarden adds. Only the id may be required: a
 * document that is gone comes as its id and nothing else. */
export const schemaOf = (properties, version = 0) => ({
  version,
  primaryKey: 'id',
  type: 'object',
  properties: { id: { type: 'string', maxLength: 36 }, serverVersion: { type: 'integer' }, ...properties },
  required: ['id'],
})
