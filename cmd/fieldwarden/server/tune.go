package server

import (
	"os"
	"runtime/debug"
)

// heapGrowth is by how much of what lives the heap may grow before garbage is collected, in percent. A server's live memory is small, and
// a push leaves much garbage: at Go's own 100 a tenth of the time of an ingest went to collecting it.
const heapGrowth = 200

// Tune sets up the process for a server. What the operator has said by GOGC stands.
func Tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}
