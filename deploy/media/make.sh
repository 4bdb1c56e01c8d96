#!/usr/bin/env bash
# Makes the recordings, pictures and signatures of the demo, all of them drawn and invented, from the sources beside this
# file. The results are kept in the repository (cmd/fieldwarden/demo/media), so this runs only when a source changes.
# It needs ffmpeg with librsvg, libx264 and freetype, and a Chinese font: Debian's ffmpeg and fonts-noto-cjk.
set -euo pipefail
cd "$(dirname "$0")"
out=../../cmd/fieldwarden/demo/media
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ff() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }

for name in goods notices kitchen; do
  ff -i "$name.svg" -frames:v 1 -q:v 7 -pix_fmt yuvj420p -bitexact "$out/$name.jpg"
done

for n in 1 2 3 4; do
  awk -v seed="$n" -f signature.awk > "$out/signature-$n.strokes"
done

# The camera walks along the street for seven seconds; time code and device are burned in as on a body recorder
# (GA/T 947-2015), and a tone with a beat is the sound.
ff -i street.svg -frames:v 1 "$work/street.png"
clock="drawtext=font=DejaVu Sans Mono:fontsize=13:fontcolor=white:box=1:boxcolor=black@0.55:boxborderw=4"
ff -loop 1 -framerate 15 -t 7 -i "$work/street.png" \
  -f lavfi -t 7 -i "aevalsrc=0.25*sin(2*PI*440*t)*(0.6+0.4*sin(2*PI*2*t)):s=16000" \
  -vf "crop=320:240:x='40+t*100':y=0,${clock}:x=8:y=8:timecode='00\:00\:00\:00':rate=15,${clock}:x=8:y=216:text='FW-DEMO-01  DRAWN'" \
  -c:v libx264 -preset veryslow -crf 27 -pix_fmt yuv420p -profile:v main -c:a aac -b:a 32k -ac 1 \
  -map_metadata -1 -flags +bitexact -fflags +bitexact -movflags +faststart "$out/video.mp4"
ls -l "$out"
