package api

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// BlockLoss says that a block's device is lost, and which device goes on with its numbers from which on.
type BlockLoss struct {
	Reason string `json:"reason"`
	Device string `json:"device,omitempty" doc:"goes on with the numbers; absent: none does"`
	From   uint64 `json:"from,omitzero" doc:"the first number that the lost device has surely not used"`
}

// LostBlock is a block whose device is lost, and the one that the rest of it has moved to.
type LostBlock struct {
	Block map[string]any `json:"block"`
	Moved map[string]any `json:"moved,omitempty"`
}

// NumberSeries is one series of numbers.
type NumberSeries struct {
	Organ string `json:"organ"`
	Kind  string `json:"kind"`
	Year  int    `json:"year"`
	Last  uint64 `json:"last" doc:"the last number that was given to anybody"`
}

// NumberSeriesPage is a page of them.
type NumberSeriesPage struct {
	Series []NumberSeries `json:"series"`
	Next   string         `json:"next,omitempty" doc:"to ask for the next page with; absent at the end"`
}

// NumberTotals counts the numbers of a series by what has become of them. They add up to the last number, but for doubles, which are counted among
// the others once.
type NumberTotals struct {
	Last        uint64    `json:"last"`
	Issued      uint64    `json:"issued"`
	Void        uint64    `json:"void"`
	Leased      uint64    `json:"leased"`
	Returned    uint64    `json:"returned"`
	Expired     uint64    `json:"expired"`
	Doubt       uint64    `json:"doubt"`
	Skipped     uint64    `json:"skipped"`
	Open        uint64    `json:"open"`
	Unexplained uint64    `json:"unexplained" doc:"must be 0"`
	Doubles     uint64    `json:"doubles" doc:"must be 0"`
	At          time.Time `json:"at"`
}

// NumberEntry accounts for a number, or for a run that has become the same.
type NumberEntry struct {
	From    uint64         `json:"from"`
	To      uint64         `json:"to"`
	State   string         `json:"state" doc:"issued, void, leased, returned, expired, doubt, skipped, open or unexplained"`
	Text    string         `json:"text,omitempty" doc:"as it stands on the paper; of a run that of the first"`
	Paper   string         `json:"paper,omitempty"`
	Block   string         `json:"block,omitempty"`
	Device  string         `json:"device,omitempty"`
	Officer string         `json:"officer,omitempty" doc:"who issued it, made it void, gave it back or said that the device is lost"`
	Reason  string         `json:"reason,omitempty" doc:"of a void or a return; of doubt: lost, revoked or aside"`
	At      *time.Time     `json:"at,omitempty"`
	Until   *time.Time     `json:"until,omitempty" doc:"of leased ones"`
	Doubles []DoubleNumber `json:"doubles,omitempty" doc:"who else claims it: must be nobody"`
}

// DoubleNumber is a claim of a number that was another's.
type DoubleNumber struct {
	Record     string    `json:"record" doc:"the paper, or the block that says it is void"`
	Device     string    `json:"device,omitempty"`
	Officer    string    `json:"officer,omitempty"`
	ReceivedAt time.Time `json:"receivedAt"`
}

// NumberPage is a page of a series' account.
type NumberPage struct {
	Entries []NumberEntry `json:"entries"`
	Next    uint64        `json:"next,omitzero" doc:"to ask for the next page with as after; absent at the end"`
}

// mimeCSV is the media type of lists for office programs.
const mimeCSV = "text/csv; charset=utf-8"

const seriesPath = "/v1/numbers/{organ}/{kind}/{year}"

var numberRoutes = []Route{
	{Method: "POST", Path: "/v1/number-blocks/{id}/loss", Name: "loseBlock", Zh: "登记号段所在设备遗失，并可将剩余编号转给另一设备", En: "a block's device is lost; the rest of its numbers may move to another",
		Access: signedIn, Right: "blocks.settle", Body: jsonBody, Limit: smallLimit, Within: soon, In: BlockLoss{}, Out: LostBlock{}, Serve: (*server).loseBlock},
	{Method: "GET", Path: "/v1/numbers", Name: "listNumberSeries", Zh: "文书编号序列一览", En: "the series of numbers of an organ and those below it",
		Access: signedIn, Right: "numbers.account", Within: soon, Out: NumberSeriesPage{}, Serve: (*server).listNumberSeries, Params: append([]Param{unitParam}, pageParams...)},
	{Method: "GET", Path: seriesPath, Name: "totalNumbers", Zh: "文书编号去向合计", En: "what has become of a series' numbers, in totals",
		Access: signedIn, Right: "numbers.account", Within: later, Out: NumberTotals{}, Serve: (*server).totalNumbers},
	{Method: "GET", Path: seriesPath + "/account", Name: "accountNumbers", Zh: "文书编号逐号去向", En: "what has become of every number of a series, a page at a time",
		Access: signedIn, Right: "numbers.account", Within: later, Out: NumberPage{}, Serve: (*server).accountNumbers,
		Params: []Param{{Name: "after", In: "query", Zh: "上一页给出的 next", En: "what the page before gave as next", Schema: uint64(0)},
			{Name: "limit", In: "query", Zh: "每页号段数，最多 50", En: "blocks of a page, at most 50", Schema: 0}}},
	{Method: "GET", Path: seriesPath + "/account.csv", Name: "exportNumbers", Zh: "导出文书编号逐号去向", En: "the same as a table for office programs",
		Access: signedIn, Right: "numbers.account", Within: later, Media: mimeCSV, Serve: (*server).exportNumbers},
}

