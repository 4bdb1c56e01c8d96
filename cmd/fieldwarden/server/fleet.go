package server

import (
	"net"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// buildFleet makes this process one of several, if the configuration says that there are others. It is known by its spool.
func (c *Core) buildFleet(spool string) error {
	c.Fleet = &upload.Fleet{Self: upload.Replica{ID: spool, URL: c.Config.ReplicaURL}, Replicas: db.Uploads{DB: c.DB}, Uploads: c.Uploads,
		Silence: c.Config.ReplicaSilence, Now: c.machine.Now, Log: c.Log}
	if c.Fleet.Alone() {
		return nil
	}
	c.Uploads.Owner = spool
	c.Jobs.Handle(upload.ForgetJob+"/"+spool, c.Fleet.Forget)
	keys, err := derived(c.Config, "forwards")
	c.forwards = keys["forwards"]
	return err
}

// forward is how requests get to the replica that has an upload's bytes.
func (c *Core) forward() api.Forward {
	return api.Forward{Fleet: c.Fleet, Key: c.forwards, Client: &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute, // under the other end's
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}
