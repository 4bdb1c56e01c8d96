// Bringing recordings with tus-js-client. What it needs to know of Fieldwarden is all here: a proof with every request, which recording is
// meant, and which answers mean "ask and go on".
import { createHash } from 'node:crypto'
import * as tus from 'tus-js-client'

/** settings are tus-js-client's options for one recording. evidence is the id of its announced record, content a Buffer. checksum names an
 * algorithm; it needs a chunkSize, and spoil lets a test make one of them wrong. */
export function settings({ session, evidence, content, chunkSize = Infinity, parallel = 1, deferred = false, checksum, spoil = () => false, ...more }) {
  const metadata = { evidence }
  return {
    endpoint: `${session.url}/v1/uploads`,
    metadata,
    metadataForPartialUploads: metadata, // a part must say too what it is of
    chunkSize,
    parallelUploads: parallel,
    uploadLengthDeferred: deferred,
    retryDelays: [0, 50, 100, 200, 400, 800, 1600, 3200],
    // Two clients of one recording go on from the same place, and a chunk whose checksum did not fit is asked about and sent again.
    onShouldRetry: (error) => {
      const status = error.originalResponse?.getStatus() ?? 0
      return status === 0 || status >= 500 || [408, 409, 460].includes(status) || status === 401
    },
    // The proof is for this very request, so it is made last; what it names is the method that is meant.
    onBeforeRequest: async (request) => {
      const method = request.getMethod()
      if (checksum && method === 'PATCH') {
        const from = Number(request.getHeader('Upload-Offset'))
        const chunk = content.subarray(from, Math.min(from + chunkSize, content.length))
        const digest = createHash(checksum).update(spoil() ? 'something else' : chunk).digest('base64')
        request.setHeader('Upload-Checksum', `${checksum} ${digest}`)
      }
      request.setHeader('Authorization', `DPoP ${session.tokens.accessToken}`)
      request.setHeader('DPoP', await session.proof(method, request.getURL(), session.tokens))
    },
    // A token that has run out is renewed before the next try.
    onAfterResponse: async (_, response) => {
      if (response.getStatus() === 401) await session.renew(session.tokens)
    },
    fingerprint: async () => `fieldwarden-${evidence}`, // in a browser too: the record says which bytes they are
    ...more,
  }
}

/** upload brings a recording, from where an earlier try has left it, and tells how. */
export function upload(options, content) {
  const told = { statuses: [], url: null }
  const watch = options.onAfterResponse
  return new Promise((resolve) => {
    const up = new tus.Upload(content, {
      ...options,
      onAfterResponse: async (request, response) => {
        told.statuses.push(`${request.getMethod()} ${response.getStatus()}`)
        await watch(request, response)
      },
      onSuccess: () => resolve({ ...told, url: up.url, error: null }),
      onError: (error) => resolve({ ...told, url: up.url, error: String(error) }),
    })
    up.findPreviousUploads().then((earlier) => {
      if (earlier.length > 0) up.resumeFromPreviousUpload(earlier[0])
      up.start()
    })
  })
}
