package adapt

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// sight is what the person was looking at who edited a row. A row bears one version, that of its oldest unsent edit; a pull brings what others wrote into
// the columns that he had not edited, and sync.mjs notes from which version it was. So each column has a version of its own: what is said in it is said
// on top of that, with the edits on top that were made on the device since.
type sight struct {
	p      *wmPush
	id     string
	st     state
	fresh  bool              // the row is new, as the client says
	base   uint64            // the version of columns of which nothing else is noted
	noted  map[string]uint64 // by column
	edited map[string]bool   // the columns in _changed
	past   []pull.Revision   // nil: not read yet
	bodies map[sighted]record.Object
}

// sighted is a version of the record, with or without what was written on the device since.
type sighted struct {
	version uint64
	own     bool
}

// maxNoted bounds how many versions one row may name: there is no collection with as many fields.
const maxNoted = 64

// open finds out the versions. A row that is new, as the client says, and is here already is the device's own creation, whose answer was lost; so is one whose
// version is empty, which no pull has brought since it was created. Of one that has no such column it follows from where the client stands. why is what is wrong with the row.
func (s *sight) open(ctx context.Context, row map[string]any) (why, err error) {
	s.edited = map[string]bool{}
	if changed, _ := row[nameChanged].(string); changed != "" {
		for name := range strings.SplitSeq(changed, ",") {
			s.edited[name] = true
		}
	}
	if s.noted, why = notedIn(row); why != nil {
		return why, nil
	}
	if s.base = versionIn(row); s.base > 0 {
		return nil, nil
	}
	if _, has := row[nameVersion]; has || s.fresh {
		past, err := s.revisions(ctx)
		if err != nil {
			return nil, err
		}
		if len(past) > 0 && past[0].Device == s.p.caller.Device {
			s.base = past[0].Version
			return nil, nil
		}
	}
	if !s.fresh {
		s.base = s.p.base(s.st)
	}
	return nil, nil
}

// notedIn reads which versions a row names for its columns.
func notedIn(row map[string]any) (map[string]uint64, error) {
	invalid := fault.New(fault.OpInvalid).At(nameSeen)
	text, isText := row[nameSeen].(string)
	if row[nameSeen] == nil || isText && text == "" {
		return nil, nil
	}
	value, err := wire.Column(text)
	said, isObject := value.(record.Object)
	if err != nil || !isObject {
		return nil, invalid.Because(err)
	}
	noted, versions := make(map[string]uint64, len(said)), map[uint64]bool{}
	for name, value := range said {
		noted[name] = versionOf(value)
		versions[noted[name]] = true
	}
	if versions[0] || len(versions) > maxNoted {
		return nil, invalid
	}
	return noted, nil
}

// edits makes one edit of the columns that were taken from the same version. What others have not changed in between is taken from the newest version
// that another column was taken from, so that a row is several edits only where others have written into what its person was writing.
func (s *sight) edits(ctx context.Context, row map[string]any) (edits []edit, why, err error) {
	wants := map[uint64]map[string]record.Object{} // by version and column
	for _, name := range s.columns(row) {
		of := s.of(name)
		seen, err := s.at(ctx, of)
		if err != nil {
			return nil, nil, err
		}
		patch, why := s.p.patch(row, []string{name}, seen)
		if why != nil {
			return nil, why, nil
		}
		if len(patch) > 0 {
			if wants[of.version] == nil {
				wants[of.version] = map[string]record.Object{}
			}
			wants[of.version][name] = patch
		}
	}
	if err := s.gather(ctx, wants); err != nil {
		return nil, nil, err
	}
	for _, version := range slices.Sorted(maps.Keys(wants)) {
		e := edit{action: record.Update, base: version, patch: record.Object{}}
		for _, patch := range wants[version] {
			maps.Copy(e.patch, patch)
		}
		edits = append(edits, e)
	}
	return edits, nil, nil
}

// gather moves columns to newer versions that say the same in them.
func (s *sight) gather(ctx context.Context, wants map[uint64]map[string]record.Object) error {
	versions := slices.Sorted(maps.Keys(wants))
	for _, version := range versions {
		for name, patch := range wants[version] {
			newer, err := s.newest(ctx, name, versions)
			if err != nil {
				return err
			}
			if newer > version {
				delete(wants[version], name)
				wants[newer][name] = patch
			}
		}
		if len(wants[version]) == 0 {
			delete(wants, version)
		}
	}
	return nil
}

// newest is the newest of some versions that says in a column what the one says that it was taken from. A version that is not known says nothing.
func (s *sight) newest(ctx context.Context, name string, versions []uint64) (uint64, error) {
	of := s.of(name)
	seen, err := s.at(ctx, of)
	if err != nil || seen == nil {
		return of.version, err
	}
	for _, version := range slices.Backward(versions) {
		if version <= of.version {
			break
		}
		body, err := s.at(ctx, sighted{version, of.own})
		if err != nil {
			return 0, err
		}
		if body != nil && record.Equal(body[name], seen[name]) {
			return version, nil
		}
	}
	return of.version, nil
}

// columns lists what a row speaks of: the columns that were edited, or all, if it is new or does not say.
func (s *sight) columns(row map[string]any) []string {
	if s.fresh || len(s.edited) == 0 {
		return columnsOf(row)
	}
	return slices.Sorted(maps.Keys(s.edited))
}

// of says from where a column was taken. In a row that is new, as the client says, the columns that were not edited are those of the creation; what was
// written on the device since lies over the others only.
func (s *sight) of(name string) sighted {
	version, noted := s.noted[name]
	if !noted {
		version = s.base
	}
	return sighted{version, !s.fresh || s.edited[name]}
}

// at is a version as the client shows it; nil if it is none, or the record not for the client's eyes: the edit is judged, and refused, without.
func (s *sight) at(ctx context.Context, of sighted) (record.Object, error) {
	switch body, known := s.bodies[of]; {
	case known:
		return body, nil
	case s.st.version == 0:
		return nil, nil
	case s.st.live() && of.version == s.st.version:
		return s.st.body, nil
	}
	past, err := s.revisions(ctx)
	if err != nil {
		return nil, err
	}
	var body record.Object
	if of.own {
		body, err = s.p.s.seen(ctx, s.p.caller, s.p.speaks, past, s.id, of.version)
	} else {
		body, err = version(s.p.speaks, past, of.version)
	}
	s.bodies[of] = body
	return body, err
}

func (s *sight) revisions(ctx context.Context) ([]pull.Revision, error) {
	if s.past != nil || s.st.version == 0 {
		return s.past, nil
	}
	var err error
	s.past, err = s.p.s.Reader.Revisions(ctx, s.id)
	return s.past, err
}
