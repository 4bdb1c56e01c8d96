#!/bin/sh
# admin.sh: runs the program as the service does, as its user, with its folder and its settings: admin.sh admin code --unit 120102
# Root itself is refused there, for what it makes in the folder the service can neither write nor remove. A file that is read or written must be in
# /var/lib/fieldwarden.
set -eu
exec systemd-run --quiet --pipe --wait --collect \
  --property=User=fieldwarden --property=DynamicUser=yes --property=StateDirectory=fieldwarden --property=StateDirectoryMode=0700 --property=UMask=0077 \
  --property=EnvironmentFile=-/etc/fieldwarden/environment --setenv=FIELDWARDEN_DATA=/var/lib/fieldwarden \
  --property=WorkingDirectory=/var/lib/fieldwarden /usr/local/bin/fieldwarden "$@"
