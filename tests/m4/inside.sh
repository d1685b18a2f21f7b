#!/bin/sh
# In a container of one release of sendmail: makes every job of /work/jobs, and leaves its answers there.
#
# A job is a directory with config.mc, and with query, which sendmail -bt is asked. What is in etc/ goes to /etc/mail
# before; of its tables, those that are named in maps are built, those in damaged are spoilt after that.
set -eu
sendmail=/usr/libexec/sendmail/sendmail
makemap=/usr/libexec/sendmail/makemap

cp -r /m4/mailer /m4/feature /m4/m4 /m4/examples /usr/share/sendmail/cf/
cp /etc/mail/service.switch-nodns /etc/mail/service.switch
cp /work/hosts /etc/hosts
cp -r /etc/mail /etc/mail.clean

# A newcomer's lines in Debian's own configuration.
sed "/^MAILER_DEFINITIONS/i FEATURE(\`mailertable')dnl\nFEATURE(\`tsmtp')dnl\nFEATURE(\`tsmtp_inbound')dnl" /etc/mail/sendmail.mc >/tmp/stock.mc
echo "MAILER(\`tsmtp')dnl" >>/tmp/stock.mc

for job in /work/jobs/*; do
  rm -rf /etc/mail
  cp -r /etc/mail.clean /etc/mail
  [ ! -d "$job/etc" ] || cp -r "$job/etc/." /etc/mail/
  chown -R root:root /etc/mail
  chmod 755 /etc/mail
  cd /etc/mail
  for map in $(cat "$job/maps"); do
    $makemap hash "$map.db" <"$map" 2>"$job/map.err" || { cat "$job/map.err" >&2; exit 1; }
  done
  for map in $(cat "$job/damaged"); do head -c 3000 /bin/sh >"$map.db"; done
  m4 "$job/config.mc" >"$job/cf" 2>"$job/m4.err" || echo "m4 exits $?" >>"$job/m4.err"
  [ ! -f "$job/query" ] || timeout 60 $sendmail -bt -C"$job/cf" <"$job/query" >"$job/answer" 2>&1 || echo "sendmail exits $?" >>"$job/answer"
done
