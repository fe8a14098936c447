# Run in a container, from outside: says what its processes hold whenever that is more than ever, until it ends.
# A line: bytes that are not file cache, then the names of the processes. No process is started but `sleep`.
if [ -e /sys/fs/cgroup/memory.stat ]; then group=/sys/fs/cgroup used=memory.current
else group=/sys/fs/cgroup/memory used=memory.usage_in_bytes; fi
most=0
while sleep 0.05; do
  read -r held < "$group/$used"
  while read -r what bytes; do
    case $what in active_file | inactive_file) held=$((held - bytes)) ;; esac
  done < "$group/memory.stat"
  [ "$held" -gt "$most" ] || continue
  most=$held names=
  for file in /proc/[0-9]*/comm; do { read -r name < "$file"; } 2> /dev/null && names="$names $name"; done
  echo "$most$names"
done
