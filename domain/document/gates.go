package document

import (
	"context"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The ways to break the rules about papers. Each finding carries one.
const (
	FormFlawed    = "paper.form"      // a field is missing or wrong by the paper's template
	NoTemplate    = "paper.template"  // the template is not there, is of another kind, or was replaced
	NotSummary    = "G04.kind"        // neither a warning nor a fine
	OverLimit     = "G04.limit"       // a fine beyond what may be imposed on the spot
	NumberMissing = "G05.number"      // no number
	NotLeased     = "G05.not_leased"  // the number is of no block that this device holds
	WrongSeries   = "G05.series"      // the block is of another organ, kind or year
	WrongText     = "G05.text"        // the number's text is not what the block gives
	LeaseOver     = "G05.expired"     // the block had expired, whenever it was issued
	LeaseDoubtful = "G05.uncertain"   // whether the block had expired depends on when exactly it was issued
	MovedOn       = "G05.moved"       // the number was moved to another device, because this one was lost
	GivenBack     = "G05.returned"    // the number had been given back
	WrongMoment   = "paper.issued_at" // the time of issue is not when it was issued
	WrongPeriod   = "paper.period"    // the last day of a period is not what the calendar says
	Unsigned      = "G05.signature"   // a signature is missing, or a refusal does not say why
	CashUnlawful  = "G07.ground"      // money was taken on the spot without a ground of law
	NoReceipt     = "G07.receipt"     // … or without a receipt of the treasury
)

// Where the rules stand.
const (
	formBasis     = "行政处罚法第五十二条、第五十五条"
	periodBasis   = "行政处罚法第八十五条、行政强制法第六十九条、民事诉讼法第八十五条"
	limitBasis    = "行政处罚法第五十一条"
	numberBasis   = "行政处罚法第五十二条"
	cashBasis     = "行政处罚法第六十八条至第七十条"
	templateBasis = "行政处罚法第五十二条（预定格式、编有号码）"
)

// Gates are the rules about papers; cal has the working days. All of them flag, unless a row of gates.csv says otherwise: a paper that comes
// in was handed over in the street.
func Gates(cal Calendar) []record.Gate {
	gates := []record.Gate{
		{Code: "paper", Basis: formBasis, Effect: record.Flag, Judge: onIssue(judgeForm, cal)},
		{Code: NoTemplate, Basis: templateBasis, Effect: record.Flag, Judge: judgeEdition},
		{Code: WrongMoment, Basis: "行政处罚法第四十七条", Effect: record.Flag, Judge: onIssue(judgeMoment, cal)},
		{Code: WrongPeriod, Basis: periodBasis, Effect: record.Flag, Judge: onIssue(judgePeriods, cal)},
		{Code: "G04", Basis: limitBasis, Effect: record.Flag, Judge: onIssue(judgeLimit, cal)},
		{Code: "G05", Basis: numberBasis, Effect: record.Flag, Judge: onIssue(judgeNumber, cal), Asks: askBlock},
		{Code: "G07", Basis: cashBasis, Effect: record.Flag, Judge: onIssue(judgeCash, cal)},
	}
	gates = append(gates, frozenGate, voidGate, approvalGate, refusalGate(cal), correctionGate(cal), serviceGate(cal))
	return append(gates, ruleGates(cal)...)
}

// issue is a paper being handed over.
type issue struct {
	ev       record.Event
	in       Instance
	t        Template
	known    bool // the template is on record
	facts    record.Facts
	due      Due
	breaches []record.Breach
}

// maxBreaches is how many findings one rule raises about one paper: a paper that is all wrong needs not one for each field.
const maxBreaches = 20

func (i *issue) say(code, field, zh, en string) {
	if len(i.breaches) < maxBreaches {
		i.breaches = append(i.breaches, record.Breach{Code: code, Zh: zh, En: en, Field: field})
	}
}

// onIssue lets a rule judge the issue of papers and nothing else.
func onIssue(judge func(context.Context, *issue) error, cal Calendar) func(context.Context, record.Event, record.Facts) ([]record.Breach, error) {
	return func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		if !BecameIssued(ev) {
			return nil, nil
		}
		i := &issue{ev: ev, in: ReadInstance(ev.After), facts: facts, due: cal(ctx, facts)}
		body, found, err := facts.Find(ctx, Templates.Name, i.in.Template)
		if err != nil {
			return nil, err
		}
		i.t, i.known = ReadTemplate(body), found
		if err := i.fillParty(ctx); err != nil {
			return nil, err
		}
		err = judge(ctx, i)
		return i.breaches, err
	}
}

func (i *issue) fillParty(ctx context.Context) error {
	if i.in.Subject == "" {
		return nil
	}
	subject, _, err := i.facts.Find(ctx, "subjects", i.in.Subject)
	i.in.FillParty(i.t, subject)
	return err
}

