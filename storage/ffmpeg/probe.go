package ffmpeg

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// demuxers are the formats that are opened, each by the one demuxer for it. None of them names other files.
var demuxers = map[string]string{"mp4": "mov", "matroska": "matroska", "avi": "avi", "mpegts": "mpegts", "mpeg": "mpeg", "wav": "wav", "mp3": "mp3",
	"aac": "aac", "ogg": "ogg", "flac": "flac", "amr": "amr", "jpeg": "jpeg_pipe", "png": "png_pipe", "webp": "webp_pipe", "bmp": "bmp_pipe", "gif": "gif"}

// open are the arguments by which a file is opened: as its format and no other, by no protocol but that of files, with no picture over the
// limit.
func (s sandbox) open(demuxer string) []string {
	args := []string{"-v", "error", "-protocol_whitelist", "file", "-format_whitelist", demuxer, "-max_streams", "32",
		"-max_pixels", strconv.FormatInt(s.Pixels, 10), "-f", demuxer}
	if demuxer == "mov" {
		args = append(args, "-enable_drefs", "0") // a track may name another file to be read in its place
	}
	return args
}

// media is what a file has, as ffprobe tells.
type media struct {
	video, audio  string // codecs; "" none
	width, height int    // as it is shown
	duration      time.Duration
	still         bool
}

// probed is ffprobe's answer.
type probed struct {
	Streams []struct {
		Kind   string `json:"codec_type"`
		Codec  string `json:"codec_name"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
		Side   []struct {
			Rotation float64 `json:"rotation"`
		} `json:"side_data_list"`
		Disposition map[string]int `json:"disposition"`
	} `json:"streams"`
	Format struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

// probe looks at a file before anything is made of it, and refuses what is too much.
func (s sandbox) probe(ctx context.Context, demuxer string, format evidence.Format) (media, error) {
	args := append(s.open(demuxer), "-show_entries", "stream=codec_type,codec_name,width,height:stream_side_data=rotation:stream_disposition=attached_pic:format=duration",
		"-of", "json", "/in/media")
	printed, err := s.run(ctx, s.Quick, ffprobe, args...)
	if err != nil {
		return media{}, unreadable(err)
	}
	var p probed
	if err := json.Unmarshal(printed, &p); err != nil {
		return media{}, unreadable(err)
	}
	m := media{still: format.Still}
	if seconds, err := strconv.ParseFloat(p.Format.Duration, 64); err == nil && seconds > 0 && seconds < 1e8 {
		m.duration = time.Duration(seconds * float64(time.Second))
	}
	for _, stream := range p.Streams {
		switch {
		case stream.Kind == "video" && m.video == "" && stream.Disposition["attached_pic"] == 0:
			m.video, m.width, m.height = stream.Codec, stream.Width, stream.Height
			for _, side := range stream.Side {
				if int(side.Rotation)%180 != 0 {
					m.width, m.height = m.height, m.width
				}
			}
		case stream.Kind == "audio" && m.audio == "":
			m.audio = stream.Codec
		}
	}
	if m.video == "" && m.audio == "" {
		return m, fault.New(fault.DeriveFailed)
	}
	if m.video != "" && (m.width <= 0 || m.height <= 0 || int64(m.width)*int64(m.height) > s.Pixels) {
		return m, fault.New(fault.DeriveTooMuch).Detail("画面尺寸不明或过大", "the size of the picture is not known, or too large")
	}
	return m, nil
}

// unreadable makes a lasting fault of a program's failure, and leaves the end of its time and of the server's as they are.
func unreadable(err error) error {
	var known *fault.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.New(fault.DeriveFailed).Because(err)
}
