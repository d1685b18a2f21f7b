PUSHDIVERT(-1)
dnl
dnl  MAILER(`tsmtp'): hands mail for the sites behind tsmtp's encrypted links to
dnl  the relayd on this host, at a site's address and TSMTP_PORT.
dnl
dnl  Say MAILER(`smtp') first; then, in the mailertable, the site's address:
dnl
dnl	birl.example	tsmtp:[127.0.5.2]
dnl	.birl.example	tsmtp:[127.0.5.2]
dnl
dnl  Give a site one address. Of two, tsmtp:[127.0.5.2]:[127.0.6.2], sendmail would take the second
dnl  at once if the first failed after the end of content, and the mail would arrive twice.
dnl  A site that can be reached in several ways has several `dial' addresses in relayd.toml.
dnl
dnl  These may be defined before MAILER(`tsmtp'), and mean what the same names
dnl  of SMTP's mailer mean in cf/README:
dnl
dnl	TSMTP_MAILER_LMTP	speak LMTP: every recipient gets a reply of its own
dnl	TSMTP_MAILER_UNIX	endpoints are unix sockets: the mailertable has
dnl				tsmtp:/run/tsmtp/birl.sock. For one site only, since
dnl				sendmail calls all sockets localhost
dnl	TSMTP_PORT		port of the endpoint (5000)
dnl	TSMTP_MAILER_FLAGS	flags added to mDFMuXa80
dnl	TSMTP_MAILER_ARGS	the whole A= field (TCP $h TSMTP_PORT, or FILE $h)
dnl	TSMTP_MAILER_LL		longest line sent (2040)
dnl	TSMTP_MAILER_MAX	largest message sent, bytes
dnl	TSMTP_MAILER_MAXMSGS	mails in one connection
dnl	TSMTP_MAILER_MAXRCPTS	recipients in one transaction
dnl	TSMTP_MAILER_CHARSET	character set of 8-bit text without a MIME header
dnl	TSMTP_MAILER_QGRP	queue group
dnl
dnl  MODIFY_MAILER_FLAGS(`TSMTP', `+k') adds and removes flags, as for other mailers.
dnl
_DEFIFNOT(`TSMTP_PORT', `5000')
dnl
dnl  The default flags are those of Msmtp and three or four more:
dnl	a	relayd speaks ESMTP
dnl	8	the link is 8-bit clean: never encode anew, which would break signatures
dnl	0	the host is a site's address on loopback: never look for its MX
dnl	z	LMTP
dnl
_DEFIFNOT(`_DEF_TSMTP_MAILER_FLAGS', `ifdef(`TSMTP_MAILER_LMTP', `mDFMuXa80z', `mDFMuXa80')')
_DEFIFNOT(`TSMTP_MAILER_FLAGS', `')
_DEFIFNOT(`TSMTP_MAILER_LL', `2040')
ifdef(`TSMTP_MAILER_ARGS',, `define(`TSMTP_MAILER_ARGS', ifdef(`TSMTP_MAILER_UNIX', ``FILE $h'', ``TCP $h TSMTP_PORT''))')
define(`_TSMTP_QGRP', `ifelse(defn(`TSMTP_MAILER_QGRP'),`',`', ` Q=TSMTP_MAILER_QGRP,')')dnl
dnl
dnl  sendmail would send the next site's mail on the connection to "localhost" that it has kept.
dnl
ifdef(`TSMTP_MAILER_UNIX', `_DEFIFNOT(`TSMTP_MAILER_MAXMSGS', `1')')
dnl
dnl  A unix socket has no name in the DNS, and a delivery report must not say so.
dnl
define(`_TSMTP_MTA_TYPE_', `ifdef(`TSMTP_MAILER_UNIX', `X-Unix-Socket', `DNS')')
ifelse(eval(TSMTP_PORT + 0 > 0 && TSMTP_PORT + 0 < 65536), `1',,
	`errprint(`*** ERROR: TSMTP_PORT is no port number: 'TSMTP_PORT`
')')
ifdef(`_MAILER_smtp_',,
	`errprint(`*** MAILER(`smtp') must appear before MAILER(`tsmtp')
')')
dnl
dnl  sendmail tries a fallback host for any mailer's mail: in clear, on this mailer's port.
dnl  The check waits for the end of the .mc, since the host may be defined below this line.
dnl
define(`_TSMTP_NO_FALLBACK_', `ifdef(`$1',
	`errprint(`*** $1 would take mail for a site past its link: MAILER(`tsmtp') forbids it
')')')
m4wrap(`_TSMTP_NO_FALLBACK_(`confFALLBACK_MX')_TSMTP_NO_FALLBACK_(`confFALLBACK_SMARTHOST')')
dnl
dnl  A definition below this line would change nothing, and m4 would not say so.
dnl
define(`_TSMTP_NOW_', `ifdef(`$1', `+'defn(`$1'))')
define(`_TSMTP_NO_LATER_', `define(`_TSMTP_HERE_$1', _TSMTP_NOW_(`$1'))m4wrap(`_TSMTP_LATE_(`$1')')')
define(`_TSMTP_LATE_', `ifelse(_TSMTP_NOW_(`$1'), defn(`_TSMTP_HERE_$1'),,
	`errprint(`*** ERROR: $1 must be defined before MAILER(`tsmtp'): behind it, it changes nothing
')')')
_TSMTP_NO_LATER_(`TSMTP_PORT')
_TSMTP_NO_LATER_(`TSMTP_MAILER_LMTP')
_TSMTP_NO_LATER_(`TSMTP_MAILER_UNIX')
_TSMTP_NO_LATER_(`TSMTP_MAILER_FLAGS')
_TSMTP_NO_LATER_(`TSMTP_MAILER_ARGS')
_TSMTP_NO_LATER_(`TSMTP_MAILER_LL')
_TSMTP_NO_LATER_(`TSMTP_MAILER_MAX')
_TSMTP_NO_LATER_(`TSMTP_MAILER_MAXMSGS')
_TSMTP_NO_LATER_(`TSMTP_MAILER_MAXRCPTS')
_TSMTP_NO_LATER_(`TSMTP_MAILER_CHARSET')
_TSMTP_NO_LATER_(`TSMTP_MAILER_QGRP')
POPDIVERT
######################################
###   TSMTP Mailer specification   ###
######################################

VERSIONID(`tsmtp: mailer/tsmtp.m4')

Mtsmtp,		P=[IPC], F=_MODMF_(CONCAT(_DEF_TSMTP_MAILER_FLAGS, TSMTP_MAILER_FLAGS), `TSMTP'), S=EnvFromSMTP/HdrFromSMTP, R=ifdef(`_ALL_MASQUERADE_', `EnvToSMTP/HdrFromSMTP', `EnvToSMTP'), E=\r\n, L=TSMTP_MAILER_LL,
		_OPTINS(`TSMTP_MAILER_MAX', `M=', `, ')_OPTINS(`TSMTP_MAILER_MAXMSGS', `m=', `, ')_OPTINS(`TSMTP_MAILER_MAXRCPTS', `r=', `, ')_OPTINS(`TSMTP_MAILER_CHARSET', `C=', `, ')T=_TSMTP_MTA_TYPE_/RFC822/SMTP,_TSMTP_QGRP
		A=TSMTP_MAILER_ARGS
