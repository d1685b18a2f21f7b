divert(-1)
dnl
dnl  FEATURE(`tsmtp'): domains that are reached through a link of tsmtp, or not at all.
dnl
dnl	FEATURE(`tsmtp')			domains in MAIL_SETTINGS_DIR`tsmtp-domains'
dnl	FEATURE(`tsmtp', `/path/of/a/file')	domains in that file, one a line
dnl	FEATURE(`tsmtp', `hash /path/of/a/map')	domains are the keys of that map
dnl
dnl  Mail for a recipient in one of the domains, or below one of them, leaves by mailer tsmtp or
dnl  stays on this host. If rule set 0 finds another mailer, the mail waits, with a reason that
dnl  mailq shows. It waits as well if an SMTP mailer turns out to be connected to another host
dnl  than this one, whatever led it there.
dnl
dnl  sendmail reads a file when it starts, and the file must be there. It asks a map about each
dnl  address. Both may also hold address literals, [192.0.2.20] and [IPv6:2001:db8:0:0:0:0:0:20].
dnl  m4 checks every line. The .cf keeps the domains that a file named, so make it anew to take
dnl  one out.
dnl
dnl  These may be defined before it:
dnl
dnl	TSMTP_CLOSED_ACTION	`defer' (the default): 4.7.0, the mail waits;
dnl				`reject': 5.7.0, it goes back to its sender
dnl	TSMTP_ENDPOINTS		addresses of endpoints that are not on loopback
dnl				(192.0.2.1 192.0.2.2). Mail goes to them in clear
dnl

divert(0)
VERSIONID(`tsmtp: feature/tsmtp.m4')
divert(-1)

dnl
dnl  A complaint. m4 exits 0 whatever it complains of. So the .cf that it makes then sends
dnl  nothing to another host except by tsmtp: see TsmtpSound in m4/tsmtp_parse.m4.
dnl
define(`_TSMTP_COMPLAIN_', `define(`_TSMTP_UNSOUND_', `1')errprint(`*** ERROR: $1
')')
dnl
dnl  The argument: a file (its name holds no blank), or a map.
dnl
define(`_TSMTP_SPEC_', ifelse(defn(`_ARG_'), `', MAIL_SETTINGS_DIR`tsmtp-domains', `_ARG_'))
define(`_TSMTP_IS_MAP_', eval(index(_TSMTP_SPEC_, ` ') > 0 && index(_TSMTP_SPEC_, `-') != 0 && index(_TSMTP_SPEC_, `/') != 0))
ifelse(len(X`'_ARG2_), `1', `',
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp') knows one argument only, not '_ARG2_)')
dnl
dnl  A map that cannot be asked answers <TMPF>. Only its keys count, whatever their values are.
dnl
ifelse(_TSMTP_IS_MAP_, `1',
`define(`_TSMTP_MAP_', ifelse(eval(index(_TSMTP_SPEC_, ` -T') >= 0), `1', `_TSMTP_SPEC_',
	`substr(_TSMTP_SPEC_, 0, index(_TSMTP_SPEC_, ` ')) -m -T<TMPF>substr(_TSMTP_SPEC_, index(_TSMTP_SPEC_, ` '))'))')
