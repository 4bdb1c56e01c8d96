package ledger_test

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// The paths are those of the standard's own examples.
func TestTilePaths(t *testing.T) {
	for path, want := range map[string]ledger.Tile{
		"tile/0/000":                  {Level: 0, N: 0, Width: 256},
		"tile/0/x001/x234/067":        {Level: 0, N: 1234067, Width: 256},
		"tile/1/000.p/17":             {Level: 1, N: 0, Width: 17},
		"tile/entries/273.p/112":      {Entries: true, N: 273, Width: 112},
		"tile/entries/x001/x234/067":  {Entries: true, N: 1234067, Width: 256},
		"tile/63/000.p/1":             {Level: 63, N: 0, Width: 1},
		"tile/entries/x001/000.p/255": {Entries: true, N: 1000, Width: 255},
	} {
		got, err := ledger.ParseTile(path)
		if err != nil || got != want || got.Path() != path {
			t.Errorf("%s: %+v, %v, path %s", path, got, err, got.Path())
		}
	}
	for _, path := range []string{"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/data/000", "tile/0/x000/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/001/002", "tile/8/0/000", "tile/0/000/", "/tile/0/000", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
		"tile/entries/../000", "tile/0/１２３"} {
		if got, err := ledger.ParseTile(path); err == nil {
			t.Errorf("%s is taken for %+v", path, got)
		}
	}
}

// A log of 70,000 leaves has the tiles that the standard says it has, and no others.
func TestTilesOfALog(t *testing.T) {
	const size = 70_000
	for _, c := range []struct {
		tile ledger.Tile
		in   bool
	}{{ledger.Tile{N: 272, Width: 256}, true}, {ledger.Tile{N: 273, Width: 112}, true}, {ledger.Tile{N: 273, Width: 113}, false}, {ledger.Tile{N: 273, Width: 256}, false},
		{ledger.Tile{Level: 1, N: 0, Width: 256}, true}, {ledger.Tile{Level: 1, N: 1, Width: 17}, true}, {ledger.Tile{Level: 1, N: 1, Width: 18}, false},
		{ledger.Tile{Level: 2, N: 0, Width: 1}, true}, {ledger.Tile{Level: 2, N: 0, Width: 2}, false}, {ledger.Tile{Level: 8, N: 0, Width: 1}, false}, {ledger.Tile{Level: 63, N: 0, Width: 1}, false},
		{ledger.Tile{N: 1 << 60, Width: 1}, false}, {ledger.Tile{Entries: true, N: 273, Width: 112}, true}} {
		if got := c.tile.Within(size); got != c.in {
			t.Errorf("%s is in the log: %v", c.tile.Path(), got)
		}
	}
}

// What a client of the published format rebuilds from tiles and entries is the root of the checkpoint.
func TestALogIsRebuiltFromItsTiles(t *testing.T) {
	s := &stored{}
	var leaves [][]byte
	for i := range 600 {
		leaves = append(leaves, fmt.Appendf(nil, "leaf %d", i))
	}
	c := s.grow(t, leaves...)
	reader := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, tiles{t, s})
	for _, index := range []int64{0, 255, 256, 599} {
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil || hashes[0] != tlog.RecordHash(s.leaves[index]) {
			t.Errorf("leaf %d: %v", index, err)
		}
	}
	from, to := ledger.Tile{Entries: true, N: 2, Width: 88}.Leaves()
	bundle, err := ledger.EntryBundle(s.leaves[from:to])
	must(t, err)
	got, err := ledger.ParseEntryBundle(bundle)
	if err != nil || len(got) != 88 || !bytes.Equal(got[87], s.leaves[599]) {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

// tiles gives tiles by their published paths.
type tiles struct {
	t *testing.T
	s *stored
}

func (r tiles) Height() int                         { return 8 }
func (r tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (r tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, w := range wanted {
		path := ledger.Tile{Level: w.L, N: w.N, Width: w.W}.Path()
		tile, err := ledger.ParseTile(path)
		if err != nil || !tile.Within(int64(len(r.s.leaves))) {
			return nil, fmt.Errorf("%s: %v", path, err)
		}
		data, err := ledger.HashTile(tile, r.s)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}
