#!/usr/bin/perl
# ears.pl FILE ADDRESS:PORT...: mail servers that take everything except recipients named nosuch. They write each command that
# they get to FILE, a line each: ADDRESS:PORT and the command. Says `ready' when all of them listen.
use strict;
use IO::Select;
use IO::Socket::INET;

my ($file, @ears) = @ARGV;
open(my $log, '>>', $file) or die "$file: $!";
$log->autoflush(1);
$SIG{CHLD} = 'IGNORE';
my %name;
my $select = IO::Select->new;
for my $ear (@ears) {
  my $socket = IO::Socket::INET->new(LocalAddr => $ear, Listen => 50, ReuseAddr => 1) or die "$ear: $@";
  $name{$socket} = $ear;
  $select->add($socket);
}
$| = 1;
print "ready\n";
close STDOUT;
while (1) {
  for my $socket ($select->can_read) {
    my $client = $socket->accept or next;
    if (!fork) { serve($client, $name{$socket}); exit }
    close $client;
  }
}

sub serve {
  my ($client, $ear) = @_;
  my $data = 0;
  print $client "220 ears ESMTP\r\n";
  while (my $line = <$client>) {
    $line =~ s/\r?\n$//;
    print $log "$ear $line\n";
    if ($data) { next if $line ne '.'; $data = 0; print $client "250 2.0.0 heard\r\n" }
    elsif ($line =~ /^DATA/) { $data = 1; print $client "354 go on\r\n" }
    elsif ($line =~ /^RCPT.*nosuch/) { print $client "550 5.1.1 no such user\r\n" }
    elsif ($line =~ /^QUIT/) { print $client "221 2.0.0 bye\r\n"; last }
    elsif ($line =~ /^EHLO/) { print $client "250-ears\r\n250-PIPELINING\r\n250 8BITMIME\r\n" }
    else { print $client "250 2.0.0 yes\r\n" }
  }
}
