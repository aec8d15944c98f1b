#!/bin/sh
# inside.sh TREE COMMAND...: runs a command in another Debian's tree, where this checkout is /chat. Whoever calls gives it mount and
# process namespaces of its own (tests/versions/debian.py): its mounts and processes end with it, however it ends, and nobody else sees them.
set -e
tree=$1
shift
mount --make-rprivate /
mkdir -p "$tree/chat" "$tree/etc/ssl/certs"
touch "$tree/etc/resolv.conf" "$tree/etc/hosts"
mount --bind . "$tree/chat"
mount --rbind /dev "$tree/dev"
mount -t proc proc "$tree/proc"
# The names and certificates by which this machine reaches its package index.
for path in /etc/resolv.conf /etc/hosts /etc/ssl/certs; do mount --bind "$path" "$tree$path"; done
exec chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 \
  CI="$CI" FAULTS_SCALE="$FAULTS_SCALE" sh -c 'cd /chat && exec "$@"' sh "$@"
