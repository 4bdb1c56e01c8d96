/** eventSourceOf makes an EventSource whose every connection goes through the session: with its token, and a proof made for it. The
 * EventSource of browsers can send no headers. */
export const eventSourceOf = (session, retryTime = 3000) => class {
  constructor(url) {
    this.abort = new AbortController()
    this.run(String(url))
  }

  close() {
    this.abort.abort()
  }

  async run(url) {
    const { signal } = this.abort
    while (!signal.aborted) {
      let status
      try {
        const response = await session.fetch(url, { headers: { Accept: 'text/event-stream' }, signal })
        status = response.status
        if (response.ok) {
          this.onopen?.({})
          await this.read(response.body)
        }
      } catch (error) {
        if (signal.aborted) return
      }
      if (signal.aborted) return
      this.onerror?.({ status })
      await new Promise((done) => setTimeout(done, retryTime))
    }
  }

  async read(body) {
    let rest = ''
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const events = (rest + text).split('\n\n')
      rest = events.pop()
      for (const event of events) if (event.startsWith('data: ')) this.onmessage?.({ data: event.slice(6) })
    }
  }
}
