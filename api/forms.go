package api

import (
	"strconv"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// schemasParam documents the parameter by which a client says in which forms it wants bodies.
var schemasParam = Param{Name: "schemas", In: "query", Zh: "各集合的数据版本，如 tasks:1,inspections:2；缺省为最新", En: "the form of each collection that the client speaks, as tasks:1,inspections:2; default the newest", Schema: ""}

// schemas reads the parameter of that name.
func (r *request) schemas() (map[string]int, error) {
	text := r.Query("schemas")
	if text == "" {
		return nil, nil
	}
	says := map[string]int{}
	for part := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(part, ":")
		schema, err := strconv.Atoi(number)
		if _, doubled := says[name]; err != nil || doubled {
			return nil, fault.New(fault.FieldInvalid).At("schemas").Detail("应为 集合名:版本，以逗号分隔", "want collection:form, separated by commas")
		}
		says[name] = schema
	}
	return says, nil
}

// speaks is what the client says it speaks; see [forms.Speak].
func (s *server) speaks(r *request) (forms.Spoken, error) {
	says, err := r.schemas()
	if err != nil {
		return forms.Spoken{}, err
	}
	return forms.Speak(s.Catalogue, says)
}

// shown is a record as it is told to somebody who speaks these forms.
func shown(rec pull.Record, speaks forms.Spoken) (Record, error) {
	body, err := speaks.Text(rec.Collection, rec.Schema, rec.Body)
	return Record{rec.Collection, rec.ID, rec.Version, rec.Removed, body}, err
}

func allShown(found []pull.Record, speaks forms.Spoken) ([]Record, error) {
	out := make([]Record, 0, len(found))
	for _, rec := range found {
		told, err := shown(rec, speaks)
		if err != nil {
			return nil, err
		}
		out = append(out, told)
	}
	return out, nil
}

func versionsOf(past []pull.Revision, speaks forms.Spoken) ([]Version, error) {
	out := make([]Version, len(past))
	for i, v := range past {
		body, err := speaks.Text(v.Collection, v.Schema, v.Body)
		if err != nil {
			return nil, err
		}
		out[i] = Version{v.Version, v.Op, v.Action, v.Author, v.Device, v.OccurredAt, v.ReceivedAt, v.Status, body}
	}
	return out, nil
}