func (s *server) loseBlock(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	var in BlockLoss
	if err := r.decode(&in); err != nil {
		return err
	}
	lost, to, moved, err := s.Papers.Lose(r.ctx, r.caller, id, papers.Loss(in))
	if err != nil {
		return err
	}
	out := LostBlock{Block: withID(id, lost)}
	if to != "" {
		out.Moved = withID(to, moved)
	}
	return r.reply(http.StatusOK, out)
}

// withID is a record's body with its id.
func withID(id string, body record.Object) record.Object {
	out := record.Object{"id": id}
	for name, value := range body {
		out[name] = value
	}
	return out
}

// listNumberSeries lists the series of a unit's organ and of those below it; without one, of the caller's own unit.
func (s *server) listNumberSeries(r *request) error {
	after, limit, err := r.page()
	if err != nil {
		return err
	}
	unit := r.Query("unit", r.caller.Unit)
	if unit == "" || !s.accounts(r, unit) {
		return fault.New(fault.NotFound).At("unit")
	}
	names, last, err := s.Papers.Numbers.SeriesOf(r.ctx, unit, after, limit)
	if err != nil {
		return err
	}
	out := NumberSeriesPage{Series: []NumberSeries{}}
	for i, name := range names {
		organ, rest, _ := strings.Cut(name, "/")
		kind, year, _ := strings.Cut(rest, "/")
		n, _ := strconv.Atoi(year) // names are made from numbers
		out.Series = append(out.Series, NumberSeries{Organ: organ, Kind: kind, Year: n, Last: last[i]})
	}
	if len(names) == limit {
		out.Next = names[limit-1]
	}
	return r.reply(http.StatusOK, out)
}

// accounts reports whether the caller may see what became of an organ's numbers.
func (s *server) accounts(r *request, organ string) bool {
	return record.Storable(organ) && r.caller.May("numbers.account", organ, s.Now())
}

// series is the name of the series that a path names, if the caller may see it. What is foreign answers like what is absent.
func (s *server) series(r *request) (string, error) {
	organ, err := r.text("organ")
	kind, kindErr := r.text("kind")
	year, yearErr := strconv.Atoi(r.Params("year"))
	if err != nil || kindErr != nil || yearErr != nil || organ == "" || !s.accounts(r, organ) {
		return "", fault.New(fault.NotFound)
	}
	return document.SeriesName(organ, kind, year), nil
}

func (s *server) totalNumbers(r *request) error {
	series, err := s.series(r)
	if err != nil {
		return err
	}
	t, err := s.Papers.Totals(r.ctx, series)
	if err != nil {
		return err
	}
	by := func(state document.NumberState) uint64 { return t.By[state] }
	return r.reply(http.StatusOK, NumberTotals{Last: t.Last, Issued: by(document.StateIssued), Void: by(document.StateVoid), Leased: by(document.StateLeased),
		Returned: by(document.StateReturned), Expired: by(document.StateExpired), Doubt: by(document.StateDoubt), Skipped: by(document.StateSkipped),
		Open: by(document.StateOpen), Unexplained: by(document.StateUnexplained), Doubles: t.Doubles, At: s.Now().UTC()})
}

// blocksOfAPage is how many blocks a page of an account has if nobody says.
const blocksOfAPage = 20

func (s *server) accountNumbers(r *request) error {
	series, err := s.series(r)
	if err != nil {
		return err
	}
	after, err := strconv.ParseUint(r.Query("after", "0"), 10, 53)
	if err != nil {
		return fault.New(fault.FieldInvalid).At("after").Detail("应为非负整数", "want a whole number, not negative")
	}
	limit, err := strconv.Atoi(r.Query("limit", strconv.Itoa(blocksOfAPage)))
	if err != nil || limit < 1 || limit > 50 {
		return fault.New(fault.FieldInvalid).At("limit").Detail("应在 1 至 50 之间", "want 1 to 50")
	}
	entries, next, err := s.Papers.Account(r.ctx, series, after, limit)
	if err != nil {
		return err
	}
	out := NumberPage{Entries: []NumberEntry{}, Next: next}
	for i := range entries {
		out.Entries = append(out.Entries, shownEntry(&entries[i]))
	}
	return r.reply(http.StatusOK, out)
}

func shownEntry(e *document.NumberEntry) NumberEntry {
	out := NumberEntry{From: e.From, To: e.To, State: string(e.State), Text: e.Text, Paper: e.Paper, Block: e.Block, Device: e.Device, Officer: e.Officer,
		Reason: e.Reason, At: unlessZero(e.At), Until: unlessZero(e.Until)}
	for _, d := range e.Doubles {
		out.Doubles = append(out.Doubles, DoubleNumber{Record: d.Record, Device: d.Device, Officer: d.Officer, ReceivedAt: d.ReceivedAt})
	}
	return out
}

