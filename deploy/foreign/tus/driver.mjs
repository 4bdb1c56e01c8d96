import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileUrlStorage } from 'tus-js-client'
import { drive } from '../driver.mjs'
import { settings, upload } from './upload.mjs'

await drive(async (session, { folder }) => ({
  async upload({ path, evidence, chunkSize, parallel, deferred, checksum, spoilt = 0 }) {
    const content = readFileSync(path)
    const spoil = () => spoilt-- > 0
    const urlStorage = new FileUrlStorage(join(folder, 'uploads.json'))
    return upload(settings({ session, evidence, content, chunkSize, parallel, deferred, checksum, spoil, urlStorage }), content)
  },
}))
