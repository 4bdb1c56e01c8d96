package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is that of C2SP tlog-tiles: 256 hashes to a tile.
const tileHeight = 8

// Tile names a tile of hashes or a bundle of entries of C2SP tlog-tiles.
type Tile struct {
	Entries bool
	Level   int   // 0 of entries
	N       int64 // of its level
	Width   int   // 1 to 256
}

// Full reports whether the tile can grow no more.
func (t Tile) Full() bool { return t.Width == 1<<tileHeight }

// errTile tells nobody anything that he does not know.
var errTile = errors.New("no path of a tile")

// ParseTile reads the path of a tile below the log's prefix: tile/<level>/<N>[.p/<width>] or tile/entries/<N>[.p/<width>], N in groups of
// three digits, all but the last with an x before. Each tile has one path.
func ParseTile(path string) (Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return Tile{}, errTile
	}
	level, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return Tile{}, errTile
	}
	if level == "entries" {
		level = "data"
	} else if level == "data" {
		return Tile{}, errTile
	}
	parsed, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s/%s", tileHeight, level, rest))
	if err != nil {
		return Tile{}, errTile
	}
	t := Tile{Entries: parsed.L < 0, Level: max(parsed.L, 0), N: parsed.N, Width: parsed.W}
	if t.Path() != path || t.Level > 63 {
		return Tile{}, errTile
	}
	return t, nil
}

// Path is the tile's path below the log's prefix.
func (t Tile) Path() string {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(t.tlog().Path(), fmt.Sprintf("tile/%d/", tileHeight)), "/")
	if kind == "data" {
		kind = "entries"
	}
	return "tile/" + kind + "/" + rest
}

func (t Tile) tlog() tlog.Tile {
	level := t.Level
	if t.Entries {
		level = -1
	}
	return tlog.Tile{H: tileHeight, L: level, N: t.N, W: t.Width}
}

// Within reports whether a log of that many leaves has the tile.
func (t Tile) Within(size int64) bool {
	shift := uint(t.Level) * tileHeight
	if shift >= 63 || t.Width < 1 || t.Width > 1<<tileHeight {
		return false
	}
	nodes := size >> shift
	return t.N <= nodes>>tileHeight && t.N<<tileHeight+int64(t.Width) <= nodes
}

// Leaves are the first and last+1 leaf of a bundle of entries.
func (t Tile) Leaves() (from, to int64) { return t.N << tileHeight, t.N<<tileHeight + int64(t.Width) }

// HashTile is the content of a tile of hashes: 32 octets for each.
func HashTile(t Tile, stored Hashes) ([]byte, error) {
	if t.Entries {
		return nil, errors.New("a bundle of entries holds no hashes")
	}
	return tlog.ReadTileData(t.tlog(), stored)
}

// EntryBundle is the content of a bundle of entries: each with its length before it, in two octets.
func EntryBundle(leaves [][]byte) ([]byte, error) {
	var out []byte
	for _, leaf := range leaves {
		if len(leaf) > MaxLeaf {
			return nil, fmt.Errorf("a leaf has %d octets", len(leaf))
		}
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(leaf))), leaf...)
	}
	return out, nil
}

// ParseEntryBundle undoes [EntryBundle].
func ParseEntryBundle(bundle []byte) ([][]byte, error) {
	var leaves [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, errors.New("a bundle ends inside a length")
		}
		n := int(binary.BigEndian.Uint16(bundle))
		if bundle = bundle[2:]; len(bundle) < n {
			return nil, errors.New("a bundle ends inside an entry")
		}
		leaves, bundle = append(leaves, bundle[:n:n]), bundle[n:]
	}
	return leaves, nil
}
