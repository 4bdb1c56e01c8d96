package live

import (
	"maps"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// MaxNotice is how long a notice may be, in octets: what PostgreSQL's NOTIFY carries, less a little.
const MaxNotice = 7900

// notice is what replicas tell each other. Replicas of different builds may work side by side during an update: a notice that one of
// them cannot read is as good as lost.
type notice struct {
	Epoch string `json:"e"`
	News  []item `json:"n"`
}

type item struct {
	Heads  map[string]uint64 `json:"h"`
	Device string            `json:"d,omitempty"`
	Since  uint64            `json:"s,omitzero"`
	Acked  uint64            `json:"a,omitzero"`
}

// pack makes as few notices of the news as there must be. An ack stays with all heads of its commit; of a commit that is too large
// for one notice the heads go out in parts, and the ack is left for the database to tell.
func pack(epoch string, news []News) ([][]byte, error) {
	var out [][]byte
	for len(news) > 0 {
		n := len(news)
		text, err := encode(epoch, news)
		for err == nil && len(text) > MaxNotice && n > 1 {
			n = (n + 1) / 2
			text, err = encode(epoch, news[:n])
		}
		if err != nil {
			return nil, err
		}
		if len(text) > MaxNotice {
			halves := split(news[0])
			if halves == nil {
				return nil, errTooLong
			}
			news = append(halves, news[1:]...)
			continue
		}
		out, news = append(out, text), news[n:]
	}
	return out, nil
}

// split makes two of one, without the ack; nil if it has but one head.
func split(n News) []News {
	if len(n.Heads) < 2 {
		return nil
	}
	halves := []News{{Heads: map[string]uint64{}}, {Heads: map[string]uint64{}}}
	i := 0
	for feed, head := range n.Heads {
		halves[i%2].Heads[feed] = head
		i++
	}
	return halves
}

func encode(epoch string, news []News) ([]byte, error) {
	items := make([]item, len(news))
	for i, n := range news {
		items[i] = item(n)
	}
	return wire.Canonical(notice{epoch, items})
}

// hear applies a notice of another replica. One of another history, or one that cannot be read, says nothing.
func (h *Hub) hear(text []byte) {
	var n notice
	if err := wire.Decode(text, &n); err != nil {
		h.Log.Debug("a notice of another replica cannot be read", "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if n.Epoch != h.epoch {
		return
	}
	for _, i := range n.News {
		h.take(News(i))
	}
}

// maxQueued bounds how many commits wait to be told. Beyond it they become one, without acks.
const maxQueued = 1000

// queue keeps news for the other replicas. mu is held.
func (h *Hub) queue(n News) {
	h.outbox = append(h.outbox, n)
	if len(h.outbox) <= maxQueued {
		return
	}
	all := News{Heads: map[string]uint64{}}
	for _, n := range h.outbox {
		for feed, head := range n.Heads {
			all.Heads[feed] = max(all.Heads[feed], head)
		}
	}
	h.outbox = []News{all}
}

// merged makes the outbox short: of commits that follow on each other, of one device or of none, one is told.
func merged(news []News) []News {
	var out []News
	at := map[string]int{}
	for _, n := range news {
		i, ok := at[n.Device]
		if !ok || n.Device != "" && n.Since != out[i].Acked {
			at[n.Device] = len(out)
			out = append(out, News{maps.Clone(n.Heads), n.Device, n.Since, n.Acked})
			continue
		}
		for feed, head := range n.Heads {
			if out[i].Heads == nil {
				out[i].Heads = map[string]uint64{}
			}
			out[i].Heads[feed] = max(out[i].Heads[feed], head)
		}
		out[i].Acked = n.Acked
	}
	return out
}
