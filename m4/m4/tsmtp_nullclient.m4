dnl
dnl  nullclient with tsmtp_smarthost: see feature/tsmtp_smarthost.m4.
dnl
# tsmtp: the hub has the mailboxes of all local names
SLocal_localaddr
R$+			$#relay $@ _TSMTP_HUBS_ $: $1 < @ _NULL_CLIENT_ >
