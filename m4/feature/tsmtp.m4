divert(-1)
dnl
dnl  FEATURE(`tsmtp'): domains that are reached through a link of tsmtp, or not at all.
dnl
dnl	FEATURE(`tsmtp')			domains in MAIL_SETTINGS_DIR`tsmtp-domains'
dnl	FEATURE(`tsmtp', `/path/of/a/file')	domains in that file, one a line
dnl	FEATURE(`tsmtp', `hash /path/of/a/map')	domains are the keys of that map
dnl
dnl  A recipient in one of the domains, or in a domain below one of them, for whom rule
dnl  set 0 finds a mailer that is neither tsmtp nor the local one is not sent: his mail
dnl  waits, with a reason that mailq shows. Nor is it sent by an SMTP mailer that turns out
dnl  to be connected to anything but this host, whatever brought it there.
dnl
dnl  A file is read when sendmail starts, and must be there; a map is asked for each address.
dnl  Both may also hold address literals, [192.0.2.20].
dnl
dnl  These may be defined before it:
dnl
dnl	TSMTP_CLOSED_ACTION	`defer' (the default): 4.7.0, the mail waits;
dnl				`reject': 5.7.0, it goes back to its sender
dnl	TSMTP_ENDPOINTS		addresses of endpoints that are not on loopback
dnl				(192.0.2.1 192.0.2.2): mail goes to them in clear!
dnl

divert(0)
VERSIONID(`tsmtp: feature/tsmtp.m4')
divert(-1)

dnl
dnl  What was asked for: a file (no blank in it), or a map.
dnl
define(`_TSMTP_SPEC_', ifelse(defn(`_ARG_'), `', MAIL_SETTINGS_DIR`tsmtp-domains', `_ARG_'))
define(`_TSMTP_IS_MAP_', eval(index(_TSMTP_SPEC_, ` ') > 0 && index(_TSMTP_SPEC_, `-') != 0 && index(_TSMTP_SPEC_, `/') != 0))
ifelse(len(X`'_ARG2_), `1', `',
	`errprint(`*** ERROR: FEATURE(`tsmtp') knows one argument only, not '_ARG2_`
')')
dnl
dnl  A map that cannot be asked says <TMPF>, and that is as good as a yes.
dnl
ifelse(_TSMTP_IS_MAP_, `1',
`define(`_TSMTP_MAP_', ifelse(eval(index(_TSMTP_SPEC_, ` -T') >= 0), `1', `_TSMTP_SPEC_',
	`substr(_TSMTP_SPEC_, 0, index(_TSMTP_SPEC_, ` ')) -T<TMPF>substr(_TSMTP_SPEC_, index(_TSMTP_SPEC_, ` '))'))')
