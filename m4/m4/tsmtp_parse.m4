dnl
dnl  FEATURE(`tsmtp'): the rules that hear the answer of rule set 0. m4/proto.m4 reads them
dnl  in the place of its line Sparse=0; see feature/tsmtp.m4.
dnl
dnl  The mailer of confLOCAL_MAILER, which need not be `local', sends nothing away either
ifelse(index(` smtp esmtp smtp8 dsmtp relay uucp uucp-old uucp-new uucp-dom uucp-uudom suucp ', ` '_LOCAL_` '), `-1',
`C{TsmtpStays}_LOCAL_', `_TSMTP_COMPLAIN_(`confLOCAL_MAILER is '_LOCAL_`, which sends mail to other hosts: mail for a site would leave by it')dnl')

dnl  This check stands here, and not at the end of the .mc: a complaint behind TsmtpSound comes too late to change that.
_TSMTP_OPERATOR_(`.')_TSMTP_OPERATOR_(`:')_TSMTP_OPERATOR_(`%')_TSMTP_OPERATOR_(`@')_TSMTP_OPERATOR_(`!')_TSMTP_OPERATOR_(`[')_TSMTP_OPERATOR_(`]')dnl

dnl  Rule set 5 comes after these rules. If it names an SMTP mailer, tls_rcpt judges where the local name goes.
dnl  Before the mailers below, sendmail asks no rule set of ours.
define(`_TSMTP_LOCAL_NAMES_', `ifdef(`$1', `ifelse(index(defn(`$1'), `:'), `-1', `', eval(index(` uucp uucp-old uucp-new uucp-dom uucp-uudom suucp usenet mail11 fax ', ` 'substr(defn(`$1'), 0, index(defn(`$1'), `:'))` ') >= 0), `1',
	`_TSMTP_COMPLAIN_(`$1 is 'defn(`$1')`: it sends local names on by a mailer before which no rule of FEATURE(`tsmtp') is asked; use esmtp, or tsmtp')')')')dnl
_TSMTP_LOCAL_NAMES_(`MAIL_HUB')_TSMTP_LOCAL_NAMES_(`LUSER_RELAY')_TSMTP_LOCAL_NAMES_(`LOCAL_RELAY')dnl

dnl  If a rule set gives up (at an address of too many parts), its caller goes on with whatever
dnl  was left in the workspace. So every answer begins with $#, which no address can hold, and
dnl  an address without an answer is refused.

`Sparse=0'
# tsmtp: rule set 0 as it stands, below, gives its answer, and it is judged
dnl sendmail parses senders too, and sends them nothing by that
R$*			$: $&{addr_type} $| $1
Re s $| $*		$@ $>TsmtpRoute $1		a sender
R$* $| $*		$: $2 $| $>TsmtpFind $2
dnl workspace: address $| answer of TsmtpFind
R$* $| $#in < $+ >	$: < $2 > $| $>TsmtpRoute $1
R$* $| $#odd		$: <?> $| $>TsmtpRoute $1
R$* $| $#temp		$: <!> $| $>TsmtpRoute $1
R$* $| $#out		$: < > $| $>TsmtpRoute $1
dnl workspace: <domain of a site, or ? or !, or nothing> $| $#mailer ...
R< $=w > $| $#_LOCAL_ $*	$#error $@ 4.7.0 $: "451 " $1 " is tunnel-only, but a local name too (class w, local-host-names)"
dnl a local name that leads on, like "anna @birl.example"
R< $+ > $| $#_LOCAL_ $*	$: < $1 > $| $#_LOCAL_ $2 <@> $(tsmtpcarries $2 $)
R$* <@> $+		$: $1 <@> $(tsmtpturns $2 $: - $)
R$* <@> -		$: $1
R< $+ > $| $* <@>	$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $1 " is tunnel-only, but would stay here as a local name"
R< $* > $| $#$={TsmtpStays} $*	$#$2 $3			goes nowhere
R< $* > $| $#$={TsmtpMailer} $*	$#$2 $3			goes to an endpoint
R<?> $| $#$*		_TSMTP_ODD_
R<!> $| $#$*		_TSMTP_TEMPORARY_
R< $+ > $| $#$- $*	$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $1 " is tunnel-only, but would leave by mailer " $2
# for a site only since it was rewritten (virtual users, tables)?
dnl a map that finds nothing answers with what stands behind $: in its argument: here the user,
dnl without mailer and host
R< > $| $#$*		$: < > $| $#$1 $| $>TsmtpFind $(tsmtpcarries $1 $)
R< > $| $#$* $| $#out	$@ $>TsmtpSound $1		for nobody of ours
R< > $| $#$* $| $#odd	_TSMTP_ODD_
R< > $| $#$* $| $#temp	_TSMTP_TEMPORARY_
R< > $| $#$- $* $| $#in < $+ >	$#error $@ _TSMTP_DSN_ $: "_TSMTP_CODE_ " $3 " is tunnel-only, but would leave by mailer " $1
R$*			$#error $@ 5.1.3 $: "_CODE553 Address too complicated to tell where it leads"

######################################################################
###  TsmtpSound: is the list of tunnel-only domains what it was when
###	this file was made? If not, who knows what would leave.
###
###	Parameters:
###		mailer ...
###
###	Returns:
###		$#mailer ..., or $#error
######################################################################

STsmtpSound
ifdef(`_TSMTP_UNSOUND_', `dnl
R$*			$#error $@ 4.7.0 $: "451 The list of tunnel-only domains was wrong when m4 made sendmail.cf: mend what it complained of"
', `ifelse(defn(`_TSMTP_SAMPLE_'), `', `dnl
R$*			$#$1
', _TSMTP_IS_MAP_, `1', `dnl
R$*			$: $1 $| $>TsmtpAmong _TSMTP_SAMPLE_
R$* $| $#in $*		$#$1
R$* $| $#temp		_TSMTP_TEMPORARY_
R$* $| $*		_TSMTP_EMPTIED_', `dnl
R$*			$: $1 $| _TSMTP_SAMPLE_
R$* $| $* , $={TsmtpListed} , $*	$#$1
R$* $| $*		_TSMTP_EMPTIED_')')

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
###		$#in <domain of the class, or known to the map>
###		$#out	it leads to no site
###		$#odd	spelled so that others could read a site in it
###		$#temp	the map cannot be asked
###
###  TsmtpSeek: the same, of an address without quotes
######################################################################

STsmtpFind
R$*			$: $(tsmtpcomment $1 $: - $) $| $1
R- $| $*		$@ $>TsmtpUnquote $1
dnl an answer at the front would be the last word
R$* $| $*		$: <> $>TsmtpUnquote $2
R<> $#out		$#odd				a comment can stand within a domain
R<> $#$*		$#$1

STsmtpUnquote
R$* < @ $* > $*		$: $1 @ $2 $3			no focus
R$* % $*		$1 @ $2				the others are within quotes
R$*			$: $1 $| $(tsmtpunwrap $1 $: ? $)
R$* $| ?		$: $1 $| $(tsmtppercent $1 $: ? $)
dnl an address of too many words: they do not matter if none of them can lead on
R$- $| ?		$: $1 $| $(tsmtpturns $1 $: x $)
R$* @ $+ $| ?		$: $1 @ $2 $| $(tsmtpturns $1 $: x @ $2 $)
R$* $| x @ $+		$: $1 $| $(tsmtpunwrap x @ $2 $: ? $)
R$* $| ?		$#odd
R$* $|			$#odd
R$* $| $+		$: $2
R$* , , $*		$1 , $2
R$* @ @ $*		$1 @ $2
R$*			$: $1 $| $>TsmtpSeek $1
R$* $| $#in $*		$#in $2
R$* $| $#odd		$#odd
R$* $| $#temp		$#temp
R$* $| $#out		$: <> $1
dnl the same without blanks around dots and in brackets, if there are any
R$* , . $*		$1 . $2
R$* . , $*		$1 . $2
R$* [ , $*		$1 [ $2
R$* , ] $*		$1 ] $2
R<> $*			$@ $>TsmtpSeek $1

STsmtpSeek
R$* < $* > $*		$1 $2 $3			no focus
dnl workspace: <domains and literals, each behind a comma> what is left of the address
R$*			$: <> $1
dnl literals come first, because their colons separate nothing else
R< $* > $* @ [ $+ ] $*	< $1 , [ $3 ] > $2 @ $4
R< $* > $* % [ $+ ] $*	< $1 , [ $3 ] > $2 % $4
R< $* > $* @ : [ $+ ] $*	< $1 , [ $3 ] > $2 @ $4	[host]:[host]
R< $* > $* @ , [ $+ ] $*	< $1 , [ $3 ] > $2 @ $4
R< $* > $* % : [ $+ ] $*	< $1 , [ $3 ] > $2 % $4
R< $* > $* ! [ $+ ] ! $*	< $1 , [ $3 ] > $2 ! $4
R< $* > [ $+ ] ! $*	< $1 , [ $2 ] > $3
R< $* > @ $* : $*	< $1 , $2 > $3			@domain:user@host
R< $* > @ $+ , @ $*	< $1 , $2 > @ $3		@domain,@host:
R< $* > $* ! $*		< $1 , $2 > $3			domain!user@host
R< $* > $* : : $*	< $1 , $2 > $3			domain::user@host
R< $* > $* % $*		< $1 > $2 @ $3			user%domain@host
R< $* > $* @ $*		$: < $1 > , $3			all are domains from here
R< $* > , $* @ $*	< $1 , $2 > , $3
R< $* > , $*		$: < $1 , $2 >
R< $* > $*		$: $1 ,
dnl workspace: , domain , [literal] , domain ,
R$* , [ $+ ] , $*	$1 , $3 $>TsmtpLiteral [ $2 ]
R$* $#in $*		$#in $2
R$* $#odd $*		$#odd
R$* $#temp $*		$#temp
R$* $={TsmtpBreak} $*	$1 , $3				[host]:domain, and signs that no name has
R$* . , $*		$1 , $2				trailing dots
R$* . $={TsmtpPseudo} , $*	$1 , $3
R$*			$: $(tsmtpodd $1 $: $1 $)
R$* < odd >		$#odd
R$*			$@ $>TsmtpAmong $1

######################################################################
###  TsmtpLiteral: what an address literal may mean
###
###	Parameters:
###		[literal]
###
###	Returns:
###		$#in, $#odd or $#temp as above, or its names:
###		, name , name ,
######################################################################

STsmtpLiteral
R$*			$: $1 $| $>TsmtpAmong , $1 ,	listed as it stands?
R$* $| $#in $*		$#in $2
R$* $| $#temp		$#temp
R$* $| $*		$: $1
R$*			$: $1 $| $(tsmtpname $1 $: ? $)
R[ $+ ] $| [ $+ ]	$@ , $1 ,			a name in brackets
R$* $| ?		$: $1 $| $(tsmtpnumber $1 $: ? $)
R$* $| ?		$#odd
R$* $| $*		$: $1 $| $(tsmtpcarries $1 $: ? $)
R$* $| [ $+ ]		$#odd				an IPv4 address within
R$* $| $*		$: $1
R[ IPv6 : $* : : $* ]	$: [ IPv6 : $1 : : $2 ] $| $>TsmtpWhole $1 ! $2
R$* $| $#odd		$#odd
R$* $| $*		$: $1 $| $>TsmtpAmong , [ IPv6 : $2 ] ,
R$* $| $#in $*		$#in $2
R$* $| $#temp		$#temp
R$* $| $*		$: $1
R$*			$: $[ $1 $]			an address may have a name
R[ $* ]			$@ ,
R$*			$@ , $1 ,

dnl  An IPv6 address with :: in its middle (written !), with all its zeros
STsmtpWhole
R! $*			0 ! $1
R$* !			$1 ! 0
R$+ ! $+		$: $1 ! $2 $| $1 : $2
R$* $| $-:$-:$-:$-:$-:$-:$-:$-	$@ $2:$3:$4:$5:$6:$7:$8:$9
R$+ ! $+ $| $*		$@ $>TsmtpWhole $1 : 0 ! $2
R$*			$#odd

######################################################################
###  TsmtpAmong: which of these domains is a site's?
###
###	Parameters:
###		, domain , domain , ... ,
###
###	Returns:
###		$#in <it, or the domain above it>, $#out, or $#temp
######################################################################

STsmtpAmong
ifelse(_TSMTP_IS_MAP_, `1', `dnl
R$* , , $*		$1 , $2
R,			$#out
R$@			$#out
R, $+ , $*		$: , $2 $| $>TsmtpMember $1
R$* $| < $* TMPF $* >	$#temp
R$* $| < $+ >		$#in < $2 >
R$* $| < >		$@ $>TsmtpAmong $1

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
R< ? > $* . $+		< $(tsmtpdomain $2 $: ? $) > $2
R< ? > $*		$@ <>
R< $* > $*		$@ < $1 >', `dnl
R$* , $* $={TsmtpDomain} , $*	$#in < $3 >
R$*			$#out')

######################################################################
###  TsmtpRoute: rule set 0 as it stands without tsmtp
######################################################################

STsmtpRoute
`#' what was parse`'dnl
