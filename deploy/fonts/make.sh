#!/usr/bin/env bash
# Makes the fonts of papers anew, from Debian's packages, into domain/document/render/fonts. Run it only to change them: the
# fonts are checked in, and papers name the digest of the fonts they were rendered with.
#
# Needs Debian 12 with python3-fonttools (4.38). The same packages give the same bytes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../domain/document/render/fonts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
apt-get download texlive-lang-chinese=2022.20230122-1 fonts-noto-cjk-extra=1:20220127+repack1-1
for package in *.deb; do dpkg-deb -x "$package" .; done

fandol=usr/share/texlive/texmf-dist/fonts/opentype/public/fandol
noto=usr/share/fonts/opentype/noto/NotoSerifCJK-Light.ttc
/usr/bin/python3 "$here/convert.py" "$fandol" "$noto" "$work"
for font in fang title fallback; do gzip -9 -n -c "$work/$font.ttf" > "$out/$font.ttf.gz"; done

{ cat usr/share/doc/texlive-doc/fonts/fandol/README; echo
  zcat usr/share/doc/texlive-doc/fonts/fandol/COPYING.gz; } > "$out/LICENSE-Fandol.txt"
{ echo "© 2017-2022 Adobe (http://www.adobe.com/). Noto is a trademark of Google Inc."; echo
  sed -n '/^ ----/,/^License: GPL/p' usr/share/doc/fonts-noto-cjk-extra/copyright | sed '$d; s/^ \.$//; s/^ //'; } > "$out/LICENSE-Noto.txt"
ls -l "$out"
