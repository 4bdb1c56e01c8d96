package document

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// TemplateGates refuse a template that cannot be rendered, lacks what law asks of its kind, or could be taken for another: writing one waits for the
// server.
func TemplateGates() []record.Gate {
	judge := func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		if ev.After == nil {
			return nil, nil
		}
		var breaches []record.Breach
		for _, f := range Refusal(ev.After) {
			breaches = append(breaches, record.Breach{Zh: f.Zh, En: f.En, Field: f.Path})
		}
		if b, ok := rewritten(ev); ok {
			breaches = append(breaches, b)
		}
		if len(breaches) > 0 {
			return breaches, nil
		}
		return judgeAmongOthers(ctx, ev, facts)
	}
	return []record.Gate{{Code: NoTemplate, Basis: templateBasis, Effect: record.Refuse, Judge: judge, Asks: askOthers}}
}

// rewritten refuses an edit that would make one version say two things. Papers name the version that they were begun on, and are checked and shown by it for
// ever: once it has begun it stays as it is, and what is to be changed is a version of its own. Before it begins nobody has used it.
func rewritten(ev record.Event) (record.Breach, bool) {
	if ev.Before == nil {
		return record.Breach{}, false
	}
	before, after := ReadTemplate(ev.Before), ReadTemplate(ev.After)
	begun := before.ValidFrom <= ev.Received.In(record.Beijing).Format(time.DateOnly)
	switch {
	case after.Version < before.Version:
		return record.Breach{Field: "version", Zh: fmt.Sprintf("版次不能由第%d版改为第%d版", before.Version, after.Version),
			En: fmt.Sprintf("version %d cannot become version %d", before.Version, after.Version)}, true
	case begun && after.Version == before.Version && !record.Equal(ev.Before, ev.After):
		return record.Breach{Field: "version", Zh: fmt.Sprintf("第%d版自%s起已施行，文书可能已据以制作，不能再改；请增大版次，另立新版", before.Version, before.ValidFrom),
			En: fmt.Sprintf("version %d has begun on %s and papers may be made by it: it stays as it is; count the version up", before.Version, before.ValidFrom)}, true
	}
	return record.Breach{}, false
}

// askOthers foresees the templates of all kinds, which a numbering is held against.
func askOthers(patch record.Object) []record.Lookup {
	var all []record.Lookup
	for _, kind := range kindsToCompare(text(patch, "kind")) {
		all = append(all, record.Lookup{Collection: Templates.Name, Field: "kind", Value: kind})
	}
	return all
}

// kindsToCompare are all kinds there are, and one that a district has made for itself.
func kindsToCompare(own string) []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.Key)
	}
	if own != "" && !slices.Contains(all, own) {
		all = append(all, own)
	}
	return all
}

// judgeAmongOthers refuses a second template of one kind and version, of which nobody could say which a paper was made by, and the numbers of another kind.
func judgeAmongOthers(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
	t := ReadTemplate(ev.After)
	for _, kind := range kindsToCompare(t.Kind) {
		others, err := facts.Match(ctx, Templates.Name, "kind", kind)
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(maps.Keys(others)) {
			other := ReadTemplate(others[id])
			switch {
			case id == ev.Op.Record:
			case kind == t.Kind && other.Version == t.Version:
				return []record.Breach{{Field: "version", Zh: fmt.Sprintf("《%s》已有第%d版模板，请用下一版次", other.Name, t.Version),
					En: fmt.Sprintf("there is a version %d of %s already: take the next", t.Version, kind)}}, nil
			case kind != t.Kind && t.Number != nil && other.Number != nil && t.Number.Pattern("*", 2000) == other.Number.Pattern("*", 2000):
				return []record.Breach{{Field: "number", Zh: "编号与《" + other.Name + "》相同，两类文书会同号，请另用文种代字",
					En: "its numbers would be those of " + kind + ": take another word"}}, nil
			}
		}
	}
	return nil, nil
}
