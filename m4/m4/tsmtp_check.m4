dnl
dnl  The rules behind Local_check_mail and Local_check_rcpt of feature/tsmtp_inbound.m4, which
dnl  includes this file when all of the .mc has been read.
dnl
define(`_TSMTP_TEMP_', `"451 The table of sites cannot be asked. Please try again later."')

######################################################################
###  TsmtpCheckMail: may this sender come from where he comes from?
###
###	Parameters:
###		sender
###
###	Returns:
###		$#ok or $#error
######################################################################

STsmtpCheckMail
R$*			$: < $1 >
R< < $* > >		$: < $1 >
R< >			$#ok				a bounce
R< $* >			$: <?> $>CanonAddr $1
R<?> $* < @ $* . > $*	<?> $1 < @ $2 > $3
dnl the sender without quotes and backslashes, and with nothing but a domain or a plain literal
R<?> $* < @ $+ > $*	$: <@> $1 @ $2 $| $(tsmtpsender $2 $: ? $)
R<@> $* $| ?		$#error $@ 5.1.8 $: "553 What the sender has for a domain is none, nor an address literal in its plain form"
R<@> $* $| $+ . $={TsmtpFake}	<@> $1 $| $2
R<@> $* $| [ $+ ]	$: <@> $1 $| [ $2 ] $| $>TsmtpSiteOf $[ [ $2 ] $]
R<@> $* $| $* $| < >	$: <@> $1 $| $2
R<@> $* $| $* $| < $+ >	$: $1 $| < $3 >
R<@> $* $| $+		$: $1 $| $>TsmtpSiteOf $2
R<?> $*			$: $1 $| < >
dnl workspace: sender $| <addresses of his site>
R$* $| < $* TMPF $* >	$#error $@ 4.3.0 $: _TSMTP_TEMP_
dnl an empty ${client_addr} would match any address below
R$* $| < $+ >		$: $1 $| < $2 > $&{client_addr}
R$* $| < $+ >		$@ $>TsmtpSpoof $1		no address: a local program
R$* $| < $* $&{client_addr} $* > $+	$#ok		from his own site
R$* $| < $+ > $+	$@ $>TsmtpSpoof $1
R$* $| < >		$: $1 $| $>TsmtpSiteAt $&{client_addr}
R$* $| < >		$#ok				no site has to do with it
R$* $| < $* TMPF $* >	$#error $@ 4.3.0 $: _TSMTP_TEMP_
R$* $| < $+ >		$@ $>TsmtpForeign $1 $| $2

######################################################################
###  TsmtpSpoof: a sender of a site, but not from there
###
###	Parameters:
###		user@domain
######################################################################

STsmtpSpoof
ifdef(`_ACCESS_TABLE_', `dnl
R$*			$: $1 $| $>TsmtpExcept $1
R$* $| OK		$#ok
R$* $| $*		$: $1', `dnl')
ifdef(`_TSMTP_FORWARDS_', `dnl
R$*			$: $1 $| $>TsmtpOurs $&{client_addr}
R$* $| RELAY		$#ok
R$* $| $*		$: $1', `dnl')
R$* @ $*		$#error $@ 5.7.1 $: "550 Mail from " $2 " comes through its link, not from [" $&{client_addr} "]"

######################################################################
###  TsmtpForeign: from a site, but no sender of that site
###
###	Parameters:
###		user[@domain] $| name of the site
######################################################################

STsmtpForeign
ifdef(`_TSMTP_LISTS_', `dnl
R$*			$#ok', `dnl
ifdef(`_ACCESS_TABLE_', `dnl
R$* $| $*		$: $1 $| $2 $| $>TsmtpExcept $1
R$* $| $* $| OK		$#ok
R$* $| $* $| $*		$: $1 $| $2 $| $>A < $&{client_addr} > <?> <! TsmtpLists> <>
R$* $| $* $| < $={Accept} > $*	$#ok
R$* $| $* $| $*		$: $1 $| $2', `dnl')
R$* $| $*		$#error $@ 5.7.1 $: "550 " $1 " is no sender of site " $2')

######################################################################
###  TsmtpCheckRcpt: may this client send to this recipient?
###
###	Parameters:
###		recipient
###
###	Returns:
###		$#ok or $#error
######################################################################

STsmtpCheckRcpt
dnl delay_checks may find a reason not to ask about the sender; these rules ask always
R$*			$: $1 $| $>TsmtpCheckMail < $&f >
R$* $| $#error $*	$#error $2
R$* $| $#ok		$: $1 $| $>TsmtpSiteAt $&{client_addr}
R$* $| < >		$#ok				not through a link
R$* $| < $* TMPF $* >	$#error $@ 4.3.0 $: _TSMTP_TEMP_
R$* $| < $* >		$: $1
ifdef(`_ACCESS_TABLE_', `dnl
R$*			$: $1 $| $>CanonAddr $1
R$* $| $* < @ $* . >	$1 $| $2 < @ $3 >
R$* $| $- < @ $* >	$: $1 $| $(dequote $2 $) < @ $3 >
dnl the entry counts only for an address that leads nowhere else
R$* $| $* $=O $* < @ $* >	$: $1 $| < ? >
R$* $| $+ < @ $+ >	$: $1 $| $>SearchList <! TsmtpTo> $| <F:$2@$3> <D:$3> <>
R$* $| < $={Accept} >	$#ok
R$* $| < $* TMPF $* >	$#error $@ 4.3.0 $: _TSMTP_TEMP_
R$* $| $*		$: $1', `dnl')
dnl a recipient that anybody may send to
R$*			$: $1 $| $>"Rcpt_ok" $1
R$* $| $#TEMP $*	$#error $2
R$* $| $#error $*	$#error $2
R$* $| $#$*		$#ok
R$* $| RELAY		$#ok
R$* $| $*		$#error $@ 5.7.1 $: "550 Relaying denied to the site at [" $&{client_addr} "]"

######################################################################
###  TsmtpSiteOf: domain -> <addresses of its site>, or <>
###  TsmtpSiteAt: address -> <name of the site there>, or <>
######################################################################

STsmtpSiteOf
R$* .			$1
R$+			$: < $(tsmtpsite $1 $: ? $) > $1
R< ? > $* . $+		< $(tsmtpsite $2 $: ? $) > $2
R< ? > $*		$@ < >
R< $* > $*		$@ < $1 >
R$*			$@ < >

STsmtpSiteAt
R$+			$: < $(tsmtpsite $1 $: $) > $1
R< > 127.0.0.1		$@ < >
R< > 127. $*		$@ < unknown >			no other loopback is ours
R< $* > $*		$@ < $1 >
R$*			$@ < >

ifdef(`_ACCESS_TABLE_', `dnl
######################################################################
###  TsmtpExcept: does the access map make an exception for this
###	sender, or for this client? (user[@domain] -> OK, or NO)
######################################################################

STsmtpExcept
R$+ @ $+		$: $>SearchList <! TsmtpFrom> $| <F:$1@$2> <D:$2> <>
R< $={Accept} >		$@ OK
R$*			$: $>A < $&{client_addr} > <?> <! TsmtpConnect> <>
R< $={Accept} > $*	$@ OK
R$*			$: $>D < $&{client_name} > <?> <! TsmtpConnect> <>
R< $={Accept} > $*	$@ OK
R$*			$@ NO
', `dnl')
ifdef(`_TSMTP_FORWARDS_', `dnl
######################################################################
###  TsmtpOurs: do we relay for this client by its address?
###	(address -> RELAY, or NO)
######################################################################

STsmtpOurs
R$@			$@ RELAY
R0			$@ RELAY
R127.0.0.1		$@ RELAY
RIPv6:0:0:0:0:0:0:0:1	$@ RELAY
RIPv6:::1		$@ RELAY
R127. $*		$@ NO
R$=R $*			$@ RELAY
ifdef(`_ACCESS_TABLE_', `dnl
R$+			$: $>A <$1> <?> <+ Connect> <$1>
R<RELAY> $*		$@ RELAY', `dnl')
R$*			$@ NO
', `dnl')
