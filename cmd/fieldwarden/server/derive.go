package server

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/storage/ffmpeg"
	"github.com/fieldwarden/fieldwarden/sync/derive"
)

// buildDerive builds what looks at recordings and makes other files of them. Where ffmpeg or its sandbox is missing they are only looked at, and
// the log says so: nothing is run without the sandbox.
func (c *Core) buildDerive() {
	c.Derive = &derive.Service{History: c.history(), Records: c.Push, Blobs: c.Blobs, Custody: c.Custody, Now: c.machine.Now, NewID: c.machine.NewID, Log: c.Log}
	c.Slow.Handle(evidence.ExamineJob, c.Derive.Examine)
	c.Slow.Handle(evidence.ForgetJob, c.Derive.Forget)
	if !c.Config.Derive {
		c.Derive.Lacks = derive.LackOff
		c.Log.Info("no derivatives are made: FIELDWARDEN_DERIVE is off")
		return
	}
	maker, err := ffmpeg.Open(context.Background(), filepath.Join(c.Config.Data, "derive"), render.Lettering, ffmpeg.Limits{})
	if err != nil {
		c.Derive.Lacks = derive.LackSandbox
		if errors.Is(err, ffmpeg.ErrMissing) {
			c.Derive.Lacks = derive.LackProgram
		}
		c.Log.Warn("no derivatives are made: "+c.Derive.Lacks.En+"; see docs/operations/derivatives.md", "reason", c.Derive.Lacks.Code, "error", err)
		return
	}
	c.Derive.Maker, c.clear = maker, append(c.clear, maker.Clear)
	c.Slow.Handle(evidence.DeriveJob, c.Derive.Derive)
}
