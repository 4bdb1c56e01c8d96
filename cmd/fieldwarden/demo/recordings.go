package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/demo/media"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

const (
	firstPiece = 16 << 10 // octets of the first piece of a recording; later ones grow
	cutAfter   = 10_000   // octets of the second piece after which the line breaks
)

// recordings: a video and three pictures are announced, then sent; the line breaks in the middle of the video.
func (d *day) recordings(ctx context.Context) error {
	h := d.first
	kept := map[string]media.File{}
	paths := map[string]string{}
	for _, f := range []media.File{media.Video, media.Goods, media.Notices, media.Kitchen} {
		id, path, err := d.record(ctx, h, f)
		if err != nil {
			return err
		}
		kept[id], paths[id] = f, path
		if f.Name == media.Video.Name {
			d.video = id
		}
	}
	if err := d.settled(ctx, h); err != nil {
		return err
	}
	d.story.tell(h.who.Name, "拍摄 7 秒视频和 3 张照片，摘要先行登记", "records a video and three pictures; their digests are announced first")
	d.compare("evidence.announced", "字节未到，服务器已知道缺哪些", "before a byte has come, the server knows which are missing",
		fmt.Sprintf("sha256 %s, %d 字节 bytes, 未入库 not held", short(digest(media.Video.Body)), len(media.Video.Body)), func() (string, error) {
			body, err := d.stored(ctx, evidence.Evidence.Name, d.video)
			where := "已入库 held"
			if body["custody"] == nil {
				where = "未入库 not held"
			}
			return fmt.Sprintf("sha256 %s, %v 字节 bytes, %s", short(fmt.Sprint(body["sha256"])), body["length"], where), err
		})
	if err := d.send(ctx, h); err != nil {
		return err
	}
	for _, id := range sorted(kept) {
		if err := d.proven(ctx, h, id, kept[id], paths[id]); err != nil {
			return err
		}
	}
	d.compare("evidence.segments", "视频分段入链：每段摘要与设备签名均已核对", "the video's segments are chained; each digest and the device's signature were checked",
		fmt.Sprintf("%d 段 segments, 0 处不符 flaws", segmented), func() (string, error) {
			custody, err := d.await(ctx, evidence.Evidence.Name, d.video, "custody")
			segments, _ := custody["segments"].(map[string]any)
			return fmt.Sprintf("%v 段 segments, %v 处不符 flaws", segments["count"], segments["flaws"]), err
		})
	d.compare("evidence.played", "分段回放，逐字节与原件相同", "played in ranges, every byte is the original's",
		fmt.Sprintf("206 206 206 sha256 %s", short(digest(media.Video.Body))), func() (string, error) { return d.play(ctx, d.video, len(media.Video.Body)) })
	return nil
}

// record keeps a file on the handheld and announces it.
func (d *day) record(ctx context.Context, h *hand, f media.File) (id, path string, err error) {
	if path, err = h.keep(f.Name, f.Body); err != nil {
		return "", "", err
	}
	kind := "photo"
	if f.Mime == "video/mp4" {
		kind = "video"
	}
	end := d.now()
	r := client.Recording{Path: path, Unit: street, Inspection: d.inspection, Step: "onsite", Kind: kind, MIME: f.Mime,
		StartedAt: end.Add(-7 * time.Second), EndedAt: end}
	if kind == "video" {
		r.Pieces = pieces(int64(len(f.Body)), r.StartedAt, 7*time.Second)
	}
	id, err = h.AddEvidence(ctx, r)
	return id, path, err
}

// segmented is how many segments the handheld cuts its video into.
const segmented = 4

// pieces are what a camera writes down one after the other, equally long.
func pieces(length int64, from time.Time, lasting time.Duration) (all []client.Piece) {
	each := lasting / segmented
	for n := range int64(segmented) {
		all = append(all, client.Piece{Length: length*(n+1)/segmented - length*n/segmented, At: from.Add(time.Duration(n) * each),
			Boot: "demo", MonotonicMs: n * each.Milliseconds(), DurationMs: each.Milliseconds(), Place: "+39.1203+117.2523/"})
	}
	return all
}

