// Package evidence is what the system promises about recordings: the manifest that a device announces before the bytes,
// the receipt the server signs once it holds them, how long they are kept, and the contracts of the two places that bytes
// are in: the [Spool] while they arrive and [Blobs] for good.
//
// It must not know databases, HTTP, S3 or a clock of its own.
package evidence
