// Package derive looks at the files of recordings that the server holds, and makes other files of them: a poster, a copy with
// faces blurred, an index by which a player finds its way. Originals are only ever read.
//
// It must not know HTTP, SQL, ffmpeg or how a program is kept in a sandbox.
package derive

import (
	"context"
	"log/slog"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// History reads records; see pull.History.
type History interface {
	Record(ctx context.Context, collection, id string) (pull.Record, error)
	Lookup(ctx context.Context, collection, field, value string) ([]pull.Record, error)
}

// Records is the write path, for what the server itself says; push.Service is one.
type Records interface {
	ApplyOwn(ctx context.Context, ops []push.ServerOp) error
}

// Service is safe for concurrent use.
type Service struct {
	History History
	Records Records
	Blobs   evidence.Blobs
	Custody *custody.Service
	Maker   Maker // nil: nothing can be made, only looked at
	Lacks   Lack  // why there is no Maker
	Now     func() time.Time
	NewID   func() string // UUIDv7
	Log     *slog.Logger
}

// Lack is why nothing can be made of recordings here, as it is told to everybody.
type Lack struct{ Code, Zh, En string }

// The lacks there are. What exactly is wrong is in the log, for those who can mend it.
var (
	LackOff     = Lack{"off", "已按配置关闭（FIELDWARDEN_DERIVE）", "it is switched off (FIELDWARDEN_DERIVE)"}
	LackProgram = Lack{"program_missing", "未安装所需程序：ffmpeg、bubblewrap 和 prlimit", "a program that is needed is not installed: ffmpeg, bubblewrap and prlimit"}
	LackSandbox = Lack{"sandbox_refused", "沙箱无法启动：系统不允许建立所需的命名空间", "the sandbox does not start: the system does not let it have the name spaces it needs"}
)

// find reads a record's body; nil when it was removed.
func (s *Service) find(ctx context.Context, collection, id string) (record.Object, error) {
	r, err := s.History.Record(ctx, collection, id)
	if err != nil || r.Removed {
		return nil, err
	}
	return wire.Object(r.Body)
}
