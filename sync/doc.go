// Package sync is the map of reconciliation; it holds no code, and nothing imports it.
//
//	wire         the JSON shapes that travel, their canonical form, hash and signature
//	collections  the catalogue: every collection with its gates, in one list
//	push         ops come in: claim, lock, merge, gates, write; one push is one transaction
//	pull         changes go out: cursor, pages, snapshot
//	upload       bytes of evidence come in: announce, receive, verify, promote, receipt
//	papers       issued documents are rendered and kept
//	jobs         work queued with a change and done after it
//	client       the reference client: what a handheld does, durable at every step
//
// docs/protocol describes the same for authors of other clients.
package sync
