dnl
dnl  FEATURE(`tsmtp'): the rules that hear the answer of rule set 0. Read by m4/proto.m4
dnl  in the place of its line Sparse=0; see feature/tsmtp.m4.
dnl
dnl  confLOCAL_MAILER, which may be another than `local', sends nothing away either
C{TsmtpStays}_LOCAL_

`Sparse=0'
# tsmtp: rule set 0 as it stands, below, gives its answer, and it is judged
R$*			$: $1 $| $>TsmtpRoute $1
R$* $| $*		$@ $>TsmtpLast $1 $| $2

######################################################################
###  TsmtpLast: the last word on where a recipient's mail goes
###
###	Parameters:
###		address $| what rule set 0 made of it
###
###	Returns:
###		what rule set 0 made of it, or an error
######################################################################

STsmtpLast
dnl a sender has to be parsed too, but nothing is sent to him by that
R$* $| $*		$: $&{addr_type} $| $1 $| $2
Re s $| $* $| $*	$@ $2				a sender
R$* $| $* $| $*		$: $2 $| $3
dnl workspace: address $| answer
R$* $| $#$={TsmtpStays} $*	$#$2 $3			goes nowhere
R$* $| $#$={TsmtpMailer} $*	$#$2 $3			goes to an endpoint
# is it for a site: as it came, or as it was rewritten?
R$* $| $#$*		$: $1 $| $#$2 $| $>TsmtpFind $1
dnl (mailer and host are in front of the user: they are passed over with him)
R$* $| $#$- $* $| <>	$: $1 $| $#$2 $3 $| $>TsmtpSeek $3
R$* $| $#$* $| <>	$#$2				for nobody of ours
R$* $| $#$- $* $| < $+ >	$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $4 " is tunnel-only, but would leave by mailer " $2
R$* $| $*		$@ $2

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
###		<domain of the class, or known to the map>, or <>
######################################################################

STsmtpFind
R$*			$: $(tsmtpplain $1 $: $1 $)	"user@domain"@host
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
R$* < $+ >		$@ < $2 >
dnl an address may have a name, and what is in brackets may be one
R$* <>			$: $1
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
###		<domain of a site>, the domain or one above it, or <>
######################################################################

STsmtpAmong
ifelse(_TSMTP_IS_MAP_, `1', `dnl
R$| $* $| $*		$: $| $2 <> $>TsmtpMember $1
R$* <> < $+ >		$@ < $2 >
R$| <> <>		$@ <>
R$* <> <>		$@ $>TsmtpAmong $1
R$*			$@ <>

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
R$* $| $* $={TsmtpDomain} $| $*	$@ < $3 >
R$*			$@ <>')

######################################################################
###  TsmtpRoute: rule set 0 as it stands without tsmtp
######################################################################

STsmtpRoute
`#' what was parse`'dnl
