dnl
dnl  FEATURE(`tsmtp'): the rules that judge the host that we are connected to. m4/proto.m4 reads
dnl  them in the place of its line Stls_rcpt; see feature/tsmtp.m4.
dnl
Stls_rcpt
# tsmtp: asked for each recipient before an SMTP mailer, whichever, names him to its server
R$*			$: $1 $| $>TsmtpConnected $1
R$* $| $#error $*	$#error $2
R$* $| $*		$@ $>TsmtpTlsRcpt $1

######################################################################
###  TsmtpConnected: whom we would name to another host than this one
###
###	Parameters:
###		recipient (address without a focus)
###
###	Returns:
###		$#error, or anything else
######################################################################

STsmtpConnected
R$*			$: $1 $| $&{server_addr}
R$* $| 127. $*		$@ ok				by way of loopback
R$* $| IPv6:0:0:0:0:0:0:0:1	$@ ok
R$* $| IPv6:::1		$@ ok
R$* $| $={TsmtpEndpoint}	$@ ok
R$* $| $={TsmtpMailer}	$@ ok				unix socket
R$* $| $={TsmtpStays}	$@ ok
R$* $| $*		$: $1
R$*			$: $1 $| $>TsmtpFind $1
dnl a literal, a number or a single label can lead to a site, whatever it looks like
R$* @ $* [ $* $| $#out	$: <> $>TsmtpServer
R$* @ $- $| $#out	$: <> $>TsmtpServer
R$* @ $- . $| $#out	$: <> $>TsmtpServer
R$* @ $+ $| $#out	$@ ok				for nobody of ours
R$* $| $#out		$: <> $>TsmtpServer
R$* $#out		$@ ok
R$* $#in < $+ >		$: < $2 > $&{server_addr}
R< $+ > $+		$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $1 " is tunnel-only, and not for host [" $2 "]"
R$* $#temp		_TSMTP_TEMPORARY_
R$* $#odd		$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ A host is spelled so that it may lead to a tunnel-only domain, not for host [" $&{server_addr} "]"
R$*			$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ Address too complicated to tell where it leads"

######################################################################
###  TsmtpServer: is the server we are connected to a site's, by its
###	address, by the name of that, or by the name we called it by?
###
###	Returns:
###		$#in <domain>, $#out, $#odd or $#temp
######################################################################

STsmtpServer
R$*			$: <> $>TsmtpSeek x @ [ $&{server_addr} ]
R<> $#out		$@ $>TsmtpSeek x @ $&{server_name}
R<> $#$*		$#$1

######################################################################
###  TsmtpTlsRcpt: tls_rcpt as it stands without tsmtp
######################################################################

STsmtpTlsRcpt
`#' what was tls_rcpt`'dnl
