divert(-1)
dnl
dnl  FEATURE(`tsmtp_inbound'): what each site may send through its link, and that nobody else
dnl  sends in its name.
dnl
dnl	FEATURE(`tsmtp_inbound')		sites in `hash MAIL_SETTINGS_DIR`tsmtp-sites''
dnl	FEATURE(`tsmtp_inbound', `hash /path/of/a/map')
dnl	FEATURE(`tsmtp_inbound', `', `lists', `forwards')
dnl
dnl  The map knows each site by its domains and by its address:
dnl
dnl	birl.example	127.0.5.2
dnl	127.0.5.2	birlinghoven
dnl
dnl  sendmail believes a sender in a site's domain (or below it) only if he comes from the
dnl  site's address. From that address it takes mail only of the site's senders and of the null
dnl  sender, and only for recipients that anybody may send to: local ones, and those in
dnl  relay-domains. The same recipients are all that any other loopback address may send to,
dnl  127.0.0.1 excepted. These rules come before all others, and no RELAY in the access map
dnl  undoes them.
dnl
dnl  Options:
dnl	lists		a site may send for foreign senders, as its mailing lists and its
dnl			users' forwarding do
dnl	forwards	our own hosts (127.0.0.1, ::1, and all we relay for by their address) may
dnl			pass on mail from senders of a site
dnl
dnl  With FEATURE(`access_db'), which must come first, these entries are exceptions:
dnl
dnl	TsmtpFrom:news@birl.example	OK	this sender (domain) may come from anywhere
dnl	TsmtpConnect:192.0.2.77		OK	this client (name, net) may send as anybody
dnl	TsmtpLists:127.0.5.2		OK	option `lists' for this site
dnl	TsmtpTo:other.example		OK	all sites may send to this recipient (domain)
dnl

divert(0)
VERSIONID(`tsmtp: feature/tsmtp_inbound.m4')
divert(-1)

define(`_TSMTP_OPTION_', `ifelse(len(X`'$1), `1', `',
	$1, `lists', `define(`_TSMTP_LISTS_', `1')',
	$1, `forwards', `define(`_TSMTP_FORWARDS_', `1')',
	`errprint(`*** ERROR: unknown option 'defn(`$2')` of FEATURE(`tsmtp_inbound')
')')')
define(`_TSMTP_ARG2_', _ARG2_)_TSMTP_OPTION_(_TSMTP_ARG2_, `_TSMTP_ARG2_')
define(`_TSMTP_ARG3_', _ARG3_)_TSMTP_OPTION_(_TSMTP_ARG3_, `_TSMTP_ARG3_')
define(`_TSMTP_ARG4_', _ARG4_)_TSMTP_OPTION_(_TSMTP_ARG4_, `_TSMTP_ARG4_')

define(`_TSMTP_SITES_', ifelse(defn(`_ARG_'), `', DATABASE_MAP_TYPE MAIL_SETTINGS_DIR`tsmtp-sites', `_ARG_'))
ifelse(eval(index(_TSMTP_SITES_, ` ') > 0), `1', `',
	`errprint(`*** ERROR: FEATURE(`tsmtp_inbound'), '_TSMTP_SITES_`: that is no map, like hash /etc/mail/tsmtp-sites
')')
ifelse(eval(index(_TSMTP_SITES_, ` -o') >= 0), `1',
	`errprint(`*** ERROR: FEATURE(`tsmtp_inbound'), '_TSMTP_SITES_`: with -o all would be believed if the map were missing
')')
ifdef(`_TSMTP_INBOUND_', `errprint(`*** ERROR: FEATURE(`tsmtp_inbound') appears twice
')')
define(`_TSMTP_INBOUND_', `1')
dnl
dnl  A map that cannot be asked answers <TMPF>.
dnl
define(`_TSMTP_SITES_MAP_', ifelse(eval(index(_TSMTP_SITES_, ` -T') >= 0), `1', `_TSMTP_SITES_',
	`substr(_TSMTP_SITES_, 0, index(_TSMTP_SITES_, ` ')) -T<TMPF>substr(_TSMTP_SITES_, index(_TSMTP_SITES_, ` '))'))
dnl
dnl  The rules depend on other features, so they are written when all of the .mc has been read.
dnl
define(`_TSMTP_ACCESS_BEFORE_', ifdef(`_ACCESS_TABLE_', `1', `0'))
define(`_TSMTP_CHECKS_', `ifelse(ifdef(`_ACCESS_TABLE_', `1', `0'), _TSMTP_ACCESS_BEFORE_, `',
	`errprint(`*** ERROR: FEATURE(`access_db') must come before FEATURE(`tsmtp_inbound')
')')ifdef(`_PROMISCUOUS_RELAY_',
	`errprint(`*** ERROR: FEATURE(`promiscuous_relay') makes an open relay of this host, which FEATURE(`tsmtp_inbound') is to prevent
')')divert(9)include(_CF_DIR_`'m4/tsmtp_check.m4)divert(0)')
m4wrap(`_TSMTP_CHECKS_()')

LOCAL_CONFIG
# tsmtp: sites by their domains and by their addresses
Ktsmtpsite _TSMTP_SITES_MAP_
# tsmtp: what stands behind a sender's @, without quotes; pseudo-domains
Ktsmtpsender regex -s1 ^([-a-z0-9._+/^=~*{}|&]+|\[(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){3}\]|\[IPv6:[1-9a-f][0-9a-f:]*\])$
C{TsmtpFake}UUCP BITNET DECNET FAX USENET

LOCAL_RULESETS
# tsmtp: who may send what through a link
SLocal_check_mail
R$*			$: $1 $| $>TsmtpCheckMail $1
R$* $| $#ok		$: $1
R$* $| $#error $*	$#error $2
R$* $| $*		$#error $@ 5.1.3 $: "553 Address too complicated to judge"

SLocal_check_rcpt
R$*			$: $1 $| $>TsmtpCheckRcpt $1
R$* $| $#ok		$: $1
R$* $| $#error $*	$#error $2
R$* $| $*		$#error $@ 5.1.3 $: "553 Address too complicated to judge"
