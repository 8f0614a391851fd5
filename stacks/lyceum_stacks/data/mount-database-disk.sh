#!/bin/sh
# Makes a file system on the database's empty data disk and mounts it. Changes nothing that is there.
set -eu

device=@DEVICE@
mount=@MOUNT@

if [ ! -d "$mount" ]; then
    mkdir -m 0755 "$mount"
    # Nothing can be written below while the disk is not mounted: a database begun here by mistake would hide the real one.
    chattr +i "$mount"
fi
found=0
blkid --probe "$device" >/dev/null || found=$?
if [ "$found" -eq 2 ]; then # 2: it holds nothing that is known
    mkfs.ext4 -q -L lyceum-database -m 1 "$device"
fi
grep -q "^LABEL=lyceum-database " /etc/fstab ||
    echo "LABEL=lyceum-database $mount ext4 noatime,nodev,nosuid,noexec,nofail 0 2" >>/etc/fstab
mountpoint -q "$mount" || mount "$mount"
