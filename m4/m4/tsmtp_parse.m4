dnl
dnl  FEATURE(`tsmtp'): the rules that hear the answer of rule set 0. Read by m4/proto.m4
dnl  in the place of its line Sparse=0; see feature/tsmtp.m4.
dnl
dnl  confLOCAL_MAILER, which may be another than `local', sends nothing away either
C{TsmtpStays}_LOCAL_

dnl  A rule set that calls another goes on if that one gave up (an address of too many
dnl  parts), with whatever was left in the workspace. So every answer begins with $#, which
dnl  no address can hold, and where no answer is found the address is refused.

`Sparse=0'
# tsmtp: rule set 0 as it stands, below, gives its answer, and it is judged
dnl a sender has to be parsed too, but nothing is sent to him by that
R$*			$: $&{addr_type} $| $1
Re s $| $*		$@ $>TsmtpRoute $1		a sender
R$* $| $*		$: $2 $| $>TsmtpFind $2
dnl workspace: address $| $#in <domain of a site>, or address $| $#out
R$* $| $#in < $+ >	$: < $2 > $| $>TsmtpRoute $1
R$* $| $#out		$: < > $| $>TsmtpRoute $1
dnl workspace: <domain of a site, or nothing> $| $#mailer ...
R< $* > $| $#$={TsmtpStays} $*	$#$2 $3			goes nowhere
R< $* > $| $#$={TsmtpMailer} $*	$#$2 $3			goes to an endpoint
R< $+ > $| $#$- $*	$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $1 " is tunnel-only, but would leave by mailer " $2
# for a site only since it was rewritten (virtual users, tables)?
dnl mailer and host are in front of the user, and are passed over with him
R< > $| $#$*		$: < > $| $#$1 $| $>TsmtpSeek $1
R< > $| $#$* $| $#out	$#$1				for nobody of ours
R< > $| $#$- $* $| $#in < $+ >	$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $3 " is tunnel-only, but would leave by mailer " $1
R$*			$#error $@ 5.1.3 $: "_CODE553 Address too complicated to tell where it leads"

######################################################################
###  TsmtpFind: is there a site's domain in this address? Not only
###	where it says where the mail goes next, but also where the
###	next host would find it: user%domain@host, domain!user@host,
###	"user@domain"@host, a route, a list of hosts.
###
###	Parameters:
###		address, with or without a focus
###
###	Returns:
###		$#in <domain of the class, or known to the map>, or $#out
###
###  TsmtpSeek: the same, of an address without quotes
######################################################################

STsmtpFind
R$*			$: $1 <>			is there a focus?
R$* < @ $* > $* <>	$: $1 < @ $2 > $3
R$* @ $* <>		$: $1 < @ $2 >
R$* <>			$: $1
dnl without quotes and backslashes, where nothing but those is lost
R$* < @ $+ > $*		$: $1 < @ $(tsmtpplain $2 $: $2 $) > $3
R$+ < @ $* > $*		$: $(tsmtpplain $1 $: $1 $) < @ $2 > $3
R< @ $* > : $+		$: < @ $1 > : $(tsmtpplain $2 $: $2 $)
R$*			$@ $>TsmtpSeek $1

STsmtpSeek
R$* < $* > $*		$1 $2 $3			no focus
dnl workspace: <list of domains, each behind $|> what is left of the address
R$*			$: <> $1
R< $* > @ $* , $*	< $1 $| $2 > $3			@domain,@host:
R< $* > @ $* : $*	< $1 $| $2 > $3			@domain:user@host
R< $* > $* ! $*		< $1 $| $2 > $3			domain!user@host
R< $* > $* % $*		< $1 > $2 @ $3			user%domain@host
R< $* > $* @ $*		$: < $1 > $| $3			all are domains from here
R< $* > $| $* @ $*	< $1 $| $2 > $| $3
R< $* > $| $* : $*	< $1 $| $2 > $| $3		[host]:domain
R< $* > $| $* , $*	< $1 $| $2 > $| $3
R< $* > $| $*		$: < $1 $| $2 >
R< $* > $*		$: $1 $|
dnl workspace: $| domain $| domain ... $|
R$* . $| $*		$1 $| $2			trailing dots
R$* . $={TsmtpPseudo} $| $*	$1 $| $3
R$*			$: $1 $>TsmtpAmong $1
R$* $#in $*		$#in $2
R$* $#out		$: $1
dnl an address may have a name, and what is in brackets may be one
R$* $| [ $+ ] $| $*	$: $1 $| $[ [ $2 ] $] $| $2 $| $3
R$* $| [ $+ ] $| $*	$1 $| $2 $| $3
R$* . $| $*		$1 $| $2
R$*			$@ $>TsmtpAmong $1

######################################################################
###  TsmtpAmong: which of these domains is a site's?
###
###	Parameters:
###		$| domain $| domain ... $|
###
###	Returns:
###		$#in <it, or the domain above it>, or $#out
######################################################################

STsmtpAmong
ifelse(_TSMTP_IS_MAP_, `1', `dnl
R$|			$#out
R$@			$#out
R$| $* $| $*		$: $| $2 <> $>TsmtpMember $1
R$* <> < $+ >		$#in < $2 >
R$* <> < >		$@ $>TsmtpAmong $1

######################################################################
###  TsmtpMember: is this domain, or one above it, in the map?
###
###	Parameters:
###		domain
###
###	Returns:
###		<domain in the map>, or <>
######################################################################

STsmtpMember
R$@			$@ <>
R$+			$: < $(tsmtpdomain $1 $: ? $) > $1
R< ? > $- . $+		< $(tsmtpdomain $2 $: ? $) > $2
R< ? > $*		$@ <>
R< $* > $*		$@ < $2 >', `dnl
R$* $| $* $={TsmtpDomain} $| $*	$#in < $3 >
R$*			$#out')

######################################################################
###  TsmtpRoute: rule set 0 as it stands without tsmtp
######################################################################

STsmtpRoute
`#' what was parse`'dnl
