# shellcheck shell=bash
# The words of the cases: mails with a mark of their own, and their expected ends. Each case sources this file.
# With pipefail, nothing behind a pipe may leave early (grep -q, sed q, awk exit): the writer's broken
# pipe would be a failure, now and then.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/lab.d/waiting.bash"

lab() { "$here/lab" "$@"; }

# A word that occurs in no mail before it.
new_mark() { echo "mark$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"; }

# compose MARK: a mail whose text has a start that needs dot-stuffing, 8-bit characters, and 60 lines.
compose() {
  printf 'Subject: %s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n' "$1"
  printf 'Content-Transfer-Encoding: 8bit\n\n'
  text "$1"
}

text() {
  local i
  printf '.leading dot\n..\nGr\303\274\303\237e aus Birlinghoven, \346\235\261\344\272\254\n'
  for ((i = 1; i <= 60; i++)); do echo "rosebud $1 umbrella $1-$i marmalade"; done
}

# send MARK HOST USER TO…
send() { compose "$1" | lab send "${@:2}"; }

# mail_of MARK HOST USER: that mail as it lies in the mailbox, from its envelope line on.
mail_of() {
  lab mailbox "$2" "$3" | awk -v mark="$1" '
    /^From / { if (found) { complete = 1 } else { mail = "" } }
    !complete { mail = mail $0 "\n" }
    $0 == "Subject: " mark { found = 1 }
    END { if (found) printf "%s", mail }'
}

has_mail() { [ -n "$(mail_of "$@")" ]; }

expect_mail() { until_true 30 "mail $1 is in the mailbox of $3 on $2" has_mail "$@"; }

# The text that arrived is the text that was sent, to the byte.
expect_same_text() {
  diff <(text "$1") <(mail_of "$@" | sed '1,/^$/d' | sed '${/^$/d}') ||
    fail "the text of $1 arrived changed"
}

# expect_received MARK HOST USER PATTERN…: the Received lines, newest first, match one by one.
expect_received() {
  local received line pattern
  received=$(mail_of "$1" "$2" "$3" | sed -n '/^$/,$d; s/^Received: //p')
  for pattern in "${@:4}"; do
    IFS= read -r line || fail "no Received line is left for $pattern"
    [[ $line =~ $pattern ]] || fail "Received: $line, but expected $pattern"
  done <<<"$received"
}

# logged HOST PATTERN: what sendmail there logged.
logged() { lab exec "$1" grep -Eq -- "$2" /var/log/mail.log; }
expect_logged() { until_true 20 "sendmail on $1 logs $2" logged "$1" "$2"; }

in_queue() { lab queue "$1" | grep -E -- "$2" >/dev/null; }
expect_in_queue() { until_true 20 "the queue of $1 shows $2" in_queue "$1" "$2" || { lab queue "$1" >&2; exit 1; }; }

# A queue run passes over a mail that another process handles at that moment, so one run is not always enough.

# expect_flushed MARK HOST USER FROM…: queue runs at the hosts FROM bring that mail there.
expect_flushed() { until_true 30 "queue runs at ${*:4} bring mail $1 to the mailbox of $3 on $2" flushes_to "$@"; }
flushes_to() {
  local host
  has_mail "$1" "$2" "$3" && return
  for host in "${@:4}"; do lab flush "$host"; done
  has_mail "$1" "$2" "$3"
}

# expect_held HOST PATTERN: after queue runs, the queue of HOST shows that reason, whatever the host status knew from earlier.
expect_held() { until_true 20 "the queue of $1 shows $2" holds "$1" "$2" || { lab queue "$1" >&2; exit 1; }; }
holds() {
  lab flush "$1"
  in_queue "$1" "$2"
}

# packets FILTER: the number of packets in the capture that a tcpdump filter chooses.
packets() { lab capture bytes "$@" | tcpdump -n -r - 2>/dev/null | wc -l; }

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