ifdef(`_TSMTP_DOMAINS_', `_TSMTP_COMPLAIN_(`FEATURE(`tsmtp') appears twice')')
define(`_TSMTP_DOMAINS_', `1')
dnl
dnl  m4 checks every line of the list, because sendmail accepts one that names no domain and says
dnl  nothing. The .cf keeps the domains that the list holds now: if the list is emptied or cut
dnl  later, mail for them stays held. Of a map m4 reads the text, which makemap and the table
dnl  compiler have beside the database.
dnl
define(`_TSMTP_LAST_WORD_', `ifelse(index(`$1', ` '), `-1', `$1', `_TSMTP_LAST_WORD_(substr(`$1', eval(index(`$1', ` ') + 1)))')')
define(`_TSMTP_READ_LIST_', `define(`_TSMTP_SAMPLE_')define(`_TSMTP_HELD_')esyscmd(`LC_ALL=C awk -v kind=$2 -f '_CF_DIR_`m4/tsmtp_domains.awk "$1"')')
ifelse(_TSMTP_IS_MAP_, `1',
`ifelse(eval(index(_TSMTP_SPEC_, ` -o') >= 0), `1',
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp'), '_TSMTP_SPEC_`: with -o a missing map would let mail out in clear')')
define(`_TSMTP_SAMPLE_')define(`_TSMTP_HELD_')syscmd(`test -f "'_TSMTP_LAST_WORD_(_TSMTP_SPEC_)`"')ifelse(sysval, `0',
	`_TSMTP_READ_LIST_(_TSMTP_LAST_WORD_(_TSMTP_SPEC_), `map')')',
`define(`_TSMTP_SAMPLE_')define(`_TSMTP_HELD_')ifelse(index(_TSMTP_SPEC_, `/'), `0',
	`syscmd(`test -r '_TSMTP_SPEC_)ifelse(sysval, `0', `_TSMTP_READ_LIST_(_TSMTP_SPEC_, `file')ifdef(`_TSMTP_LIST_READ_',,
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp'): '_TSMTP_SPEC_` cannot be looked at: is there no awk, or no 'defn(`_CF_DIR_')`m4/tsmtp_domains.awk?')')',
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp'): cannot read '_TSMTP_SPEC_`, which must name the domains of the sites')')',
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp'), '_TSMTP_SPEC_`: neither the full name of a file nor a map')')')

_DEFIFNOT(`TSMTP_CLOSED_ACTION', `defer')
ifelse(TSMTP_CLOSED_ACTION, `defer', `', TSMTP_CLOSED_ACTION, `reject', `',
	`_TSMTP_COMPLAIN_(`TSMTP_CLOSED_ACTION must be defer or reject, not 'TSMTP_CLOSED_ACTION)')
define(`_TSMTP_CODE_', ifelse(TSMTP_CLOSED_ACTION, `reject', `550', `451'))
define(`_TSMTP_DSN_', ifelse(TSMTP_CLOSED_ACTION, `reject', `5.7.0', `4.7.0'))
define(`_TSMTP_ODD_', `$`#'error $`@' 5.1.3 $`:' "_CODE553 A host is spelled in no plain way: write its name, [192.0.2.1] or [IPv6:2001:db8::1]"')
define(`_TSMTP_TEMPORARY_', `$`#'error $`@' 4.3.0 $`:' "451 The map of tunnel-only domains cannot be asked. Please try again later."')
define(`_TSMTP_EMPTIED_', `$`#'error $`@' 4.7.0 $`:' "451 The list of tunnel-only domains was emptied after sendmail.cf was made from it: mend it, restart"')
dnl
dnl  Rule set 0 gets another name, and the rules in m4/tsmtp_parse.m4 take its own. So they hear
dnl  its answer after all other rules, for which proto.m4 has no place of its own. That file is
dnl  read where proto.m4 says `Sparse=0', because all of the .mc is known there. In any other
dnl  file the word means what it says. tls_rcpt is treated in the same way.
dnl
define(`_TSMTP_IN_PROTO_', `eval(index(__file__, `proto.m4') >= 0)')
define(`Sparse', `ifelse(_TSMTP_IN_PROTO_, `1',
	`undefine(`Sparse')define(`_TSMTP_PARSE_IN_', `1')include(_CF_DIR_`'m4/tsmtp_parse.m4)', ``Sparse'')')
define(`Stls_rcpt', `ifelse(_TSMTP_IN_PROTO_, `1',
	`undefine(`Stls_rcpt')define(`_TSMTP_TLS_RCPT_IN_', `1')include(_CF_DIR_`'m4/tsmtp_connected.m4)', ``Stls_rcpt'')')
dnl
dnl  Both must have happened when everything is read: at the worst two m4wrap()s later. A
dnl  definition that counts only above this line, and stands below it, is complained of then too.
dnl
define(`_TSMTP_ACTION_HERE_', TSMTP_CLOSED_ACTION)
define(`_TSMTP_ENDPOINTS_HERE_', ifdef(`TSMTP_ENDPOINTS', `TSMTP_ENDPOINTS'))
define(`_TSMTP_OPERATOR_', `ifelse(index(confOPERATORS, `$1'), `-1',
	`_TSMTP_COMPLAIN_(`confOPERATORS without $1: FEATURE(`tsmtp') could not see a domain behind it')')')
define(`_TSMTP_LAST_CHECK_', `ifdef(`_TSMTP_PARSE_IN_',,
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp'): this proto.m4 has no rule set 0 as we know it; mail would leave in clear')')ifdef(`_TSMTP_TLS_RCPT_IN_',,
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp'): this proto.m4 has no rule set tls_rcpt as we know it; mail could leave in clear')')ifdef(`_MAILER_tsmtp_',,
	`_TSMTP_COMPLAIN_(`FEATURE(`tsmtp') without MAILER(`tsmtp'): all mail for the sites would wait')')ifelse(TSMTP_CLOSED_ACTION, _TSMTP_ACTION_HERE_,,
	`_TSMTP_COMPLAIN_(`TSMTP_CLOSED_ACTION must be defined before FEATURE(`tsmtp'): here it changes nothing')')ifelse(ifdef(`TSMTP_ENDPOINTS', `TSMTP_ENDPOINTS'), _TSMTP_ENDPOINTS_HERE_,,
	`_TSMTP_COMPLAIN_(`TSMTP_ENDPOINTS must be defined before FEATURE(`tsmtp'): here it changes nothing')')')
m4wrap(`m4wrap(`_TSMTP_LAST_CHECK_()')')

LOCAL_CONFIG
# tsmtp: domains that are reached through a link or not at all
ifelse(_TSMTP_IS_MAP_, `1',
`Ktsmtpdomain _TSMTP_MAP_',
`F{TsmtpDomain}`'_TSMTP_SPEC_
# ... whose names are complete as they stand: DNS is not asked for another form
F{P}`'_TSMTP_SPEC_
# ... and those that it named when this file was made, lest it lose some
F{TsmtpListed}`'_TSMTP_SPEC_
C{TsmtpListed}
_TSMTP_HELD_')
# tsmtp: an address without the quotes and backslashes that could hide a domain, in pieces where
# there is what only quotes can hold: the pieces behind commas, or, where % is within, behind @
dnl In the answer of a map, % and a digit would be an argument. A piece with a blank is no answer.
Ktsmtpunwrap regex -s1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18 -d, ^([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;]*$
Ktsmtppercent regex -s1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18 -d@ ^([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*([^[:space:][:cntrl:]()<>"\;%]*)[[:space:][:cntrl:]()<>"\;%]*$
# tsmtp: could a quoted string lead on at all? Is there a comment in it where it does?
Ktsmtpturns regex -s1 [@%!:]()
Ktsmtpcomment regex -s2 ([@%:].*\(|\).*!)()
# tsmtp: a host name in brackets; plain address literals; those with an IPv4 address inside, or too long
Ktsmtpname regex -m ^\[([a-z0-9_-]+\.)*[a-z][a-z0-9_-]*\.?\]$
Ktsmtpnumber regex -m ^\[((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|IPv6:(::1|0(:0){6}:1|[1-9a-f][0-9a-f]{0,3}((:(0|[1-9a-f][0-9a-f]{0,3})){7}|(:(0|[1-9a-f][0-9a-f]{0,3}))*::((0|[1-9a-f][0-9a-f]{0,3})(:(0|[1-9a-f][0-9a-f]{0,3}))*)?)))\]$
Ktsmtpcarries regex -m ^\[IPv6:(64:ff9b:|2002:|2001:(0:|:)|([0-9a-f]*:){9})
# tsmtp: hosts that are numbers, or no plain text
Ktsmtpodd regex -m -a<odd> [^!-~]|[^,]\.(0x[0-9a-f]*|[0-9]+),|,(0x[0-9a-f]+|[0-9]{8,}),
# tsmtp: its mailers, and those that send nothing to another host
C{TsmtpMailer}tsmtp
C{TsmtpStays}local error discard
# tsmtp: what stands behind a domain, if that is not its end; signs that no domain has
C{TsmtpPseudo}UUCP BITNET DECNET FAX USENET
C{TsmtpBreak}[ ] : + / ^ ; @ ! %
C{TsmtpEndpoint}127.0.0.1 _TSMTP_ENDPOINTS_HERE_

ifelse(_TSMTP_IS_MAP_, `1',
`LOCAL_RULE_3
# tsmtp: names of the sites are complete as they stand
R$* < @ $+ > $*		$: $1 < @ $2 > $3 $| $>TsmtpMember $2
R$* < @ $+ > $* $| < $+ >	$@ $1 < @ $2 . > $3
R$* $| $*		$: $1
')