// exportTime bounds one export.
const exportTime = 10 * time.Minute

// exportNumbers streams a series' account as CSV by RFC 4180, with the mark by which office programs know UTF-8, and ends with the totals. What breaks
// on the way breaks the connection: a table that is not whole does not look whole.
func (s *server) exportNumbers(r *request) error {
	series, err := s.series(r)
	if err != nil {
		return err
	}
	if _, _, err := s.Papers.Account(r.ctx, series, 0, 1); err != nil { // an unknown series is a problem, not a table
		return err
	}
	r.Set(fiber.HeaderContentType, mimeCSV)
	r.Set(fiber.HeaderContentDisposition, `attachment; filename="numbers-`+strings.ReplaceAll(series, "/", "-")+`.csv"`)
	if r.Method() == fiber.MethodHead {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.Base, exportTime) // outlives the handler: the stream goes out after it
	stream, err := begin(func(w io.Writer) error { return s.writeNumbers(ctx, w, series) })
	if err != nil {
		cancel()
		return err
	}
	r.Status(http.StatusOK)
	r.Context().SetBodyStream(&outflow{src: stream, conn: r.Context().Conn(), cancel: cancel}, -1)
	return nil
}

// stateNames are the states of numbers as people read them, in the order of the totals.
var stateNames = []struct {
	state document.NumberState
	zh    string
}{{document.StateIssued, "已签发"}, {document.StateVoid, "已作废"}, {document.StateLeased, "设备持有"}, {document.StateReturned, "已交回"}, {document.StateExpired, "已到期"},
	{document.StateDoubt, "去向待查"}, {document.StateSkipped, "恢复备份时跳过"}, {document.StateOpen, "领取未完成"}, {document.StateUnexplained, "无法解释"}}

func (s *server) writeNumbers(ctx context.Context, w io.Writer, series string) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	zh := map[document.NumberState]string{}
	for _, n := range stateNames {
		zh[n.state] = n.zh
	}
	who := names{s: s, known: map[string]string{}}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	var totals document.NumberTotals
	rows := [][]string{{"起始编号", "终止编号", "数量", "编号文字", "去向", "时间（北京时间）", "有效期至（北京时间）", "文书", "设备", "人员", "理由", "号段", "重号"}}
	err := s.Papers.EachNumber(ctx, series, func(e document.NumberEntry) error {
		totals.Add(&e)
		var doubles []string
		for _, d := range e.Doubles {
			doubles = append(doubles, d.Record)
		}
		device, err := who.device(ctx, e.Device)
		if err != nil {
			return err
		}
		officer, err := who.officer(ctx, e.Officer)
		if err != nil {
			return err
		}
		rows = append(rows, []string{count(e.From), count(e.To), count(e.Numbers()), e.Text, zh[e.State], beijingTime(e.At), beijingTime(e.Until), e.Paper, device, officer,
			whys(&e), e.Block, strings.Join(doubles, " ")})
		err = writeRows(out, rows)
		rows = rows[:0]
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range stateNames {
		rows = append(rows, []string{"", "", count(totals.By[n.state]), "合计", n.zh, "", "", "", "", "", "", "", ""})
	}
	rows = append(rows, []string{"", "", count(totals.Last), "合计", "全部", "", "", "", "", "", "", "", ""}, []string{"", "", count(totals.Doubles), "合计", "其中重号", "", "", "", "", "", "", "", ""})
	if err := writeRows(out, rows); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// whys is the reason of an entry as people read it: of a doubt it is a word of the protocol.
func whys(e *document.NumberEntry) string {
	if e.State != document.StateDoubt {
		return e.Reason
	}
	return map[string]string{"lost": "设备遗失", "revoked": "设备停用", "aside": "设备待查（疑似复制）"}[e.Reason]
}

// names remembers what people and devices are called. Of an id that is nobody's the id is left.
type names struct {
	s     *server
	known map[string]string
}

func (n *names) officer(ctx context.Context, id string) (string, error) {
	return n.of(id, func() (string, error) { return n.s.nameOf(ctx, people.Officers.Name, id) })
}

func (n *names) device(ctx context.Context, id string) (string, error) {
	return n.of(id, func() (string, error) {
		d, err := n.s.Papers.Devices.Device(ctx, id)
		if errors.Is(err, fault.New(fault.NotFound)) {
			err = nil
		}
		return d.Name, err
	})
}

func (n *names) of(id string, ask func() (string, error)) (string, error) {
	name, ok := n.known[id]
	if ok || id == "" {
		return name, nil
	}
	name, err := ask()
	n.known[id] = cmp.Or(name, id)
	return n.known[id], err
}

// writeRows writes rows in which no cell is a formula, whatever people have entered.
func writeRows(out *csv.Writer, rows [][]string) error {
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				row[i] = "'" + cell
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return nil
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

func beijingTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(beijing).Format(time.DateTime)
}