// judgeForm checks the paper by its template. The fields of a paper that was made with another version are not checked by this one.
func judgeForm(_ context.Context, i *issue) error {
	if !i.known || i.t.Kind != i.in.Kind {
		i.say(NoTemplate, "template", "文书模板不存在或者类型不符", "the template does not exist or is of another kind")
		return nil
	}
	if i.t.Version != i.in.TemplateVersion {
		return nil
	}
	if i.in.IssuedAt.IsZero() {
		i.say(FormFlawed, "issuedAt", "没有签发时间", "the time of issue is missing")
	}
	for _, f := range Check(i.t, i.in) {
		if !i.signatureOfPenalty(f) && !i.ruled(f) {
			i.say(FormFlawed, f.Path, f.Zh, f.En)
		}
	}
	return nil
}

// judgeEdition judges a paper when it comes on record: it is begun on the version of its template that is in force on that day. What was begun
// on a version is finished by it, so nobody asks again when a draft is issued.
func judgeEdition(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
	if ev.Before != nil || ev.After == nil {
		return nil, nil
	}
	in, begun := ReadInstance(ev.After), ev.Earliest
	if !in.IssuedAt.IsZero() {
		begun = in.IssuedAt
	}
	bodies, err := facts.Match(ctx, Templates.Name, "kind", in.Kind)
	if err != nil {
		return nil, err
	}
	var versions []Edition
	for _, body := range bodies {
		versions = append(versions, Edition{Template: Template{Version: whole(body, "version"), ValidFrom: text(body, "validFrom")}})
	}
	best, ok := InForce(versions, beijingDay(begun))
	if !ok || best.Version == in.TemplateVersion {
		return nil, nil
	}
	return []record.Breach{{Code: NoTemplate, Field: "templateVersion", Zh: fmt.Sprintf("使用了第%d版模板，当日有效的是第%d版", in.TemplateVersion, best.Version),
		En: fmt.Sprintf("begun on version %d of the template; version %d was in force that day", in.TemplateVersion, best.Version)}}, nil
}

// signatureOfPenalty tells the flaws that G05 speaks of, so that none is found twice.
func (i *issue) signatureOfPenalty(f Flaw) bool {
	return i.in.Kind == SummaryPenalty && strings.HasPrefix(f.Path, "signatures")
}

// judgePeriods checks the last day of each period that the paper gives by the calendar, where [Check] could only bound it.
func judgePeriods(_ context.Context, i *issue) error {
	if i.t.Version != i.in.TemplateVersion {
		return nil // the fields of another version may begin elsewhere
	}
	for _, f := range CheckPeriods(i.t, i.in, i.due) {
		i.say(WrongPeriod, f.Path, f.Zh, f.En)
	}
	return nil
}

// summaryLimits are the limits of 行政处罚法第五十一条 in yuan, for templates that carry none. That a household (个体工商户)
// counts as a citizen is the stricter reading; a district that reads otherwise says so in its template.
var summaryLimits = map[string]float64{Citizen: 200, Household: 200, Enterprise: 3000}

// judgeLimit is G04: on the spot only a warning, or a fine up to the limit.
func judgeLimit(_ context.Context, i *issue) error {
	if i.in.Kind != SummaryPenalty {
		return nil
	}
	switch penalty := text(i.in.Data, "penalty"); penalty {
	case "warning":
		return nil
	case "fine":
	default:
		i.say(NotSummary, "data/penalty", "当场处罚只能是警告或者罚款", "on the spot only a warning or a fine may be imposed")
		return nil
	}
	party := text(object(i.in.Data, "party"), "kind")
	limit, ok := i.t.Limits[party]
	if !ok {
		limit, ok = summaryLimits[party]
	}
	fine := amount(i.in.Data, "fine")
	switch {
	case !ok:
		i.say(OverLimit, "data/party/kind", "当事人类型不明，无法判断罚款是否超过当场处罚限额", "the kind of party is unknown, so is the limit")
	case fine > limit:
		i.say(OverLimit, "data/fine", fmt.Sprintf("罚款%.2f元，超过当场处罚限额%.0f元，应适用普通程序", fine, limit),
			fmt.Sprintf("a fine of %.2f yuan is over the limit of %.0f yuan for penalties on the spot", fine, limit))
	}
	return nil
}

// judgeCash is G07: money is taken on the spot only with a ground of law, and against a receipt of the treasury.
func judgeCash(_ context.Context, i *issue) error {
	data := i.in.Data
	if i.in.Kind != SummaryPenalty || text(data, "collection") != "onsite" {
		return nil
	}
	small := amount(data, "fine") <= 100
	if reason := text(data, "onsiteReason"); !small && reason != "hard" && reason != "remote" {
		i.say(CashUnlawful, "data/onsiteReason", "当场收缴罚款超过一百元，且未注明事后难以执行或者当事人提出的法定情形",
			"more than 100 yuan were taken on the spot without one of the grounds of law")
	}
	if strings.TrimSpace(text(data, "receipt")) == "" {
		i.say(NoReceipt, "data/receipt", "当场收缴罚款未出具财政统一票据", "money was taken on the spot without a receipt of the treasury")
	}
	return nil
}
