# shellcheck shell=sh disable=SC2154  # variables of inside.sh
# One source: an administrator adds a site by editing relayd.toml and saying `make' in /etc/mail, with Debian's own Makefile.

made() {
  cd /
  status=0
  make -s -C /etc/mail MAILERTABLE=/m4test/mailertable-stub RELAYD_TOML=/tmp/relayd.toml >"/work/one-source/$1.log" 2>&1 || status=$?
  echo $status >"/work/one-source/$1.status"
  cd /etc/mail
  for file in tsmtp-domains tsmtp-sites mailertable; do cp $file "/work/one-source/$1.$file"; done
  for map in tsmtp-sites mailertable; do $makemap -u hash $map | sort >"/work/one-source/$1.$map.db"; done
  printf '/parse anna@birl.example\n/parse jean@paris.example\n' | $sendmail -bt -C/etc/mail/sendmail.cf >"/work/one-source/$1.routes"
}

one_source() {
  cd /
  rm -rf /etc/mail
  cp -r /etc/mail.clean /etc/mail
  chown -R root:root /etc/mail
  cp /contrib/sendmail/GNUmakefile /etc/mail/
  cp /tmp/stock.mc /etc/mail/sendmail.mc
  mkdir -p /work/one-source /run/sendmail/stampdir
  printf 'sales.tokyo.example\tesmtp:[mail.sales.tokyo.example]\n' >/etc/mail/mailertable.local
  printf '\n# birlinghoven\nbirl.example   tsmtp:[127.0.5.2]\n.birl.example  tsmtp:[127.0.5.2]\n' >/tmp/relayd.toml
  made first
  printf '\n# paris\nparis.example   tsmtp:[127.0.6.3]:[127.0.7.3]\n' >>/tmp/relayd.toml
  touch -d '+2 seconds' /tmp/relayd.toml
  made second
  echo 'mistake' >/etc/mail/mailertable.local
  touch -d '+4 seconds' /etc/mail/mailertable.local
  made mistake
  echo "FEATURE(\`tsmtp')dnl" >>/etc/mail/sendmail.mc
  : >/etc/mail/mailertable.local
  touch -d '+5 seconds' /etc/mail/mailertable.local /etc/mail/sendmail.mc
  made complaint
  cp /tmp/stock.mc /etc/mail/sendmail.mc
  printf 'sales.tokyo.example\tesmtp:[mail.sales.tokyo.example]\n' >/etc/mail/mailertable.local
  echo '# wrong' >>/tmp/relayd.toml
  touch -d '+6 seconds' /tmp/relayd.toml /etc/mail/sendmail.mc /etc/mail/mailertable.local
  made wrong
}