ifdef(`_TSMTP_DOMAINS_', `errprint(`*** ERROR: FEATURE(`tsmtp') appears twice
')')
define(`_TSMTP_DOMAINS_', `1')
ifelse(_TSMTP_IS_MAP_, `1',
`ifelse(eval(index(_TSMTP_SPEC_, ` -o') >= 0), `1',
	`errprint(`*** ERROR: FEATURE(`tsmtp'), 'defn(`_TSMTP_SPEC_')`: with -o a missing map would let mail out in clear
')')',
`ifelse(index(_TSMTP_SPEC_, `/'), `0',
	`syscmd(`grep -q "^[^#]" '_TSMTP_SPEC_` 2>/dev/null')ifelse(sysval, `0', `', sysval, `1',
	`errprint(`*** ERROR: FEATURE(`tsmtp'): no domain of a site in '_TSMTP_SPEC_`: all mail could leave in clear
')',
	`errprint(`*** ERROR: FEATURE(`tsmtp'): cannot read '_TSMTP_SPEC_`, which must name the domains of the sites
')')',
	`errprint(`*** ERROR: FEATURE(`tsmtp'), 'defn(`_TSMTP_SPEC_')`: neither the full name of a file nor a map
')')')

_DEFIFNOT(`TSMTP_CLOSED_ACTION', `defer')
ifelse(TSMTP_CLOSED_ACTION, `defer', `', TSMTP_CLOSED_ACTION, `reject', `',
	`errprint(`*** ERROR: TSMTP_CLOSED_ACTION must be defer or reject, not 'TSMTP_CLOSED_ACTION`
')')
define(`_TSMTP_CODE_', ifelse(TSMTP_CLOSED_ACTION, `reject', `550', `451'))
define(`_TSMTP_DSN_', ifelse(TSMTP_CLOSED_ACTION, `reject', `5.7.0', `4.7.0'))

dnl
dnl  Rule set 0 gets another name, and the rules in m4/tsmtp_parse.m4 get its own. This is
dnl  how they hear its answer after everything else: proto.m4 has no place for that. The
dnl  file is read where proto.m4 says `Sparse=0', so that all of the .mc is known there.
dnl
define(`Sparse', `undefine(`Sparse')define(`_TSMTP_PARSE_IN_', `1')include(_CF_DIR_`'m4/tsmtp_parse.m4)')
dnl
dnl  ... which must have happened when all is read: in the worst case two m4wrap()s later.
dnl
define(`_TSMTP_LAST_CHECK_', `ifdef(`_TSMTP_PARSE_IN_',,
	`errprint(`*** ERROR: FEATURE(`tsmtp'): this proto.m4 has no rule set 0 as we know it; mail would leave in clear
')')ifdef(`_MAILER_tsmtp_',,
	`errprint(`*** ERROR: FEATURE(`tsmtp') without MAILER(`tsmtp'): all mail for the sites would wait
')')')
m4wrap(`m4wrap(`_TSMTP_LAST_CHECK_()')')
define(`_LOCAL_TLS_RCPT_')

LOCAL_CONFIG
# tsmtp: domains that are reached through a link or not at all
ifelse(_TSMTP_IS_MAP_, `1',
`Ktsmtpdomain _TSMTP_MAP_',
`F{TsmtpDomain}`'_TSMTP_SPEC_
# ... whose names are complete as they stand: DNS is not asked for another form
F{P}`'_TSMTP_SPEC_')
# tsmtp: an address without the quotes and backslashes that could hide a domain
Ktsmtpplain regex -s1 ^([^()<>"]*)$
# tsmtp: its mailers, and those that send nothing to another host
C{TsmtpMailer}tsmtp
C{TsmtpStays}local error discard
# tsmtp: what stands behind a domain, if that is not its end
C{TsmtpPseudo}UUCP BITNET DECNET FAX
C{TsmtpEndpoint}127.0.0.1 ifdef(`TSMTP_ENDPOINTS', TSMTP_ENDPOINTS)

ifelse(_TSMTP_IS_MAP_, `1',
`LOCAL_RULE_3
# tsmtp: names of the sites are complete as they stand
R$* < @ $+ > $*		$: $1 < @ $2 > $3 $| $>TsmtpMember $2
R$* < @ $+ > $* $| < $+ >	$@ $1 < @ $2 . > $3
R$* $| $*		$: $1
')

LOCAL_RULESETS
######################################################################
###  Local_tls_rcpt: asked for each recipient before an SMTP mailer
###	names him to the server it is connected to.
###  tsmtp: whom we would name to another host than this one
######################################################################
SLocal_tls_rcpt
R$*			$: $1 $| $>TsmtpFind $1
R$* @ $+ . $+ $| $#out	$: $1 @ $2 . $3			for nobody of ours
dnl a literal or a single label can lead to a site, though
R$* $| $#out		$: $1 $| $>TsmtpFind dummy @ $&{server_name}
R$* $| $#out		$: $1
R$* $| $#in < $+ >	$: $1 $| < $2 > $&{server_addr}
R$* $| < $+ > 127. $*	$: $1				by way of loopback
R$* $| < $+ > IPv6:0:0:0:0:0:0:0:1	$: $1
R$* $| < $+ > IPv6:::1	$: $1
R$* $| < $+ > $={TsmtpEndpoint}	$: $1
R$* $| < $+ > $={TsmtpMailer}	$: $1			unix socket
R$* $| < $+ > $={TsmtpStays}	$: $1
R$* $| < $+ > $*	$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $2 " is tunnel-only, and not for host [" $3 "]"
R$* $| $*		$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ Address too complicated to tell where it leads"
