package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// vouchWithin bounds one request to an authority or a witness.
const vouchWithin = 30 * time.Second

// maxVouch is how much of an answer is read.
const maxVouch = 1 << 17

// vouching asks the authorities and witnesses of the configuration.
func (c *Core) vouching() *ledger.Vouching {
	v := &ledger.Vouching{Store: c.DB, Every: c.Config.VouchEvery, Now: c.machine.Now, Log: c.Log, Disputed: c.disputed}
	client := &http.Client{Timeout: vouchWithin}
	for _, address := range c.Config.Authorities {
		v.Authorities = append(v.Authorities, authority{client, address})
	}
	for _, text := range c.Config.Witnesses {
		key, address, _ := strings.Cut(text, "@")
		v.Witnesses = append(v.Witnesses, witness{client, key, strings.TrimRight(address, "/")})
	}
	return v
}

// LedgerDisputed is the code of the finding that a witness has seen another ledger than this one.
const LedgerDisputed = "ledger.disputed"

// disputed tells people that a witness has seen another ledger: in the log each time, and by one finding on the district's desk for what that witness has seen.
func (c *Core) disputed(ctx context.Context, d ledger.Dispute) error {
	c.Log.ErrorContext(ctx, "a witness has seen another ledger than this one", "witness", d.Witness, "seen", d.Seen, "size", d.Size)
	told := fmt.Sprintf("%s@%d", d.Witness, d.Seen)
	found, err := c.history().Lookup(ctx, "findings", "record", "")
	if err != nil {
		return err
	}
	for _, r := range found {
		if body, err := wire.Object(r.Body); err == nil && body["code"] == LedgerDisputed && body["field"] == told {
			return nil
		}
	}
	return c.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: "findings", Record: c.machine.NewID(), Action: record.Create, Patch: record.Object{
		"unit": c.Config.District, "code": LedgerDisputed, "basis": "", "collection": "", "record": "", "field": told, "state": "open",
		"zh": fmt.Sprintf("见证人 %s 见过同名的另一账本（%d 条），与本账本（%d 条）不能衔接：数据库曾从备份恢复，或者账本被截断、改写。"+
			"请查明原因，运行 fieldwarden verify --checkpoint 与留存的检查点比对；确系恢复的，将恢复的通知和此前最后的检查点存档", d.Witness, d.Seen, d.Size),
		"en": fmt.Sprintf("the witness %s has seen another ledger by this name, with %d leaves, which does not lead to this one (%d): the database was restored from a backup, or the "+
			"ledger was cut off or rewritten. Find out which; compare with checkpoints that were kept by `fieldwarden verify --checkpoint`; if it was a restore, keep its notice and "+
			"the last checkpoint from before it", d.Witness, d.Seen, d.Size)}}})
}

// authority is a time-stamping authority over HTTP (RFC 3161 §3.4).
type authority struct {
	client  *http.Client
	address string
}

func (a authority) Name() string { return a.address }

// Stamp implements ledger.Authority.
func (a authority) Stamp(ctx context.Context, request []byte) ([]byte, error) {
	status, body, err := post(ctx, a.client, a.address, "application/timestamp-query", request)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	return body, err
}

// witness is a witness over HTTP (C2SP tlog-witness).
type witness struct {
	client       *http.Client
	key, address string
}

func (w witness) Key() string { return w.key }

// Add implements ledger.Witnessing.
func (w witness) Add(ctx context.Context, body []byte) (lines string, known int64, err error) {
	status, answer, err := post(ctx, w.client, w.address+"/add-checkpoint", "text/plain; charset=utf-8", body)
	switch {
	case err != nil:
		return "", 0, err
	case status == http.StatusConflict:
		known, err = strconv.ParseInt(strings.TrimSpace(string(answer)), 10, 64)
		if err != nil || known < 0 {
			err = errors.New("the witness is in conflict with the ledger")
		}
		return "", known, err
	case status == http.StatusUnprocessableEntity:
		return "", 0, ledger.ErrAnother
	case status != http.StatusOK:
		return "", 0, fmt.Errorf("status %d", status)
	}
	return string(answer), 0, nil
}

func post(ctx context.Context, client *http.Client, address, mime string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", mime)
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxVouch))
	return response.StatusCode, answer, err
}