// send uploads everything; the line breaks in the second piece of the video.
func (d *day) send(ctx context.Context, h *hand) error {
	h.net.arm(mishap{method: http.MethodPatch, path: "/v1/uploads/", pass: 1, cutAfter: cutAfter})
	if err := h.Upload(ctx); err != nil {
		return err
	}
	patches := h.net.past(http.MethodPatch, "/v1/uploads/")
	if len(patches) < 3 || !patches[1].Fault {
		return errors.New("the line was not cut")
	}
	video, cut := patches[0].Path, patches[1]
	resumedAt, useful := "", int64(0)
	for i, p := range patches {
		if p.Path != video {
			continue
		}
		if i == 2 {
			resumedAt = p.Offset
		}
		if p.Status == http.StatusNoContent {
			useful += p.Sent
		}
	}
	d.story.tell(h.who.Name, fmt.Sprintf("视频传到一半断线，服务器告知从第 %s 字节继续", resumedAt), "the line breaks in the middle of the video; it goes on at the byte that the server names")
	d.compare("upload.resumed", "上传中途断线后续传，已确认的字节不重传", "an upload cut in the middle is resumed; what was acknowledged is not sent again",
		fmt.Sprintf("断线 cut; 续自 from %d; 共 %d 字节 bytes", firstPiece, len(media.Video.Body)), func() (string, error) {
			custody, err := d.await(ctx, evidence.Evidence.Name, d.video, "custody")
			line := "未断线 not cut"
			if cut.Status == 0 && cut.Sent == cutAfter {
				line = "断线 cut"
			}
			if length, _ := custody["length"].(float64); err == nil && int64(length) != useful {
				err = fmt.Errorf("%d octets were acknowledged, %v are held", useful, custody["length"])
			}
			return fmt.Sprintf("%s; 续自 from %s; 共 %v 字节 bytes", line, resumedAt, custody["length"]), err
		})
	return nil
}

// proven compares what the server has taken into custody: the digest it names, the bytes in its store, its signed receipt;
// and that only then the handheld lets go of its copy.
func (d *day) proven(ctx context.Context, h *hand, id string, f media.File, path string) error {
	custody, err := d.await(ctx, evidence.Evidence.Name, id, "custody")
	if err != nil {
		return err
	}
	want := digest(f.Body)
	d.compare("evidence.held."+f.Name, f.Name+" 入库，重新读取并核对摘要", f.Name+" is in the store, read back and hashed",
		"held sha256 "+short(want), func() (string, error) {
			key, _ := custody["key"].(string)
			got, err := d.hashStored(ctx, key)
			return fmt.Sprintf("%v sha256 %s", custody["state"], short(got)), err
		})
	d.compare("evidence.receipt."+f.Name, f.Name+" 的签名回执", f.Name+": the signed receipt",
		"回执有效 verified, sha256 "+short(want), func() (string, error) {
			token, _ := custody["receipt"].(string)
			r, err := upload.OpenReceipt(token, func(kid string) (*ecdsa.PublicKey, error) { return d.server.Keys.Verifier(ctx, keyring.Receipt, kid) })
			if err == nil && (r.Evidence != id || r.Digest.Length != int64(len(f.Body)) || r.Issuer != d.server.URL()) {
				err = errors.New("the receipt is for something else")
			}
			return "回执有效 verified, sha256 " + short(r.Digest.SHA256), err
		})
	if err := errors.Join(h.Sync(ctx), h.Upload(ctx)); err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is still on the handheld: %w", f.Name, err)
	}
	return nil
}

// hashStored reads an object of the blob store and hashes it.
func (d *day) hashStored(ctx context.Context, key string) (string, error) {
	body, err := d.server.Blobs.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return "", err
	}
	defer body.Close()
	return hashOf(body)
}

// play reads a recording in three ranges as a player would, over HTTP.
func (d *day) play(ctx context.Context, id string, length int) (string, error) {
	var bytes []byte
	statuses := ""
	for _, r := range [][2]int{{0, 9_999}, {10_000, 39_999}, {40_000, length - 1}} {
		reply, err := d.leader.Call(ctx, http.MethodGet, "/v1/evidence/"+id+"/content", url.Values{"reason": {"核对现场情况"}},
			http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", r[0], r[1])}}, nil)
		if err != nil {
			return "", err
		}
		if got, want := reply.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", r[0], r[1], length); got != want {
			return "", fmt.Errorf("Content-Range %q, want %q", got, want)
		}
		statuses += fmt.Sprint(reply.Status) + " "
		bytes = append(bytes, reply.Body...)
	}
	return statuses + "sha256 " + short(digest(bytes)), nil
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
