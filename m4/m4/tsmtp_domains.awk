# tsmtp_domains.awk: checks every line of a list of tunnel-only domains, and writes m4 for feature/tsmtp.m4.
#
#	awk -v kind=file|map -f tsmtp_domains.awk FILE
#
# Each domain is quoted, since dnl.example is one. Complaints are calls of _TSMTP_COMPLAIN_. The domains of the list become _TSMTP_HELD_ (lines C{TsmtpDomain}),
# and the first of them _TSMTP_SAMPLE_, ", domain , domain ,". The text of a map has keys and values; the addresses of sites among its keys are no domains.
BEGIN {
  name = "^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$"
  names = literals = wrong = 0
}

# The fault of a word, or nothing.
function fault(word,    plain, count, label, i) {
  if (word ~ /[^!-~]/) {
    if (substr(word, 1, 3) == "\357\273\277") return "there is a byte order mark before it: save it without"
    return "it has characters that no domain has: write it in its ASCII form (xn--...)"
  }
  if (word ~ /^["'`]/ || word ~ /["'`]$/) return "write it without quotes"
  if (word ~ /^\[/) return literal_fault(word)
  if (word ~ /@/) return "write the domain alone, without @"
  if (word ~ /^\*/) return "write it without *. before it: all domains below it are meant too"
  if (word ~ /^\./) return "write it without the leading dot: all domains below it are meant too"
  if (word ~ /\.$/) return "write it without the trailing dot"
  if (word ~ /[,;]/) return "write one domain a line, without commas"
  if (word ~ /:/) return "a domain has no colon"
  if (length(word) > 253) return "it is longer than a domain can be"
  count = split(word, label, ".")
  for (i = 1; i <= count; ++i) {
    if (label[i] == "") return "it has two dots in a row"
    if (length(label[i]) > 63) return "it has a part of more than 63 characters"
    if (label[i] !~ name) return "it is no domain"
  }
  if (label[count] ~ /^[0-9]+$/ || label[count] ~ /^0x/) return "write an address in brackets, [192.0.2.1]"
  return ""
}

function literal_fault(word,    inner, part, count, i) {
  if (word !~ /\]$/) return "its bracket does not end"
  inner = substr(word, 2, length(word) - 2)
  if (inner ~ /^ipv6:/) {
    count = split(substr(inner, 6), part, ":")
    for (i = 1; i <= count; ++i) if (part[i] !~ /^(0|[1-9a-f][0-9a-f]?[0-9a-f]?[0-9a-f]?)$/) count = 0
    return count == 8 ? "" : "write it in full, as [IPv6:2001:db8:0:0:0:0:0:1]"
  }
  count = split(inner, part, ".")
  for (i = 1; i <= count; ++i) if (part[i] !~ /^(0|[1-9][0-9]?[0-9]?)$/ || part[i] + 0 > 255) count = 0
  return count == 4 ? "" : "brackets are for addresses: [192.0.2.1], or [IPv6:2001:db8:0:0:0:0:0:1]"
}

function complain(text,    shown) {
  shown = substr($0, 1, 60)
  gsub(/[^ -~]/, "?", shown)
  gsub(/[`']/, "?", shown)
  if (++wrong <= 10) printf "_TSMTP_COMPLAIN_(`%s:%d: %s: %s')\n", FILENAME, NR, shown, text
}

# sendmail passes over a line with # in its first column, and takes the first word of any other.
/^#/ { next }

{
  if (length($0) > 1000) { complain("the line is too long"); next }
  if ($0 ~ /\r/) { complain("it ends with a carriage return: save it with UNIX line ends"); next }
  if ($0 ~ /\000/) { complain("it has a NUL"); next }
  if (NF == 0) next
  if ($1 ~ /^#/) { complain("a comment begins in the first column"); next }
  word = tolower($1)
  if (kind == "map" && word ~ /^[0-9.]+$/) next
  if (kind == "map" && word ~ /^ipv6:/) next
  if (kind != "map" && NF > 1) { complain("write one domain a line, and nothing behind it"); next }
  text = fault(word)
  if (text != "") { complain(text); next }
  if (word in seen) next
  seen[word] = 1
  if (word ~ /^\[/) ++literals; else ++names
  if (names + literals <= 8) sample = sample "`" word "' , "
  held = held "C{TsmtpDomain}`" word "'\n"
}

END {
  if (NR > 0 || FILENAME == "") FILENAME = ARGV[1]
  if (wrong > 10) printf "_TSMTP_COMPLAIN_(`%s: %d more lines are wrong')\n", ARGV[1], wrong - 10
  if (names + literals == 0) printf "_TSMTP_COMPLAIN_(`FEATURE(`tsmtp'): no domain of a site in %s: all mail could leave in clear')\n", ARGV[1]
  else printf "define(`_TSMTP_SAMPLE_', `, %s')\n", sample
  printf "define(`_TSMTP_HELD_', `# tsmtp: %d domains and %d addresses in %s\n%s')\n", names, literals, ARGV[1], held
  print "define(`_TSMTP_LIST_READ_', `1')"
}
