divert(-1)
dnl
dnl  FEATURE(`tsmtp_smarthost'): everything that is not local goes to the hub, which knows what
dnl  goes through a link. It is for departmental servers and null clients, which need nothing
dnl  else of tsmtp.
dnl
dnl	FEATURE(`tsmtp_smarthost', `hub.tokyo.example')
dnl	FEATURE(`tsmtp_smarthost', `hub.tokyo.example', `hub2.tokyo.example')
dnl
dnl  sendmail tries the second hub when it cannot reach the first. Hubs are hosts: sendmail looks
dnl  up no MX for them. Write neither brackets nor a mailer, since the feature adds both;
dnl  [192.0.2.10] is good. Local names stay local. Use the feature instead of SMART_HOST, or
dnl  before FEATURE(`nullclient', `hub.tokyo.example'), which sends local names to the hubs too.
dnl

divert(0)
VERSIONID(`tsmtp: feature/tsmtp_smarthost.m4')
divert(-1)

dnl  name -> [name], and [name] as it is
define(`_TSMTP_BRACKET_', `ifelse(index(`$1', `['), `0', `$1', `[$1]')')
define(`_TSMTP_HOST_OK_', `ifelse(eval(index(`$1', `:') >= 0 && index(`$1', `[IPv6:') != 0), `1',
	`errprint(`*** ERROR: FEATURE(`tsmtp_smarthost', `$1'): give the name of a host, without a mailer or a port
')',
	eval(index(`$1', ` ') >= 0 || index(`$1', `@') >= 0), `1',
	`errprint(`*** ERROR: FEATURE(`tsmtp_smarthost', `$1'): that is no name of a host
')')')
ifelse(defn(`_ARG_'), `', `errprint(`*** ERROR: FEATURE(`tsmtp_smarthost') requires the name of the hub
')',
`_TSMTP_HOST_OK_(defn(`_ARG_'))define(`_TSMTP_HUB_', defn(`_ARG_'))')
define(`_TSMTP_HUBS_', _TSMTP_BRACKET_(defn(`_ARG_')))
define(`_TSMTP_HUB2_', _ARG2_)
ifelse(len(X`'_TSMTP_HUB2_), `1', `', `_TSMTP_HOST_OK_(_TSMTP_HUB2_)define(`_TSMTP_HUBS_', _TSMTP_HUBS_:_TSMTP_BRACKET_(_TSMTP_HUB2_))')
ifelse(len(X`'_ARG3_), `1', `', `errprint(`*** ERROR: FEATURE(`tsmtp_smarthost') knows two hubs, not: '_ARG3_`
')')
ifdef(`SMART_HOST', `errprint(`*** ERROR: SMART_HOST is defined already; FEATURE(`tsmtp_smarthost') takes its place
')')
ifdef(`_TSMTP_SMART_', `errprint(`*** ERROR: FEATURE(`tsmtp_smarthost') appears twice
')')
define(`_TSMTP_SMART_', `1')

define(`SMART_HOST', `relay:'_TSMTP_HUBS_)

dnl  A SMART_HOST that is defined below this line would be passed over in silence.
define(`_TSMTP_SMART_HERE_', defn(`SMART_HOST'))
define(`_TSMTP_SMART_LATE_', `ifelse(defn(`SMART_HOST'), defn(`_TSMTP_SMART_HERE_'),, defn(`SMART_HOST'), ifdef(`_NULL_CLIENT_', `defn(`_NULL_CLIENT_')'),,
	`errprint(`*** ERROR: SMART_HOST is defined again behind FEATURE(`tsmtp_smarthost'), which takes its place
')')')
m4wrap(`_TSMTP_SMART_LATE_()')

dnl  FEATURE(`nullclient') defines SMART_HOST again, to the bare name. The later line counts.
LOCAL_CONFIG
# tsmtp: all that is not local goes to the hub
DSrelay:_TSMTP_HUBS_

dnl  In a null client, names without a domain go to the hub as well, by the same way. Whether
dnl  this is a null client is known only at the end of the .mc.
define(`_TSMTP_NULL_CLIENT_RULES_', `ifdef(`_NULL_CLIENT_', `divert(9)include(_CF_DIR_`'m4/tsmtp_nullclient.m4)divert(0)')')
m4wrap(`_TSMTP_NULL_CLIENT_RULES_()')
