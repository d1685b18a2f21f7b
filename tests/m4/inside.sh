#!/bin/sh
# In a container of one release of sendmail: makes every job of /work/jobs, and leaves its answers there.
#
# A job is a directory with config.mc, and with query, the input of sendmail -bt. The files in etc/ go to /etc/mail before. The tables
# that are named in maps are built, those in damaged are spoilt after that, and the commands in after run in /etc/mail. If there is a file
# recipients, a mail is sent to them while ears.pl listens.
set -eu
# A machine that runs tests is busy: that must not make sendmail queue or refuse. (Not in the .mc: golden/ is what m4 makes.)
program=/usr/libexec/sendmail/sendmail
sendmail="$program -OQueueLA=1000 -ORefuseLA=1000 -ODelayLA=1000"
makemap=/usr/libexec/sendmail/makemap

# The image of tests/peers has another MTA's programs under these names.
ln -sf $program $makemap /usr/sbin/

cp -r /m4/mailer /m4/feature /m4/m4 /m4/examples /usr/share/sendmail/cf/
cp /etc/mail/service.switch-nodns /etc/mail/service.switch
cp /work/hosts /etc/hosts
cp -r /etc/mail /etc/mail.clean

# A newcomer's lines in Debian's own configuration.
sed "/^MAILER_DEFINITIONS/i FEATURE(\`mailertable')dnl\nFEATURE(\`tsmtp')dnl\nFEATURE(\`tsmtp_inbound')dnl" /etc/mail/sendmail.mc >/tmp/stock.mc
echo "MAILER(\`tsmtp')dnl" >>/tmp/stock.mc

# The addresses of a site and of the outside, with their ports 25 and 5000. They are reached on this host, but are not
# addresses of its interfaces, because sendmail would take the names for its own.
busybox ip route add local 192.0.2.0/24 dev lo table local
outside=
for address in 20 30 31 77; do
  outside="$outside 192.0.2.$address:25 192.0.2.$address:5000"
done
install -d -m 700 /var/lib/sendmail/host_status
chown root:root /var/spool/mqueue
chmod 700 /var/spool/mqueue

# mail JOB: sends one mail to all recipients at once, and keeps what the ears hear of it.
mail() {
  job=$1
  rm -rf /var/spool/mqueue/* /var/lib/sendmail/host_status/*
  sed -i "$(cat "$job/edit")" "$job/cf"
  mkfifo /tmp/ready
  # shellcheck disable=SC2046,SC2086  # lists
  /m4test/ears.pl "$job/heard" $outside $(cat "$job/ears") >/tmp/ready &
  ears=$!
  read -r _ </tmp/ready
  rm /tmp/ready
  shift
  while IFS= read -r recipient; do set -- "$@" "$recipient"; done <"$job/recipients"
  printf 'Subject: rosebud\n\nrosebud\n' | $sendmail -C"$job/cf" -odi -oi -f "$(cat "$job/sender")" -- "$@" >"$job/sent" 2>&1 || :
  $sendmail -C"$job/cf" -qf >>"$job/sent" 2>&1 || :   # some of the addresses are wrong
  $sendmail -C"$job/cf" -bp >"$job/queue"
  kill $ears
}

# ask JOB: has sendmail -bt answer the whole query. It then says a last prompt, and ends with the status of its last complaint.
# In a few of thousands of runs, in two containers in the same minute, it ended in the middle of an answer, with status 0, as after
# a SIGTERM of unknown origin. Then its output is kept, its end is told, and it is asked again.
ask() {
  for try in 1 2 3; do
    status=0
    timeout 600 $sendmail -bt -C"$1/cf" <"$1/query" >"$1/answer" 2>&1 || status=$?
    [ "$(tail -c 2 "$1/answer")" != '> ' ] || break
    echo "m4 tests: $1: sendmail -bt ends with status $status after $(grep -c '^> ' "$1/answer") answers, at try $try" >&2
    cp "$1/answer" "$1/answer.$try"
  done
  [ $status = 0 ] || echo "sendmail exits $status" >>"$1/answer"
}

for job in /work/jobs/*; do
  rm -rf /etc/mail
  cp -r /etc/mail.clean /etc/mail
  [ ! -d "$job/etc" ] || cp -r "$job/etc/." /etc/mail/
  chown -R root:root /etc/mail
  chmod 755 /etc/mail
  cd /etc/mail
  m4 "$job/config.mc" >"$job/cf" 2>"$job/m4.err" || echo "m4 exits $?" >>"$job/m4.err"
  [ -f "$job/query" ] || [ -f "$job/recipients" ] || continue
  for map in $(cat "$job/maps"); do
    $makemap hash "$map.db" <"$map" 2>"$job/map.err" || { cat "$job/map.err" >&2; exit 1; }
  done
  [ ! -f "$job/after" ] || sh -e "$job/after"
  for map in $(cat "$job/damaged"); do head -c 3000 /bin/sh >"$map.db"; done
  [ ! -f "$job/query" ] || ask "$job"
  [ ! -f "$job/recipients" ] || mail "$job"
done

. /m4test/one_source.sh
one_source
